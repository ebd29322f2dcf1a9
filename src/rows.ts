/** Rows of a source: some of them, or all of them a block at a time. */
import type { InvalidRows, PoolInput } from "./backends/backend.ts";
import { faultIn, validityCheck } from "./backends/cpu/reference.ts";
import { InputError } from "./errors.ts";
import { fingerprint } from "./fingerprint.ts";
import { FEATURE_LIMIT, passesOf, rowName, type Features, type RowSource } from "./matrix.ts";
import type { Pace } from "./pace.ts";
import { blocksOf } from "./readAhead.ts";

/** These rows, [rows, dims], in the order given. Rows one after the other are read at once. */
export async function readRows(source: RowSource, rows: ArrayLike<number>, pace: Pace): Promise<Features> {
  const dims = source.cols;
  const data = new Float32Array(rows.length * dims);
  for (let first = 0, end = 0; first < rows.length; first = end) {
    while (end < rows.length && rows[end] === rows[first] + end - first) end++;
    await source.read(rows[first], end - first, data.subarray(first * dims, end * dims));
    await pace.turn();
  }
  return { data, rows: rows.length, dims };
}

/**
 * Rows with a value that no model or distance can take, of any of these sources, ascending.
 *
 * @throws InputError for the first of them, unless they are to be left out
 */
export async function unfitRows(sources: readonly RowSource[], leftOut: boolean, pace: Pace): Promise<Uint32Array> {
  const found = new Set<number>();
  for (const source of sources) {
    const rows = await unfitIn(source, pace);
    for (const row of rows) found.add(row);
    if (rows.length === 0 || leftOut) continue;
    const { data } = await readRows(source, rows.subarray(0, 1), pace);
    const at = data.findIndex((value) => !(Math.abs(value) < FEATURE_LIMIT));
    throw new InputError(
      `${rowName(source, rows[0])}: dim ${at} is ${data[at]}: correct it, or leave such rows out (invalid: skip)`,
    );
  }
  return Uint32Array.from(found).sort();
}

async function unfitIn(source: RowSource, pace: Pace): Promise<Uint32Array> {
  const isValid = validityCheck({ kind: "features", source });
  const found: number[] = [];
  for await (const { first, rows, values } of blocksOf(source)) {
    for (let i = 0; i < rows; i++) if (!isValid(values, i * source.cols)) found.push(first + i);
    await pace.turn();
  }
  return Uint32Array.from(found);
}

/** What tells these values, in these shapes, from others. */
export async function printOf(sources: readonly RowSource[], pace: Pace): Promise<string> {
  const print = fingerprint();
  for (const source of sources) {
    print.add(Uint32Array.of(source.rows, source.cols));
    for await (const { values } of blocksOf(source)) {
      print.add(values);
      await pace.turn();
    }
  }
  return print.digits();
}

/** The first of invalid rows, and what is wrong with it. */
export async function invalidRow(input: PoolInput, { count, first }: InvalidRows): Promise<InputError> {
  const { source } = input;
  const passes = passesOf(source);
  const values = new Float32Array(passes * source.cols);
  await source.read(first, 1, values);
  let pass = 0;
  while (pass < passes - 1 && faultIn(input, values, pass * source.cols) === undefined) pass++;
  const fault = faultIn(input, values, pass * source.cols);
  const others = count > 1 ? ` (and ${count - 1} more such rows)` : "";
  return new InputError(
    `${rowName(source, first, pass)}: ${fault}${others}: correct it, or leave such rows out (invalid: skip)`,
  );
}
