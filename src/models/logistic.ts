/**
 * Multinomial logistic regression with an L2 penalty: the default classifier, and the objective of scikit-learn's
 * `LogisticRegression` with its default options.
 */
import { square } from "../elementary.ts";
import { InputError } from "../errors.ts";
import type { Head } from "../head.ts";
import type { Features } from "../matrix.ts";
import { type Design, fromRaw, makeDesign, toRaw } from "./design.ts";
import { checkAsked, checkFeatures, checkLabels, checkWhole } from "./labelled.ts";
import { minimise } from "./lbfgs.ts";
import { softmax } from "./network.ts";
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
  /**
   * One layer, float32, for the engine: a logit for each column. Features far from 0 next to their spread lose digits
   * here (a mean of 1e6 and a deviation of 1 leave an error of about 0.1 in the logit): centre them first.
   */
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

const defaultTolerance = 1e-6;

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
  checkAsked("fitLogistic", options);
  const { features, labels, C = 1, warmStart, tolerance = defaultTolerance, maxIterations = 2000 } = options;
  checkFeatures(features);
  checkOptions(options);
  const { classes, counts } = countClasses(labels, features.rows, options.classes);
  const seen = classes.filter((_, column) => counts[column] > 0);
  const pinned = seen.length <= 2;
  const free = pinned ? seen.slice(1) : seen;

  // p(1 − p) where all classes are equally likely.
  const split = Math.max(2, seen.length);
  const design = makeDesign(features, (C * features.rows * (split - 1)) / square(split));
  const weights = new Float64Array(free.length * design.cols);
  if (warmStart) startFrom(warmStart, seen, free, design, weights);
  const targets = Int32Array.from({ length: features.rows }, (_, row) => free.indexOf(labels[row]));
  const objective = softmaxObjective({ design, targets, columns: free.length, pinned, C, weights });
  const { value, gradient, ...end } = minimise(objective, tolerance, maxIterations);
  if (!pinned) centre(weights, free.length, design.cols);

  const all = new Float64Array(classes.length * design.cols);
  classes.forEach((label, column) => {
    const row = rowOf(all, column, design.cols);
    if (counts[column] === 0) row[design.dims] = absentLogit;
    else if (free.includes(label)) toRaw(design, rowOf(weights, free.indexOf(label), design.cols), row);
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
      : `logistic regression: stopped after ${end.iterations} iterations at a gradient of ${gradient.toExponential(1)}, above the tolerance of ${tolerance}: raise maxIterations or tolerance, or lower C`,
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
      const at = k * (dims + 1);
      let logit = weights[at + dims];
      for (let j = 0; j < dims; j++) logit += weights[at + j] * features.data[row * dims + j];
      logits[k] = logit;
    }
    softmax(logits);
    data.set(logits, row * classes);
  }
  return { data, rows: features.rows, classes };
}

/** Fills the design's weights with an earlier model's. A class new since then starts at 0. */
function startFrom(model: LogisticModel, seen: number[], free: number[], design: Design, into: Float64Array): void {
  const { cols } = design;
  const before = seen.map((label) => {
    const column = model.classes.indexOf(label);
    return model.counts[column] > 0 ? rowOf(model.weights, column, cols) : new Float64Array(cols);
  });
  // What all classes share changes no probability: take away what keeps the pinned class at 0.
  const [pinned] = before;
  free.forEach((label, column) => {
    const own = before[seen.indexOf(label)];
    const weights = free.length < seen.length ? own.map((value, j) => value - pinned[j]) : own;
    fromRaw(design, weights, rowOf(into, column, cols));
  });
  if (free.length === seen.length) centre(into, free.length, cols);
}

/** Takes from every class what all share: no probability changes, and the penalty is at its least. */
function centre(weights: Float64Array, classes: number, cols: number): void {
  for (let j = 0; j < cols; j++) {
    let mean = 0;
    for (let k = 0; k < classes; k++) mean += weights[k * cols + j] / classes;
    for (let k = 0; k < classes; k++) weights[k * cols + j] -= mean;
  }
}

function rowOf(matrix: Float64Array, row: number, cols: number): Float64Array {
  return matrix.subarray(row * cols, (row + 1) * cols);
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
  checkLabels(labels, rows, declared);
  const found = new Map<number, number>();
  for (let label = 0; label < (declared ?? 0); label++) found.set(label, 0);
  for (let row = 0; row < rows; row++) found.set(labels[row], (found.get(labels[row]) ?? 0) + 1);
  const classes = [...found.keys()].sort((a, b) => a - b);
  return { classes, counts: classes.map((label) => found.get(label)!) };
}

function checkOptions({ features, classes = 1, C = 1, warmStart, tolerance = 1, maxIterations = 1 }: LogisticOptions) {
  for (const [name, value] of Object.entries({ C, tolerance })) {
    if (!(value > 0 && value < Infinity)) throw new InputError(`${name} must be a number above 0, got ${value}`);
  }
  checkWhole({ classes, maxIterations }, 1);
  if (warmStart && warmStart.dims !== features.dims)
    throw new InputError(
      `warmStart: the model has ${warmStart.dims} dims, the features ${features.dims}: leave it out or match them`,
    );
}
