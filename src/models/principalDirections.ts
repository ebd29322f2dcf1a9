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
  /** False where several directions are so nearly alike in variance that 800 steps did not tell them apart. */
  readonly converged: boolean;
  /** [rows, count]: each row, less the mean, along the directions. NaN where a row was left out. */
  readonly points: Float32Array;
}

/** Products for the covariance: some seconds of them. More rows than that allows are sampled, the same ones always. */
const MOST_PRODUCTS = 2 ** 31;
/** Sampled whatever that takes, or as many as there are. */
const LEAST_ROWS = 2048;
/** Rows whose products are taken together. */
const AT_A_TIME = 512;
/** The covariance of so many is 512 MiB, and the products of some rows as much. */
const MOST_DIMS = 8192;

/**
 * The first principal directions of embeddings [rows, dims] in float64: eigenvectors of their covariance. Rows are read
 * twice, a block at a time, and never held. The covariance takes rows · dims² products, so past 2³¹ of them it is that of
 * a sample of about so many rows as those allow, and of about 2,048 at least.
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
  const wanted = Math.max(LEAST_ROWS, Math.floor(MOST_PRODUCTS / (dims * dims)));
  let read = await readSums(source, wanted / rows, invalid, pace);
  // Where rows were left out, a share of all may have been a few: of those that count it is known by now how many there are.
  if (read.sums.count < 0.9 * Math.min(wanted, read.valid))
    read = await readSums(source, wanted / read.valid, invalid, pace);
  if (read.sums.count === 0) throw new InputError(`${source.name}: no row is left to find directions in`);
  return read.sums.spread();
}

/** Sums of the rows that are drawn, each with the same chance, and how many rows are valid. */
async function readSums(source: RowSource, share: number, invalid: InvalidPolicy, pace: Pace) {
  const { rows, cols: dims } = source;
  const sums = new Sums(dims);
  let valid = 0;
  for await (const { first, rows: count, values } of blocksOf(source)) {
    for (let i = 0; i < count; i++) {
      const row = values.subarray(i * dims, (i + 1) * dims);
      const fault = row.findIndex((value) => !(Math.abs(value) < FEATURE_LIMIT));
      if (fault >= 0 && invalid === "error") throw faulty(source, first + i, fault, row[fault]);
      if (fault >= 0) continue;
      valid++;
      if (share >= 1 || randomUniform(0, streams.sample, first + i) < share) sums.add(row);
    }
    await pace.turn({ stage: "reading", rows: first + count, of: rows });
  }
  sums.flush();
  return { sums, valid };
}

/** Rows added up, and their products with each other: of many at a time, since those of a few take as long. */
class Sums {
  count = 0;
  private readonly dims: number;
  private readonly totals: Float64Array;
  /** [roomFor(dims), dims]. */
  private readonly squares: Float64Array;
  private readonly added: Float64Array;
  /** [AT_A_TIME, dims], and how many are waiting there. */
  private readonly x: Float64Array;
  private waiting = 0;
  /** Subtracted before products are taken, so that far from 0 no digits are lost: the first row that counts. */
  private shift: Float64Array | undefined;

  constructor(dims: number) {
    this.dims = dims;
    this.totals = new Float64Array(dims);
    this.squares = new Float64Array(roomFor(dims) * dims);
    this.added = new Float64Array(dims * dims);
    this.x = new Float64Array(roomFor(AT_A_TIME) * dims);
  }

  add(row: Float32Array): void {
    const { x, dims, totals } = this;
    const shift = (this.shift ??= Float64Array.from(row));
    const to = this.waiting++ * dims;
    for (let d = 0; d < dims; d++) totals[d] += x[to + d] = row[d] - shift[d];
    this.count++;
    if (this.waiting === AT_A_TIME) this.flush();
  }

  /** Takes the products of what waits. */
  flush(): void {
    const { x, dims, squares, added } = this;
    if (this.waiting === 0) return;
    const some = x.subarray(0, roomFor(this.waiting) * dims);
    some.fill(0, this.waiting * dims);
    multiplyTransposed({ x: some, cols: dims }, some, dims, added);
    for (let i = 0; i < added.length; i++) squares[i] += added[i];
    this.waiting = 0;
  }

  spread() {
    const { dims, count, squares, shift } = this;
    const mean = this.totals.map((sum) => sum / count);
    let total = 0;
    for (let a = 0; a < dims; a++) {
      for (let b = 0; b < dims; b++) {
        const spread = squares[a * dims + b] - count * mean[a] * mean[b];
        squares[a * dims + b] = spread / Math.max(1, count - 1);
      }
      total += squares[a * dims + a];
    }
    return { mean: mean.map((value, d) => value + shift![d]), covariance: squares, measuredOn: count, total };
  }
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
