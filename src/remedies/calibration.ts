/**
 * Temperature scaling: the one number that a model's logits are divided by so that its probabilities are as likely as they
 * say (Guo et al. 2017).
 */
import { exp, log } from "../elementary.ts";
import { InputError } from "../errors.ts";
import type { Predictions } from "../matrix.ts";

/** How well probabilities fit what came true. */
export interface Fit {
  /** Mean −ln p(label), in nats. */
  readonly nll: number;
  /** Expected calibration error in 15 bins of equal width: the mean gap between confidence and accuracy, 0 to 1. */
  readonly ece: number;
}

export interface Calibration {
  /** What to divide logits by: above 1 for a model that is too sure. From 1/1000 to 1000. */
  readonly temperature: number;
  readonly before: Fit;
  readonly after: Fit;
  /** Rows that it was set by. */
  readonly rows: number;
}

const BINS = 15;
/** Of 1 / temperature; a model that is always right has no best one. */
const RANGE = [1e-3, 1e3] as const;
/** Where the lowest loss is looked for first: the loss of one pass is convex, that of a mean over passes need not be. */
const GRID = 60;

/**
 * The temperature of least loss on rows with a label that the model has not learnt from.
 *
 * `logits`, [passes, rows, classes]: of several passes, each is divided, and the mean of their probabilities is what is
 * held against the `labels`, [rows]. Logarithms of probabilities will do in place of logits.
 *
 * @throws InputError where labels and predictions do not fit, or are not numbers
 */
export function fitTemperature(
  { data, passes = 1, rows, classes }: Predictions,
  labels: ArrayLike<number>,
): Calibration {
  check({ data, passes, rows, classes }, labels);
  const { loss } = lossOf(data, passes, rows, classes, labels);
  const [low, high] = RANGE.map(log);
  const at = (i: number): number => low + ((high - low) * Math.min(Math.max(i, 0), GRID)) / GRID;
  let best = 0;
  let least = Infinity;
  for (let i = 0; i <= GRID; i++) {
    const { value } = loss(exp(at(i)));
    if (value < least) [best, least] = [i, value];
  }
  // The derivative has its zero between the neighbours of the best point of the grid.
  let [from, to] = [at(best - 1), at(best + 1)];
  while (to - from > 1e-12) {
    const middle = (from + to) / 2;
    if (middle === from || middle === to) break;
    if (loss(exp(middle)).slope < 0) from = middle;
    else to = middle;
  }
  const temperature = exp(-(from + to) / 2);
  const fit = (inverse: number): Fit => ({
    nll: loss(inverse).value,
    ece: calibrationError(data, passes, rows, classes, labels, inverse),
  });
  return { temperature, before: fit(1), after: fit(1 / temperature), rows };
}

/** Whether a temperature is the largest or smallest that is looked at: there is no best one, or it lies beyond. */
export const isAtTheEnd = (temperature: number): boolean =>
  temperature > 0.999 * RANGE[1] || temperature < 1.001 * RANGE[0];

/** Mean loss at an inverse temperature, and its derivative by that. */
function lossOf(data: Float32Array, passes: number, rows: number, classes: number, labels: ArrayLike<number>) {
  const loss = (inverse: number): { value: number; slope: number } => {
    let value = 0;
    let slope = 0;
    for (let row = 0; row < rows; row++) {
      // ln p̄ of the label, by the largest of its passes, so that none rounds to 0.
      let most = -Infinity;
      const logs: number[] = [];
      const slopes: number[] = [];
      for (let pass = 0; pass < passes; pass++) {
        const first = (pass * rows + row) * classes;
        const { logSum, mean } = momentsOf(data, first, classes, inverse);
        const own = data[first + labels[row]];
        logs.push(inverse * own - logSum);
        slopes.push(own - mean);
        most = Math.max(most, logs[pass]);
      }
      let sum = 0;
      let weighted = 0;
      logs.forEach((own, pass) => {
        const share = exp(own - most);
        sum += share;
        weighted += share * slopes[pass];
      });
      value -= most + log(sum / passes);
      slope -= weighted / sum;
    }
    return { value: value / rows, slope: slope / rows };
  };
  return { loss };
}

/** ln Σ e^(z·inverse), and the mean of z under these probabilities. A logit of −∞ counts for nothing. */
function momentsOf(
  data: Float32Array,
  first: number,
  classes: number,
  inverse: number,
): { logSum: number; mean: number } {
  let most = -Infinity;
  for (let c = first; c < first + classes; c++) most = Math.max(most, data[c]);
  let sum = 0;
  let mean = 0;
  for (let c = first; c < first + classes; c++) {
    if (data[c] === -Infinity) continue;
    const share = exp(inverse * (data[c] - most));
    sum += share;
    mean += share * data[c];
  }
  return { logSum: inverse * most + log(sum), mean: mean / sum };
}

/** Guo et al. 2017, equation 3. A confidence of 1 is in the last bin. */
function calibrationError(
  data: Float32Array,
  passes: number,
  rows: number,
  classes: number,
  labels: ArrayLike<number>,
  inverse: number,
): number {
  const bins = Array.from({ length: BINS }, () => ({ confidence: 0, hits: 0 }));
  const p = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    p.fill(0);
    for (let pass = 0; pass < passes; pass++) {
      const first = (pass * rows + row) * classes;
      const { logSum } = momentsOf(data, first, classes, inverse);
      for (let c = 0; c < classes; c++) p[c] += exp(inverse * data[first + c] - logSum) / passes;
    }
    const confidence = p.reduce((a, b) => Math.max(a, b));
    const bin = bins[Math.min(BINS - 1, Math.floor(confidence * BINS))];
    bin.confidence += confidence;
    if (p.indexOf(confidence) === labels[row]) bin.hits++;
  }
  return bins.reduce((sum, { confidence, hits }) => sum + Math.abs(confidence - hits), 0) / rows;
}

function check({ data, passes = 1, rows, classes }: Predictions, labels: ArrayLike<number>): void {
  if (data.length !== passes * rows * classes)
    throw new InputError(
      `calibration: ${passes} × ${rows} × ${classes} needs ${passes * rows * classes} values, data has ${data.length}`,
    );
  if (rows === 0) throw new InputError("calibration: there are no rows: keep some labelled ones");
  if (labels.length !== rows) throw new InputError(`labels: there are ${labels.length} for ${rows} rows`);
  for (let row = 0; row < rows; row++) {
    const label = labels[row];
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new InputError(`labels: row ${row} is ${label}, a class must be a whole number from 0 to ${classes - 1}`);
    for (let pass = 0; pass < passes; pass++) {
      const first = (pass * rows + row) * classes;
      for (let c = 0; c < classes; c++) {
        const value = data[first + c];
        if (Number.isNaN(value) || value === Infinity)
          throw new InputError(`predictions: row ${row}: class ${c} is ${value}: correct it`);
      }
      if (data[first + label] === -Infinity)
        throw new InputError(
          `predictions: row ${row}: its class ${label} has probability 0, which no temperature mends`,
        );
    }
  }
}
