/** Where a pool is widest: its principal directions, and where each row lies along them. */
import { InputError } from "../errors.ts";
import { FEATURE_LIMIT, rowName, sourceOf, type Features, type RowSource } from "../matrix.ts";
import { Pace, type Progress } from "../pace.ts";
import type { InvalidPolicy } from "../pool.ts";
import { randomUniform, streams } from "../random.ts";
import { blocksOf } from "../readAhead.ts";
import { multiply, multiplyTransposed, roomFor } from "./design.ts";
import { leadingVectors } from "./leadingVectors.ts";

export interface PrincipalOptions {
  /** How many directions, from 1 to dims. Default 2. */
  readonly count?: number;
  /** What becomes of rows with NaN, an infinity, or a value beyond ±2⁵⁰. Left out, they lie at NaN. Default `error`. */
  readonly invalid?: InvalidPolicy;
  /** Told of two stages, both called `reading`: rows are read to find the directions, and again to be laid along them. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the work with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface PrincipalDirections {
  /** [count, dims], of length 1, the widest first; the largest value of each is positive. */
  readonly directions: Float64Array;
  /** [dims]. */
  readonly mean: Float64Array;
  /** [count]: variance along each direction, over `measuredOn` − 1. */
  readonly variances: Float64Array;
  /** [count]: the same as a share of the variance of all dims, 0 to 1. */
  readonly shares: Float64Array;
  /** Rows that these come from: all valid ones, or a sample of wide ones. */
  readonly measuredOn: number;
  /** False where several directions are so nearly alike in variance that 1,000 steps did not tell them apart. */
  readonly converged: boolean;
  /** [rows, count]: each row, less the mean, along the directions. NaN where a row was left out. */
  readonly points: Float32Array;
}

/** Products for the covariance: some seconds of them. More rows than that allows are sampled, the same ones always. */
const MOST_PRODUCTS = 2 ** 31;
/** Sampled whatever that takes. */
const LEAST_ROWS = 2048;
/** The covariance of so many is 512 MiB. */
const MOST_DIMS = 8192;

/**
 * The first principal directions of embeddings [rows, dims] in float64: eigenvectors of their covariance. Rows are read
 * twice, a block at a time, and never held. The covariance takes rows · dims² products, so past 2³¹ of them it is that of
 * a sample of so many rows as those allow, and of 2,048 at least.
 *
 * @throws InputError where there are fewer dims than directions, more than 8,192, or an invalid row (says which)
 * @see Jolliffe 2002, Principal Component Analysis
 */
export async function principalDirections(
  embeddings: Features | RowSource,
  { count = 2, invalid = "error", onProgress, signal }: PrincipalOptions = {},
): Promise<PrincipalDirections> {
  const source = sourceOf("embeddings", embeddings, "dims");
  const { name, cols: dims } = source;
  if (dims > MOST_DIMS)
    throw new InputError(`${name}: principal directions are of at most ${MOST_DIMS} dims, got ${dims}`);
  if (!Number.isInteger(count) || count < 1 || count > dims)
    throw new InputError(`${name}: count must be a whole number from 1 to ${dims}, the dims, got ${count}`);
  signal?.throwIfAborted();
  const pace = new Pace(signal, onProgress);
  const { mean, covariance, measuredOn, total } = await spreadOf(source, invalid, pace);
  const { vectors, values, converged } = await leadingVectors(covariance, dims, count, pace);
  return {
    directions: vectors,
    mean,
    variances: values,
    shares: values.map((value) => (total > 0 ? value / total : 0)),
    measuredOn,
    converged,
    points: await laidAlong(source, mean, vectors, count, pace),
  };
}

/** The mean of rows and their covariance, [roomFor(dims), dims], whose trace is `total`. */
async function spreadOf(source: RowSource, invalid: InvalidPolicy, pace: Pace) {
  const { rows, cols: dims } = source;
  const wanted = Math.max(LEAST_ROWS, Math.floor(MOST_PRODUCTS / dims ** 2));
  const isSampled = (row: number): boolean => rows <= wanted || randomUniform(0, streams.sample, row) < wanted / rows;
  const sums = new Float64Array(dims);
  const squares = new Float64Array(roomFor(dims) * dims);
  const added = new Float64Array(dims * dims);
  /** Subtracted before products are taken, so that far from 0 no digits are lost: the first row that counts. */
  let shift: Float64Array | undefined;
  let measuredOn = 0;
  for await (const { first, rows: count, values } of blocksOf(source)) {
    const x = new Float64Array(roomFor(count) * dims);
    let to = 0;
    for (let i = 0; i < count; i++) {
      const row = values.subarray(i * dims, (i + 1) * dims);
      const fault = row.findIndex((value) => !(Math.abs(value) < FEATURE_LIMIT));
      if (fault >= 0 && invalid === "error") throw faulty(source, first + i, fault, row[fault]);
      if (fault >= 0 || !isSampled(first + i)) continue;
      shift ??= Float64Array.from(row);
      for (let d = 0; d < dims; d++) sums[d] += x[to + d] = row[d] - shift[d];
      to += dims;
    }
    measuredOn += to / dims;
    multiplyTransposed({ x: x.subarray(0, roomFor(to / dims) * dims), cols: dims }, x, dims, added);
    for (let i = 0; i < added.length; i++) squares[i] += added[i];
    await pace.turn({ stage: "reading", rows: first + count, of: rows });
  }
  if (!shift) throw new InputError(`${source.name}: no row is left to find directions in`);
  const mean = sums.map((sum) => sum / measuredOn);
  let total = 0;
  for (let a = 0; a < dims; a++) {
    for (let b = 0; b < dims; b++) {
      const spread = squares[a * dims + b] - measuredOn * mean[a] * mean[b];
      squares[a * dims + b] = spread / Math.max(1, measuredOn - 1);
    }
    total += squares[a * dims + a];
  }
  return { mean: mean.map((value, d) => value + shift![d]), covariance: squares, measuredOn, total };
}

function faulty(source: RowSource, row: number, dim: number, value: number): InputError {
  return new InputError(
    `${rowName(source, row)}: dim ${dim} is ${value}: correct it, or leave such rows out (invalid: skip)`,
  );
}

async function laidAlong(
  source: RowSource,
  mean: Float64Array,
  directions: Float64Array,
  count: number,
  pace: Pace,
): Promise<Float32Array> {
  const { rows, cols: dims } = source;
  const points = new Float32Array(rows * count);
  for await (const { first, rows: some, values } of blocksOf(source)) {
    const x = new Float64Array(roomFor(some) * dims);
    for (let i = 0; i < some; i++) {
      for (let d = 0; d < dims; d++) {
        const value = values[i * dims + d];
        x[i * dims + d] = Math.abs(value) < FEATURE_LIMIT ? value - mean[d] : NaN;
      }
    }
    const along = new Float64Array(roomFor(some) * count);
    multiply({ x, cols: dims }, directions, count, along);
    points.set(along.subarray(0, some * count), first * count);
    await pace.turn({ stage: "reading", rows: first + some, of: rows });
  }
  return points;
}
