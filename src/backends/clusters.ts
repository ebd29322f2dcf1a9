/**
 * k-means' two heavy steps: every row to the nearest centre, and the sums of every cluster.
 *
 * Sums must not depend on the order of summation, or each device and chunk size would have centres of its own. So they are
 * of whole numbers: a coordinate counts as trunc(x · 2^s), of the point in float32, with s such that no sum reaches 2⁵³.
 * That is exact in any order. Up to 2²² rows have 30 bits for the largest coordinate, and the resolution 2^-s is finer
 * than what float32 tells apart there; beyond, a doubling of the rows costs a bit.
 */
import { powerOfTwo, square } from "../elementary.ts";
import type { Pace } from "../pace.ts";
import { scaleOf, type PointData } from "./distances.ts";

/** Where centres are in float64, and how rows that were with one may still be. */
export interface Centres {
  readonly k: number;
  /** [k, width]: width at least dims, zeros past them. */
  readonly values: Float64Array;
  /** [k]: how far each has moved since rows were last assigned, at most. */
  readonly moved: Float64Array;
  /** [k]: half the distance to the nearest other, at least: a row that is nearer than that has no nearer centre. */
  readonly half: Float64Array;
  /** The nearest to a row, ties to the first. */
  nearest(row: number): Verdict;
  /** How far a row is from one of them, at most. */
  distance(row: number, centre: number): number;
}

/** What float64 says of a row. */
export interface Verdict {
  readonly nearest: number;
  /** Distance to it, at most, and to any other, at least. */
  readonly upper: number;
  readonly lower: number;
}

/** Rows of a pool in k clusters. To begin with they are in none. */
export interface ClusterKernel {
  /** What coordinates are multiplied with to be whole numbers. */
  readonly unit: number;
  /** [k, dims], and [k]: what the rows of each cluster add up to, and how many they are. */
  readonly sums: Float64Array;
  readonly sizes: Float64Array;
  /** Puts every row with its nearest centre. Gives how many changed sides. */
  assign(centres: Centres, pace: Pace): Promise<number>;
  /** The cluster of each row. */
  own(): Promise<Uint32Array>;
  close(): void;
}

/** Bits of a whole number, and of a sum. */
const VALUE_BITS = 30;
const SUM_BITS = 52;
/** What is subnormal counts as 0 then, which a device may take it for. */
const MOST_EXPONENT = 126;

/** 2^s, a number that float32 has. */
export function unitOf(points: PointData, rows: Uint32Array): number {
  const { data, dims } = points;
  let largest = 0;
  for (const row of rows) {
    const scale = scaleOf(points, row);
    const first = points.at(row);
    for (let i = first; i < first + dims; i++) largest = Math.max(largest, Math.abs(data[i] * scale));
  }
  /** The largest is below 2 to it. */
  const exponent = (new Uint32Array(Float32Array.of(largest).buffer)[0] >>> 23) - 126;
  const rowBits = 32 - Math.clz32(rows.length - 1);
  return powerOfTwo(Math.min(Math.min(VALUE_BITS, SUM_BITS - rowBits) - exponent, MOST_EXPONENT));
}

/** Centres as kernels see them, [k, stride], and how far that moves one at most. */
export function roundedCentres({ k, values }: Centres, stride: number): { rounded: Float32Array; shift: number } {
  const width = values.length / k;
  const rounded = new Float32Array(k * stride);
  let shift = 0;
  for (let c = 0; c < k; c++) {
    let squares = 0;
    for (let d = 0; d < stride; d++) {
      const value = values[c * width + d];
      rounded[c * stride + d] = value;
      squares += square(value - Math.fround(value));
    }
    shift = Math.max(shift, Math.sqrt(squares));
  }
  return { rounded, shift: shift * (1 + 2 ** -20) };
}
