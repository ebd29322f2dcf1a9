/**
 * Expected error reduction: how sure a logistic regression would be of other rows if it knew the label of one
 * (Roy & McCallum 2001).
 */
import { InputError } from "../errors.ts";
import { takeRows, type Features } from "../matrix.ts";
import { checkFeatures, checkLabels } from "./labelled.ts";
import { factored, solve } from "./cholesky.ts";
import { fitLogistic, predictLogistic, type LogisticModel } from "./logistic.ts";
import { softmax } from "./network.ts";

export interface ExpectedErrorOptions {
  /** What is known of the labelled rows, [rows, dims], and their classes. */
  readonly features: Features;
  readonly labels: ArrayLike<number>;
  readonly classes?: number;
  /** Rows that may be asked for. */
  readonly candidates: Features;
  /** Rows that the model should be sure of. */
  readonly evaluation: Features;
  /** Of the regression, see `fitLogistic`. Default 1. */
  readonly C?: number;
  /** `log`: mean entropy of the evaluation rows, in nats; `0/1`: mean 1 − max p. Default `log`. */
  readonly loss?: "log" | "0/1";
  /**
   * `exact`: the model is fitted anew, from its own weights, for each candidate and label. `lookahead`: it takes one Newton
   * step instead, class by class. Default `exact`.
   */
  readonly form?: "exact" | "lookahead";
}

/**
 * Minus the loss on the evaluation rows that a label of each candidate is expected to leave, [candidates]; higher means
 * "ask first". −ln C (or −(1 − 1/C)) at worst, 0 at best.
 *
 * @throws InputError where shapes do not fit, or fewer than two classes are known
 */
export function expectedError(options: ExpectedErrorOptions): Float64Array {
  const { features, labels, classes, candidates, evaluation, C = 1, loss = "log", form = "exact" } = options;
  for (const one of [features, candidates, evaluation]) checkFeatures(one);
  checkLabels(labels, features.rows, classes);
  if (form !== "exact" && form !== "lookahead")
    throw new InputError(`form must be exact or lookahead, got ${String(form)}`);
  if (loss !== "log" && loss !== "0/1") throw new InputError(`loss must be log or 0/1, got ${String(loss)}`);
  const model = fitLogistic({ features, labels, classes, C, tolerance: TOLERANCE });
  if (model.counts.filter((count) => count > 0).length < 2)
    throw new InputError(
      "expectedError: one class is known so far, and there is nothing to be unsure about: label more",
    );
  const lossOf = losses[loss];
  const after =
    form === "exact"
      ? refits({ features, labels, classes, C }, model, candidates, evaluation)
      : steps(features, C, model, candidates, evaluation);
  const { data: p } = predictLogistic(model, candidates);
  const columns = model.classes.length;
  return Float64Array.from({ length: candidates.rows }, (_, candidate) => {
    let expected = 0;
    for (let column = 0; column < columns; column++) {
      if (model.counts[column] === 0) continue;
      expected += p[candidate * columns + column] * lossOf(after(candidate, column), evaluation.rows);
    }
    return -expected;
  });
}

/** What candidates differ by is small beside what `fitLogistic` leaves open by itself. */
const TOLERANCE = 1e-9;

/**
 * How the look-ahead ranks candidates beside the exact form: Spearman's correlation over some of them, evenly spread, from
 * −1 to 1. It is never perfect: what a step leaves out is of the order of what candidates differ by.
 */
export function lookaheadCorrelation(options: Omit<ExpectedErrorOptions, "form">, most = 20): number {
  const { rows } = options.candidates;
  const step = Math.ceil(rows / most);
  const kept = Array.from({ length: Math.ceil(rows / step) }, (_, i) => i * step);
  const asked = { ...options, candidates: takeRows(options.candidates, kept) };
  const [a, b] = (["exact", "lookahead"] as const).map((form) => ranksOf(expectedError({ ...asked, form })));
  const n = a.length;
  return 1 - (6 * a.reduce((sum, rank, i) => sum + (rank - b[i]) ** 2, 0)) / (n * (n * n - 1));
}

function ranksOf(values: Float64Array): number[] {
  const order = [...values.keys()].sort((i, j) => values[i] - values[j]);
  const ranks = Array.from(order, () => 0);
  order.forEach((at, rank) => (ranks[at] = rank));
  return ranks;
}

/** Probabilities of the evaluation rows, [rows, columns], once a candidate has a label. Good until the next call. */
type After = (candidate: number, column: number) => ArrayLike<number>;

