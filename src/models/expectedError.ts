/**
 * Expected error reduction: how sure a logistic regression would be of other rows if it knew the label of one
 * (Roy & McCallum 2001).
 */
import { log } from "../elementary.ts";
import { InputError } from "../errors.ts";
import { takeRows, type Features } from "../matrix.ts";
import { checkFeatures, checkLabels } from "./labelled.ts";
import { fitLogistic, predictLogistic, type LogisticModel } from "./logistic.ts";
import { lookAhead, type After } from "./lookAhead.ts";

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
   * `exact`: the model is fitted anew, from its own weights, for each candidate and label. `lookahead`: it takes two steps
   * towards that instead, at a fraction of the work. Default `exact`.
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
  checkForm(options);
  const model = fitLogistic({ features, labels, classes, C, tolerance: TOLERANCE });
  if (model.counts.filter((count) => count > 0).length < 2)
    throw new InputError(
      "expectedError: one class is known so far, and there is nothing to be unsure about: label more",
    );
  const lossOf = losses[loss];
  const after =
    form === "exact"
      ? refits({ features, labels, classes, C }, model, candidates, evaluation)
      : lookAhead({ features, columns: columnsOf(labels, model), C, candidates, evaluation }, model);
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

/** @throws InputError for a form, loss or C that is none */
export function checkForm({
  form = "exact",
  loss = "log",
  C = 1,
}: Pick<ExpectedErrorOptions, "form" | "loss" | "C">): void {
  if (form !== "exact" && form !== "lookahead")
    throw new InputError(`form must be exact or lookahead, got ${String(form)}`);
  if (loss !== "log" && loss !== "0/1") throw new InputError(`loss must be log or 0/1, got ${String(loss)}`);
  if (!(C > 0)) throw new InputError(`C must be above 0, got ${C}`);
}

/** The column of each label. */
function columnsOf(labels: ArrayLike<number>, { classes }: LogisticModel): Int32Array {
  return Int32Array.from(labels, (label) => classes.indexOf(label));
}

/** What candidates differ by is small beside what `fitLogistic` leaves open by itself. */
const TOLERANCE = 1e-9;

/**
 * How the look-ahead ranks candidates beside the exact form: Spearman's correlation over some of them, evenly spread, from
 * −1 to 1, ties at the mean of their ranks. NaN of a single candidate, or where either form holds all for alike.
 */
export function lookaheadCorrelation(options: Omit<ExpectedErrorOptions, "form">, most = 20): number {
  const { rows } = options.candidates;
  const step = Math.ceil(rows / most);
  const kept = Array.from({ length: Math.ceil(rows / step) }, (_, i) => i * step);
  const asked = { ...options, candidates: takeRows(options.candidates, kept) };
  const [a, b] = (["exact", "lookahead"] as const).map((form) => ranksOf(expectedError({ ...asked, form })));
  return correlation(a, b);
}

/** Pearson's. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const middle = (a.length - 1) / 2;
  const product = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, i) => sum + (value - middle) * (y[i] - middle), 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

/** From 0, ties at their mean. */
function ranksOf(values: Float64Array): number[] {
  const sorted = Float64Array.from(values).sort();
  return Array.from(values, (value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2);
}

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

/** Mean over rows of what a model expects to lose, by its own probabilities. */
const losses: Record<"log" | "0/1", (p: ArrayLike<number>, rows: number) => number> = {
  log(p, rows) {
    let sum = 0;
    for (let i = 0; i < p.length; i++) if (p[i] > 0) sum -= p[i] * log(p[i]);
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
