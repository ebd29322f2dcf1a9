/**
 * Distances in float32, many at a time, and how far they may be from the truth. They never decide a pick: they say which
 * rows are left to the judge in float64 (`distance.ts`).
 */
import type { Metric } from "../distance.ts";
import { square } from "../elementary.ts";
import { unitRoundoff } from "../strategy.ts";
import type { Vectors } from "../vectors.ts";

/** Embeddings, every row of which is a point or is never asked for. */
export interface PointData extends Vectors {
  readonly metric: Metric;
}

/** Rows that are compared with the same centres, one after the other. Those of a tile had best lie near each other. */
export const TILE = 64;
/** Numbers that tell of a tile. */
export const TILE_FIELDS = 3;

/**
 * Rows to be compared with centres, tile after tile. Each tile has a stretch of `list` for its rows, along which `near`
 * ascends.
 */
export interface Sweep {
  /** [tiles, TILE_FIELDS]: where the stretch of each tile begins and ends, and how many rows it has. */
  readonly tiles: Uint32Array;
  /** Numbers of centres. */
  readonly list: Uint32Array;
  /** How far each of them is at least from an anchor that its tile's rows have in common; 0 where there is none. */
  readonly near: Float32Array;
  /** [tiles, TILE], as all that follow: rows of the pool. */
  readonly rows: Uint32Array;
  /** How far each is from the anchor at most, and what an absolute error adds; very far where there is none. */
  readonly reach: Float32Array;
  /** A row that is nearer to a centre than this, squared, need not know how near it is. */
  readonly enough: Float32Array;
  /** What a row knows of: centres before `seen`, and those before `met` whose `near` is below `depth`. */
  readonly seen: Uint32Array;
  readonly met: Uint32Array;
  readonly depth: Float32Array;
  /** The least squared distance that is known. Lowered. */
  readonly least: Float32Array;
  /** Becomes how much of its tile's stretch a row is done with. */
  readonly reached: Uint32Array;
}

/** What a kernel is best given at a time. */
export interface SweepSize {
  /** Tiles of a sweep, at most. */
  readonly tiles: number;
  /** Entries of its lists, from which on it gets no more. */
  readonly entries: number;
  /** Sweeps that are under way. */
  readonly together: number;
}

/** Compares rows with centres. */
export interface DistanceKernel {
  readonly error: DistanceError;
  readonly sweepSize: SweepSize;
  /** Distances taken so far. */
  readonly evaluations: number;
  /** Adds points, [count, dims]. */
  addCentres(points: Float32Array): void;
  /**
   * Lowers `least` by the centres of each tile's stretch that a row does not know of. A row stops where all that follow
   * must be farther than what it has (triangle inequality), or where it is nearer than enough.
   *
   * Begins it, and gives what is to be called, once, to wait for it. Centres stay as they are until then.
   */
  lower(sweep: Sweep): () => Promise<void>;
  close(): void;
}

/** A distance of which float32 says d is within relative · d + absolute of that. */
export interface DistanceError {
  readonly relative: number;
  readonly absolute: number;
}

/**
 * Three roundings a square, and one for each addition of the longest chain; half of all that for the root, and all of it
 * again to be safe. Squares that are subnormal may be taken for 0. Points scaled to length 1 have been rounded to float32,
 * which moves each by 2⁻²⁴ of its length at most.
 */
export function distanceError(dims: number, chain: number, metric: Metric): DistanceError {
  return {
    relative: (chain + 3) * unitRoundoff,
    absolute: Math.sqrt(dims) * 2 ** -63 + (metric === "cosine" ? 3 * unitRoundoff : 0),
  };
}

/** What a root of a squared distance in float32 is multiplied with, in float32, to be no smaller than the true one. */
export const widerOf = ({ relative }: DistanceError): number => 1 + 2 * relative + 2 ** -20;

/** What a squared distance in float32 is at most. */
export const widened = (squared: number, { relative, absolute }: DistanceError): number =>
  square(Math.sqrt(squared) * (1 + relative) + absolute);

/** A squared distance in float32 below which the true one is below `squared`. */
export const narrowed = (squared: number, { relative, absolute }: DistanceError): number =>
  square(Math.max(0, Math.sqrt(squared) - absolute) * (1 - relative));

/** The largest float32 that is not above a number, or a little less. */
export function roundedDown(value: number): number {
  const nearest = Math.min(Math.fround(value), LARGEST_FLOAT);
  return nearest > value ? Math.fround(nearest - Math.abs(nearest) * 2 ** -23 - 2 ** -149) : nearest;
}

const LARGEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;

/** The smallest float32 that is not below it, or a little more. */
export const roundedUp = (value: number): number => {
  const nearest = Math.fround(value);
  return nearest < value ? Math.fround(nearest * (1 + 2 ** -22) + 2 ** -149) : nearest;
};

/** 1 / length of each row asked for, which `cosine` scales it by; 1 for a distance that does not. */
export function scaleOf(points: PointData, row: number): number {
  if (points.metric !== "cosine") return 1;
  const first = points.at(row);
  const { data, dims } = points;
  let squares = 0;
  for (let i = first; i < first + dims; i++) squares += square(data[i]);
  return 1 / Math.sqrt(squares);
}

/** A row as kernels see it, [dims]. */
export function pointOf(points: PointData, row: number): Float32Array {
  const scale = scaleOf(points, row);
  const first = points.at(row);
  return points.data.slice(first, first + points.dims).map((value) => value * scale);
}