type Known = Required<Pick<ExpectedErrorOptions, "features" | "labels" | "C">> & { classes: number | undefined };

function refits(
  { features, labels, classes, C }: Known,
  warmStart: LogisticModel,
  candidates: Features,
  evaluation: Features,
): After {
  const { dims, rows } = features;
  const data = new Float32Array((rows + 1) * dims);
  data.set(features.data);
  return (candidate, column) => {
    data.set(candidates.data.subarray(candidate * dims, (candidate + 1) * dims), rows * dims);
    const more = {
      features: { data, rows: rows + 1, dims },
      labels: [...Array.from(labels), warmStart.classes[column]],
    };
    return predictLogistic(fitLogistic({ ...more, classes, C, warmStart, tolerance: TOLERANCE }), evaluation).data;
  };
}

/**
 * One Newton step, with the Hessian's blocks of each class alone. Of class c that is I + C Σ p(1 − p) x xᵀ, to which a
 * candidate adds a row (Sherman & Morrison 1950), so all candidates and labels share one factor. With two classes there is
 * one block, and the step is Newton's own.
 */
function steps(features: Features, C: number, model: LogisticModel, candidates: Features, evaluation: Features): After {
  const columns = model.classes.length;
  const isPinned = model.counts.filter((count) => count > 0).length === 2;
  const { data: known } = predictLogistic(model, features);
  const { data: own } = predictLogistic(model, candidates);
  const { data: before } = predictLogistic(model, evaluation);
  const [x, u, v] = [features, candidates, evaluation].map(withOnes);
  /** Per column with a weight of its own: how a unit of residual at a candidate moves the logit of an evaluation row. */
  const moves = model.classes.map((_, column) => {
    const isFree = model.counts[column] > 0 && !(isPinned && column === model.counts.findIndex((count) => count > 0));
    if (!isFree) return undefined;
    const weight = (p: Float32Array, row: number): number =>
      C * p[row * columns + column] * (1 - p[row * columns + column]);
    const factor = factored(hessian(x, (row) => weight(known, row)));
    const solved = u.rows.map((row) => solve(factor, row));
    return solved.map((direction, candidate) => {
      const stiffness = 1 + weight(own, candidate) * dot(direction, u.rows[candidate]);
      return Float64Array.from(v.rows, (row) => (C * dot(direction, row)) / stiffness);
    });
  });
  const after = new Float64Array(before.length);
  const logits = new Float64Array(columns);
  return (candidate, label) => {
    for (let row = 0; row < evaluation.rows; row++) {
      for (let column = 0; column < columns; column++) {
        const residual = own[candidate * columns + column] - (column === label ? 1 : 0);
        const moved = moves[column]?.[candidate][row] ?? 0;
        logits[column] = Math.log(before[row * columns + column]) - residual * moved;
      }
      softmax(logits);
      after.set(logits, row * columns);
    }
    return after;
  };
}

/** Rows with a 1 at the end, for the intercept. */
function withOnes({ data, rows, dims }: Features): { rows: Float64Array[] } {
  return {
    rows: Array.from({ length: rows }, (_, row) => Float64Array.of(...data.subarray(row * dims, (row + 1) * dims), 1)),
  };
}

/** I + Σ weight · x xᵀ, the intercept unpenalised but for a trace that keeps it from being singular. */
function hessian({ rows }: { rows: Float64Array[] }, weight: (row: number) => number): Float64Array {
  const size = rows[0].length;
  const found = new Float64Array(size * size);
  for (let i = 0; i < size; i++) found[i * size + i] = i === size - 1 ? 1e-8 : 1;
  rows.forEach((x, row) => {
    const w = weight(row);
    for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) found[i * size + j] += w * x[i] * x[j];
  });
  return found;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Mean over rows of what a model expects to lose, by its own probabilities. */
const losses: Record<"log" | "0/1", (p: ArrayLike<number>, rows: number) => number> = {
  log(p, rows) {
    let sum = 0;
    for (let i = 0; i < p.length; i++) if (p[i] > 0) sum -= p[i] * Math.log(p[i]);
    return sum / rows;
  },
  "0/1"(p, rows) {
    const columns = p.length / rows;
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      let most = 0;
      for (let c = 0; c < columns; c++) most = Math.max(most, p[row * columns + c]);
      sum += 1 - most;
    }
    return sum / rows;
  },
};
