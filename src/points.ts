/** Embeddings as points: within reach one at a time, and checked. */
import { InputError } from "./errors.ts";
import { arraySource, FEATURE_LIMIT, rowName, type DirectRows, type RowSource } from "./matrix.ts";
import { blocksOf } from "./readAhead.ts";
import type { Metric } from "./distance.ts";
import type { Crew } from "./backends/cpu/crew.ts";
import type { Pace } from "./pace.ts";
import { densityOf, type Density } from "./remedies/density.ts";
import { pagedVectors, vectorsIn, type Points, type Vectors } from "./vectors.ts";

/** The embeddings of a pool, read and checked when they are first asked for, and their densities. */
export class PoolPoints {
  private readonly source: RowSource;
  private readonly vectors = new Map<"all", Promise<Vectors>>();
  private readonly points = new Map<Metric, Promise<Points>>();
  private readonly densities = new Map<Metric, Promise<Density>>();
  private direct: DirectRows | undefined;
  /** Bytes of memory that they take by now. */
  held = 0;

  constructor(source: RowSource) {
    this.source = source;
  }

  /** Brings embeddings into memory where no more than so many bytes hold them, and else within reach, a page at a time. */
  of(metric: Metric, bytes: number, pace: Pace): Promise<Points> {
    return once(this.points, metric, async () => {
      const vectors = await once(this.vectors, "all", () => this.open(bytes, pace));
      return { ...vectors, invalid: await faultyRows(this.source, vectors, metric, pace) };
    });
  }

  /** Densities are those of the pool, whatever its model. */
  density(metric: Metric, points: Points, pace: Pace, crew: Crew | undefined): Promise<Density> {
    return once(this.densities, metric, () => densityOf({ ...points, metric }, points.invalid, pace, crew));
  }

  get isPaged(): boolean {
    return this.direct !== undefined;
  }

  async close(): Promise<void> {
    await this.direct?.close();
    this.direct = undefined;
  }

  private async open(bytes: number, pace: Pace): Promise<Vectors> {
    const { source } = this;
    const { rows, cols } = source;
    if (source.data) return vectorsIn(source.data, cols);
    if (mustPage(source, bytes)) {
      this.direct = await source.direct!(pace.signal);
      const paged = pagedVectors(this.direct, rows, cols, bytes);
      this.held = paged.data.byteLength;
      return paged;
    }
    const data = new Float32Array(rows * cols);
    for await (const block of blocksOf(source)) {
      data.set(block.values, block.first * cols);
      await pace.turn({ stage: "reading", rows: block.first + block.rows, of: rows });
    }
    this.held = data.byteLength;
    return vectorsIn(data, cols);
  }
}

/** Whether embeddings are read a page at a time where they may have so many bytes of memory. */
export const mustPage = ({ rows, cols, data, direct }: RowSource, bytes: number): boolean =>
  data === undefined && direct !== undefined && 4 * rows * cols > bytes;

/** Under the policy "error", names the first row that is no point and what is wrong with it. */
export function refusePoints(source: RowSource, points: Points, metric: Metric): void {
  const { invalid, dims } = points;
  if (invalid.length === 0) return;
  const others = invalid.length > 1 ? ` (and ${invalid.length - 1} more such rows)` : "";
  const at = points.at(invalid[0]);
  const fault = faultIn(points.data, at, dims, metric);
  throw new InputError(
    `${rowName(source, invalid[0])}: ${fault}${others}: correct it, or leave such rows out (invalid: skip)`,
  );
}

/** What is kept by a key, made when it is first asked for. What fails is made again, also where another call gave it up. */
async function once<Key, T>(kept: Map<Key, Promise<T>>, key: Key, make: () => Promise<T>): Promise<T> {
  for (let known = kept.get(key); known; known = kept.get(key))
    try {
      return await known;
    } catch {
      if (kept.get(key) === known) kept.delete(key);
    }
  const made = make();
  kept.set(key, made);
  made.catch(() => {
    if (kept.get(key) === made) kept.delete(key);
  });
  return made;
}

/** Rows that are no points, ascending. */
async function faultyRows(source: RowSource, held: Vectors, metric: Metric, pace: Pace): Promise<Uint32Array> {
  const { name, rows, cols } = source;
  const isHeld = held.data.length === rows * cols;
  const found: number[] = [];
  for await (const block of blocksOf(isHeld ? arraySource(name, held.data, rows, cols) : source)) {
    for (let i = 0; i < block.rows; i++)
      if (faultIn(block.values, i * cols, cols, metric) !== undefined) found.push(block.first + i);
    await pace.turn({ stage: "reading", rows: block.first + block.rows, of: rows });
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
