/**
 * Multinomial logistic regression with an L2 penalty: the default classifier, and the objective of scikit-learn's
 * `LogisticRegression` with its default options.
 */
import { InputError } from "../errors.ts";
import type { Head } from "../head.ts";
import type { Features } from "../matrix.ts";
import { type Design, fromRaw, makeDesign, toRaw } from "./design.ts";
import { minimise } from "./lbfgs.ts";
import { softmaxObjective } from "./softmax.ts";

export interface LogisticOptions {
  /** What is known of the labelled rows, [rows, dims]. */
  readonly features: Features;
  /** Class of each row, [rows]: whole numbers of at least 0. */
  readonly labels: ArrayLike<number>;
  /** Declares the columns 0 … classes − 1 in advance. Without it only the classes seen get a column. */
  readonly classes?: number;
  /** Weight of the data against the penalty, above 0. Smaller is smoother. Default 1. */
  readonly C?: number;
  /** The model of the round before, of as many dims: where to start. It changes the time taken, not the answer. */
  readonly warmStart?: LogisticModel;
  /**
   * Stop when no entry of the gradient exceeds this, in units where the Hessian's diagonal is about 1. The default of
   * 1e-6 leaves probabilities within about 1e-6 of the optimum's.
   */
  readonly tolerance?: number;
  /** Default 2,000. */
  readonly maxIterations?: number;
}

export interface LogisticModel {
  /** One layer, float32, for the engine: a logit for each column. */
  readonly head: Head;
  /** The label of each column, ascending. */
  readonly classes: readonly number[];
  /** How many rows had it, for each column; 0 only where `classes` was declared. */
  readonly counts: readonly number[];
  /** [columns, dims + 1], the intercept last: the head before it was rounded to float32. */
  readonly weights: Float64Array;
  readonly dims: number;
  readonly iterations: number;
  /** False when it stopped before the gradient fell to the tolerance; `warning` says where. */
  readonly converged: boolean;
  /** One line for the user; undefined when it converged. */
  readonly warning: string | undefined;
  /** ½‖W‖² + C · Σ −ln p(label), in nats. 0 at best: one class alone. */
  readonly loss: number;
}

/**
 * Logit of a declared class that no row had. Its intercept has no finite optimum: the loss falls all the way to −∞.
 * Some other class's logit is always at least 0 (they add up to 0, or one is 0), so e⁻¹²⁰ bounds its probability in
 * every row: exactly 0 in float32, while errors in proportion to the largest logit stay small.
 */
const absentLogit = -120;

/**
 * Fits ½‖W‖² + C · Σ −ln p(label) with the intercepts unpenalised, by L-BFGS in float64.
 *
 * As in scikit-learn, two classes are one weight vector: the first class's logit is 0 and its weights are zeros. With
 * three or more each class has weights, and they add up to 0 over the classes. One class alone has probability 1.
 * Classes that no row has do not change the fit of the others: their probability is 0 (a logit of −120).
 *
 * @throws InputError where labels or features are missing, do not fit, or are not numbers.
 * @see Zhu, Byrd, Lu & Nocedal 1997 (L-BFGS); Hastie, Tibshirani & Friedman 2009, section 4.4 (the model)
 */
export function fitLogistic(options: LogisticOptions): LogisticModel {
  const { features, labels, C = 1, warmStart, tolerance = 1e-6, maxIterations = 2000 } = options;
  checkFeatures(features);
  checkOptions(options);
  const { classes, counts } = countClasses(labels, features.rows, options.classes);
  const seen = classes.filter((_, column) => counts[column] > 0);
  const pinned = seen.length === 2;
  const free = seen.length === 1 ? [] : pinned ? seen.slice(1) : seen;

  // p(1 − p) where all classes are equally likely: the most that one row can bend the loss.
  const split = Math.max(2, seen.length);
  const bend = (split - 1) / split ** 2;
  const design = makeDesign(features, C * features.rows * bend);
  const weights = new Float64Array(free.length * design.cols);
  if (warmStart) startFrom(warmStart, seen, free, design, weights);
  const targets = Int32Array.from({ length: features.rows }, (_, row) => free.indexOf(labels[row]));
  const objective = softmaxObjective({ design, targets, columns: free.length, pinned, C, weights });
  const { value, gradient, ...end } = minimise(objective, tolerance, maxIterations);

  const all = new Float64Array(classes.length * design.cols);
  classes.forEach((label, column) => {
    const row = all.subarray(column * design.cols, (column + 1) * design.cols);
    const from = free.indexOf(label);
    if (from >= 0) toRaw(design, weights.subarray(from * design.cols, (from + 1) * design.cols), row);
    else if (counts[column] === 0) row[design.dims] = absentLogit;
  });
  return {
    head: toHead(all, classes.length, design.dims),
    classes,
    counts,
    weights: all,
    dims: design.dims,
    ...end,
    warning: end.converged
      ? undefined
      : `logistic regression: stopped after ${end.iterations} iterations with a gradient of ${gradient.toExponential(1)}, above the tolerance of ${tolerance}: raise maxIterations, or lower C`,
    loss: value,
  };
}

