/** What a logistic regression would come to with one more row, in two steps in place of a fit. */
import { log, square } from "../elementary.ts";
import type { Features } from "../matrix.ts";
import { factored, solve } from "./cholesky.ts";
import { multiply, multiplyTransposed, roomFor, type Block } from "./design.ts";
import type { LogisticModel } from "./logistic.ts";
import { softmax } from "./network.ts";

/** Probabilities of the evaluation rows, [rows, columns], once a candidate has a label. Good until the next call. */
export type After = (candidate: number, column: number) => ArrayLike<number>;

export interface LookAheadOptions {
  /** What the model was fitted to, [rows, dims]. */
  readonly features: Features;
  /** The column of each, [rows]. */
  readonly columns: ArrayLike<number>;
  readonly C: number;
  readonly candidates: Features;
  readonly evaluation: Features;
}

/**
 * Looks ahead from the weights of a model at its optimum.
 *
 * The first step takes what the known rows lose as the parabola that it is at the optimum, and what the candidate loses as
 * it is: of a label that surprises, a plain Newton step goes far too long a way, as the row bends the loss more and more
 * while it comes nearer. The second is a Newton step from there. One alone ranks candidates badly: what a label changes to
 * first order is nothing once it is weighed over the labels, p of each times p − e, so candidates differ by what the
 * parabola leaves out.
 *
 * Newton's matrix is taken class by class, so that all candidates and labels share one factor a class: I + C Σ b x xᵀ,
 * where b = p(1 − p) K/(K − 1) is how much a row of K classes bends the loss of weights that add up to 0 where all are as
 * likely, and at most twice that elsewhere. With two classes one has no weights, b = p(1 − p), and the matrix is Newton's
 * own. The candidate adds one row to it (Sherman & Morrison 1950).
 */
export function lookAhead(options: LookAheadOptions, model: LogisticModel): After {
  const { features, columns: targets, C } = options;
  const [known, asked, judged] = [features, options.candidates, options.evaluation].map(withOnes);
  const cols = features.dims + 1;
  const columns = model.classes.length;
  const seen = [...model.counts.keys()].filter((column) => model.counts[column] > 0);
  const free = seen.length === 2 ? seen.slice(1) : seen;
  const bends = seen.length === 2 ? 1 : seen.length / (seen.length - 1);
  const weights = Float64Array.from(free.flatMap((column) => [...weightsOf(model, column)]));
  // Columns without weights of their own keep the logit that they have in every row.
  const fixed = Float64Array.from({ length: columns }, (_, column) => weightsOf(model, column)[cols - 1]);

  const line = new Float64Array(columns);
  /** Probabilities of all columns, from the logits of those that are free. Good until the next call. */
  function believe(logits: Float64Array, row: number): Float64Array {
    line.set(fixed);
    free.forEach((column, i) => (line[column] = logits[row * free.length + i]));
    softmax(line);
    return line;
  }

  const logits = new Float64Array(roomFor(features.rows) * free.length);
  multiply(known, weights, free.length, logits);
  const factors = free.map((column) =>
    factored(hessian(known, features.rows, (row) => C * bends * spread(believe(logits, row)[column]))),
  );

  const residuals = new Float64Array(logits.length);
  const gradient = new Float64Array(weights.length);
  const outcome = new Float64Array(roomFor(options.evaluation.rows) * free.length);
  const after = new Float64Array(options.evaluation.rows * columns);
  let current = -1;
  let row: Float64Array = new Float64Array();
  /** H⁻¹ x of the candidate, a column each. */
  let directions: Float64Array[] = [];

  return (candidate, label) => {
    if (candidate !== current) {
      row = asked.x.subarray(candidate * cols, (candidate + 1) * cols);
      directions = factors.map((factor) => solve(factor, row));
      current = candidate;
    }
    const before = free.map((_, i) => dot(weights.subarray(i * cols, (i + 1) * cols), row));
    const reach = directions.map((direction) => dot(direction, row));
    const own = settled(before, fixed, free, reach, label, C);
    const moved = weights.slice();
    directions.forEach((direction, i) => {
      const residual = C * (own[free[i]] - (free[i] === label ? 1 : 0));
      direction.forEach((value, j) => (moved[i * cols + j] -= residual * value));
    });

    multiply(known, moved, free.length, logits);
    for (let r = 0; r < features.rows; r++) {
      const p = believe(logits, r);
      free.forEach((column, i) => (residuals[r * free.length + i] = C * (p[column] - (column === targets[r] ? 1 : 0))));
    }
    multiplyTransposed(known, residuals, free.length, gradient);
    directions.forEach((direction, i) => {
      const p = own[free[i]];
      const residual = C * (p - (free[i] === label ? 1 : 0));
      const slope = gradient.subarray(i * cols, (i + 1) * cols);
      for (let j = 0; j < cols; j++) slope[j] += residual * row[j] + (j < cols - 1 ? moved[i * cols + j] : 0);
      const step = solve(factors[i], slope);
      const bend = C * bends * spread(p);
      const back = (bend * dot(step, row)) / (1 + bend * reach[i]);
      for (let j = 0; j < cols; j++) moved[i * cols + j] -= step[j] - back * direction[j];
    });

    multiply(judged, moved, free.length, outcome);
    for (let r = 0; r < options.evaluation.rows; r++) after.set(believe(outcome, r), r * columns);
    return after;
  };
}

