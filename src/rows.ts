/** Rows of a source: some of them, or all of them a block at a time. */
import { validityCheck } from "./backends/cpu/reference.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Features, RowSource } from "./matrix.ts";

/** Values that are read at a time. */
const BLOCK = 2 ** 18;

/** These rows, [rows, dims], in the order given. Rows one after the other are read at once. */
export async function readRows(source: RowSource, rows: ArrayLike<number>): Promise<Features> {
  const dims = source.cols;
  const data = new Float32Array(rows.length * dims);
  for (let first = 0, end = 0; first < rows.length; first = end) {
    while (end < rows.length && rows[end] === rows[first] + end - first) end++;
    await source.read(rows[first], end - first, data.subarray(first * dims, end * dims));
  }
  return { data, rows: rows.length, dims };
}

/** Rows of features that no model can take, ascending. */
export async function unfitRows(source: RowSource): Promise<Uint32Array> {
  const isValid = validityCheck({ kind: "features", source });
  const found: number[] = [];
  await eachBlock(source, (first, values) => {
    for (let i = 0; i < values.length / source.cols; i++) if (!isValid(values, i * source.cols)) found.push(first + i);
  });
  return Uint32Array.from(found);
}

/** What tells these values, in these shapes, from others. */
export async function printOf(sources: readonly RowSource[]): Promise<string> {
  const print = fingerprint();
  for (const source of sources) {
    print.add(Uint32Array.of(source.rows, source.cols));
    await eachBlock(source, (_, values) => print.add(values));
  }
  return print.digits();
}

async function eachBlock(source: RowSource, visit: (first: number, values: Float32Array) => void): Promise<void> {
  const { rows, cols } = source;
  const most = Math.min(rows, Math.max(1, Math.floor(BLOCK / cols)));
  const block = new Float32Array(most * cols);
  for (let first = 0; first < rows; first += most) {
    const values = block.subarray(0, Math.min(most, rows - first) * cols);
    await source.read(first, values.length / cols, values);
    visit(first, values);
  }
}