/** Probabilities [rows, classes] of a fitted model, from its float64 weights; `classes` are the model's columns. */
export function predictLogistic(
  model: LogisticModel,
  features: Features,
): { data: Float32Array; rows: number; classes: number } {
  checkFeatures(features);
  const { weights, dims } = model;
  if (features.dims !== dims)
    throw new InputError(`features: ${features.dims} dims, but the model was fitted on ${dims}`);
  const classes = model.classes.length;
  const data = new Float32Array(features.rows * classes);
  const logits = new Float64Array(classes);
  for (let row = 0; row < features.rows; row++) {
    for (let k = 0; k < classes; k++) {
      let logit = weights[k * (dims + 1) + dims];
      for (let j = 0; j < dims; j++) logit += weights[k * (dims + 1) + j] * features.data[row * dims + j];
      logits[k] = logit;
    }
    const max = logits.reduce((a, b) => Math.max(a, b));
    let total = 0;
    for (let k = 0; k < classes; k++) total += logits[k] = Math.exp(logits[k] - max);
    for (let k = 0; k < classes; k++) data[row * classes + k] = logits[k] / total;
  }
  return { data, rows: features.rows, classes };
}

/** Fills the design's weights with an earlier model's. A class new since then starts at 0. */
function startFrom(model: LogisticModel, seen: number[], free: number[], design: Design, into: Float64Array): void {
  const { cols, dims } = design;
  if (model.dims !== dims)
    throw new InputError(`warmStart: the model has ${model.dims} dims, the features have ${dims}`);
  const rowOf = (label: number) => {
    const column = model.classes.indexOf(label);
    const known = column >= 0 && model.counts[column] > 0;
    return known ? model.weights.subarray(column * cols, (column + 1) * cols) : new Float64Array(cols);
  };
  const rows = seen.map(rowOf);
  // What all classes share changes no probability; take away what the new model would not have.
  const shared = Float64Array.from({ length: cols }, (_, j) =>
    free.length < seen.length ? rows[0][j] : rows.reduce((sum, row) => sum + row[j], 0) / rows.length,
  );
  free.forEach((label, column) => {
    const own = rows[seen.indexOf(label)].map((value, j) => value - shared[j]);
    fromRaw(design, own, into.subarray(column * cols, (column + 1) * cols));
  });
}

function toHead(weights: Float64Array, classes: number, dims: number): Head {
  const weight = new Float32Array(classes * dims);
  const bias = new Float32Array(classes);
  for (let k = 0; k < classes; k++) {
    for (let j = 0; j < dims; j++) weight[k * dims + j] = weights[k * (dims + 1) + j];
    bias[k] = weights[k * (dims + 1) + dims];
  }
  return { layers: [{ weight, bias, inputs: dims, outputs: classes }], activation: "relu" };
}

/** The columns of a model and how many rows each has. */
function countClasses(labels: ArrayLike<number>, rows: number, declared?: number) {
  if (labels.length !== rows)
    throw new InputError(`labels: ${labels.length} for ${rows} rows of features, give one for each row`);
  const found = new Map<number, number>();
  for (let label = 0; label < (declared ?? 0); label++) found.set(label, 0);
  for (let row = 0; row < rows; row++) {
    const label = labels[row];
    if (!Number.isInteger(label) || label < 0) {
      throw new InputError(`labels: row ${row} is ${label}, a class must be a whole number of at least 0`);
    }
    if (declared !== undefined && label >= declared) {
      throw new InputError(
        `labels: row ${row} is class ${label}, but ${declared} classes are declared (0 to ${declared - 1}): declare more`,
      );
    }
    found.set(label, (found.get(label) ?? 0) + 1);
  }
  const classes = [...found.keys()].sort((a, b) => a - b);
  return { classes, counts: classes.map((label) => found.get(label)!) };
}

function checkFeatures({ data, rows, dims }: Features): void {
  if (!Number.isInteger(rows) || rows < 1)
    throw new InputError(`features: rows must be a whole number of at least 1, got ${rows}`);
  if (!Number.isInteger(dims) || dims < 1)
    throw new InputError(`features: dims must be a whole number of at least 1, got ${dims}`);
  if (data.length !== rows * dims) {
    throw new InputError(`features: ${rows} × ${dims} needs ${rows * dims} values, data has ${data.length}`);
  }
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    throw new InputError(
      `features: row ${Math.floor(at / dims)}, dim ${at % dims} is ${data[at]}: leave the row out or replace the value`,
    );
  }
}

function checkOptions({ classes, C = 1, tolerance = 1e-6, maxIterations = 1 }: LogisticOptions): void {
  if (!(C > 0 && C < Infinity)) throw new InputError(`C: must be a number above 0, got ${C}`);
  if (!(tolerance > 0)) throw new InputError(`tolerance: must be a number above 0, got ${tolerance}`);
  const whole = { maxIterations, classes: classes ?? 1 };
  for (const [name, value] of Object.entries(whole)) {
    if (!Number.isInteger(value) || value < 1)
      throw new InputError(`${name}: must be a whole number of at least 1, got ${value}`);
  }
}
