/** Embeddings as points: within reach one at a time, and checked. */
import { InputError } from "./errors.ts";
import { FEATURE_LIMIT, type RowSource } from "./matrix.ts";
import type { Metric } from "./distance.ts";
import type { Pace } from "./pace.ts";
import { pagedVectors, vectorsIn, type Vectors } from "./vectors.ts";

export interface Points extends Vectors {
  /** Rows that are no points, ascending. */
  readonly invalid: Uint32Array;
  /** Releases what was opened for them. */
  close(): Promise<void>;
}

/** Values read at a time. */
const BLOCK = 2 ** 18;

/** Brings embeddings into memory where no more than so many bytes hold them, and else within reach, a page at a time. */
export async function readPoints(source: RowSource, metric: Metric, bytes: number, pace: Pace): Promise<Points> {
  const { rows, cols, data: there } = source;
  if (there) return { ...vectorsIn(there, cols), invalid: await faultyRows(source, metric, pace), close: nothing };
  const direct = pages(source, bytes) ? await source.direct!() : undefined;
  try {
    const data = direct ? undefined : new Float32Array(rows * cols);
    const invalid = await faultyRows(source, metric, pace, data);
    if (data) return { ...vectorsIn(data, cols), invalid, close: nothing };
    return { ...pagedVectors(direct!, rows, cols, bytes), invalid, close: () => direct!.close() };
  } catch (error) {
    await direct?.close();
    throw error;
  }
}

/** Whether embeddings are read a page at a time where they may have so many bytes of memory. */
export const pages = ({ rows, cols, data, direct }: RowSource, bytes: number): boolean =>
  data === undefined && direct !== undefined && 4 * rows * cols > bytes;

/** Under the policy "error", names the first row that is no point and what is wrong with it. */
export function refusePoints({ name }: RowSource, points: Points, metric: Metric): void {
  const { invalid, dims } = points;
  if (invalid.length === 0) return;
  const others = invalid.length > 1 ? ` (and ${invalid.length - 1} more such rows)` : "";
  const at = points.at(invalid[0]);
  const fault = faultIn(points.data, at, dims, metric);
  throw new InputError(
    `${name}: row ${invalid[0]}: ${fault}${others}: correct it, or leave such rows out (invalid: skip)`,
  );
}

async function nothing(): Promise<void> {}

/** Rows that are no points, ascending, in one read of all; they are written `into` where that is given. */
async function faultyRows(source: RowSource, metric: Metric, pace: Pace, into?: Float32Array): Promise<Uint32Array> {
  const { rows, cols } = source;
  const most = Math.min(rows, Math.max(1, Math.floor(BLOCK / cols)));
  const all = source.data ?? into;
  const block = all ? undefined : new Float32Array(most * cols);
  const found: number[] = [];
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    const values = all ? all.subarray(first * cols, (first + count) * cols) : block!.subarray(0, count * cols);
    if (!source.data) await source.read(first, count, values);
    for (let i = 0; i < count; i++) if (faultIn(values, i * cols, cols, metric) !== undefined) found.push(first + i);
    await pace.turn();
  }
  return Uint32Array.from(found);
}

/** What is wrong with the vector that begins at `at`. */
function faultIn(data: Float32Array, at: number, dims: number, metric: Metric): string | undefined {
  let largest = 0;
  for (let d = 0; d < dims; d++) {
    const size = Math.abs(data[at + d]);
    if (!(size < FEATURE_LIMIT)) return `column ${d} is ${data[at + d]}, or beyond ±${FEATURE_LIMIT}`;
    if (size > largest) largest = size;
  }
  return metric === "cosine" && largest === 0 ? "all of it is 0, which has no direction" : undefined;
}
