/** Embeddings as points: in memory, and checked. */
import { InputError } from "./errors.ts";
import { FEATURE_LIMIT, type RowSource } from "./matrix.ts";
import type { Metric } from "./distance.ts";

export interface Points {
  /** [rows, dims]. */
  readonly data: Float32Array;
  readonly dims: number;
  /** Rows that are no points, ascending. */
  readonly invalid: Uint32Array;
}

/** Values read at a time. */
const STRETCH_VALUES = 1 << 20;

/** Brings embeddings into memory, where they are not there yet. */
export async function readPoints(source: RowSource, metric: Metric): Promise<Points> {
  const { rows, cols: dims } = source;
  const data = source.data ?? (await readAll(source));
  const invalid: number[] = [];
  for (let row = 0; row < rows; row++) if (faultIn(data, row, dims, metric) !== undefined) invalid.push(row);
  return { data, dims, invalid: Uint32Array.from(invalid) };
}

/** Under the policy "error", names the first row that is no point and what is wrong with it. */
export function refusePoints({ name }: RowSource, { data, dims, invalid }: Points, metric: Metric): void {
  if (invalid.length === 0) return;
  const others = invalid.length > 1 ? ` (and ${invalid.length - 1} more such rows)` : "";
  throw new InputError(
    `${name}: row ${invalid[0]}: ${faultIn(data, invalid[0], dims, metric)}${others}: correct it, or leave such rows out (invalid: skip)`,
  );
}

async function readAll(source: RowSource): Promise<Float32Array> {
  const { rows, cols } = source;
  const data = new Float32Array(rows * cols);
  const step = Math.max(1, Math.floor(STRETCH_VALUES / cols));
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    await source.read(first, count, data.subarray(first * cols, (first + count) * cols));
  }
  return data;
}

function faultIn(data: Float32Array, row: number, dims: number, metric: Metric): string | undefined {
  let largest = 0;
  for (let i = row * dims; i < (row + 1) * dims; i++) {
    const size = Math.abs(data[i]);
    if (!(size < FEATURE_LIMIT)) return `column ${i - row * dims} is ${data[i]}, or beyond ±${FEATURE_LIMIT}`;
    if (size > largest) largest = size;
  }
  return metric === "cosine" && largest === 0 ? "all of it is 0, which has no direction" : undefined;
}