/**
 * Probabilities of a row that has been given a label, where moving a free logit z from z₀ costs (z − z₀)² / 2Cr: by Newton's
 * method, with steps halved while they lead up.
 */
function settled(
  before: readonly number[],
  fixed: Float64Array,
  free: readonly number[],
  reach: readonly number[],
  label: number,
  C: number,
): Float64Array {
  const p = new Float64Array(fixed.length);
  let logits = [...before];
  const cost = (at: readonly number[]): number => {
    p.set(fixed);
    free.forEach((column, i) => (p[column] = at[i]));
    softmax(p);
    return at.reduce((sum, z, i) => sum + square(z - before[i]) / (2 * C * reach[i]), -log(p[label]));
  };
  for (let last = cost(logits), turn = 0; turn < MOST_TURNS; turn++) {
    const slope = logits.map((z, i) => (z - before[i]) / (C * reach[i]) + p[free[i]] - (free[i] === label ? 1 : 0));
    // The matrix is diagonal but for −p pᵀ.
    const diagonal = reach.map((r, i) => 1 / (C * r) + p[free[i]]);
    const tilt = free.reduce((sum, column, i) => sum + (p[column] * slope[i]) / diagonal[i], 0);
    const rest = free.reduce((left, column, i) => left - square(p[column]) / diagonal[i], 1);
    const step = slope.map((value, i) => (value + (p[free[i]] * tilt) / rest) / diagonal[i]);
    const from = logits;
    let next = last;
    for (let share = 1; ; share /= 2) {
      logits = from.map((z, i) => z - share * step[i]);
      next = cost(logits);
      if (next <= last || share < SMALLEST_SHARE) break;
    }
    last = next;
    if (Math.max(...step.map(Math.abs)) < ENOUGH) break;
  }
  return p;
}

const MOST_TURNS = 50;
const SMALLEST_SHARE = 1e-3;
/** Of a logit. */
const ENOUGH = 1e-9;

const spread = (p: number): number => p * (1 - p);

function weightsOf({ weights, dims }: LogisticModel, column: number): Float64Array {
  return weights.subarray(column * (dims + 1), (column + 1) * (dims + 1));
}

/** Rows with a 1 at the end, for the intercept. */
function withOnes({ data, rows, dims }: Features): Block {
  const cols = dims + 1;
  const x = new Float64Array(roomFor(rows) * cols);
  for (let row = 0; row < rows; row++) {
    x.set(data.subarray(row * dims, (row + 1) * dims), row * cols);
    x[row * cols + dims] = 1;
  }
  return { cols, x };
}

/** I + Σ weight · x xᵀ, the intercept unpenalised but for a trace that keeps it from being singular. */
function hessian({ x, cols }: Block, rows: number, weight: (row: number) => number): Float64Array {
  const found = new Float64Array(cols * cols);
  for (let i = 0; i < cols; i++) found[i * cols + i] = i === cols - 1 ? 1e-8 : 1;
  for (let row = 0; row < rows; row++) {
    const w = weight(row);
    const at = row * cols;
    for (let i = 0; i < cols; i++) for (let j = 0; j <= i; j++) found[i * cols + j] += w * x[at + i] * x[at + j];
  }
  return found;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
