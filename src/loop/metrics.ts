/** How good a model is, and how much it differs from the one before. */
import { log } from "../elementary.ts";

/** Of a validation set: `accuracy` and `macroF1` from 0 to 1, `logLoss` in nats. */
export interface Metrics {
  readonly accuracy?: number;
  /** Mean over classes of the harmonic mean of precision and recall; of the classes that are there or predicted. */
  readonly macroF1?: number;
  /** Mean −ln p(label). A class that the model has no column for counts as the least probability that float32 tells from 0. */
  readonly logLoss?: number;
  /** Of a sample of the pool: Cohen's kappa with the model before, and the share of rows that are predicted otherwise. */
  readonly kappa?: number;
  readonly changed?: number;
}

export type MetricName = "accuracy" | "macroF1" | "logLoss";

/** What is predicted for each row: the label of its likeliest column, ties to the first. */
export function predictions(data: Float32Array, labels: readonly number[]): Uint32Array {
  const columns = labels.length;
  return Uint32Array.from({ length: data.length / columns }, (_, row) => {
    let best = 0;
    for (let c = 1; c < columns; c++) if (data[row * columns + c] > data[row * columns + best]) best = c;
    return labels[best];
  });
}

/** Probabilities [rows, columns] beside the truth, [rows]. */
export function quality(
  data: Float32Array,
  columns: readonly number[],
  truth: ArrayLike<number>,
): Required<Pick<Metrics, MetricName>> {
  const predicted = predictions(data, columns);
  const known = [...new Set([...Array.from(truth), ...predicted])];
  const counts = new Map(known.map((label) => [label, { hits: 0, truths: 0, guesses: 0 }]));
  let loss = 0;
  let hits = 0;
  predicted.forEach((guess, row) => {
    const label = truth[row];
    counts.get(label)!.truths++;
    counts.get(guess)!.guesses++;
    if (guess === label) {
      counts.get(label)!.hits++;
      hits++;
    }
    const column = columns.indexOf(label);
    const p = column < 0 ? 0 : data[row * columns.length + column];
    loss -= log(Math.max(p, LEAST));
  });
  const f1 = known.map((label) => {
    const { hits: own, truths, guesses } = counts.get(label)!;
    return (2 * own) / (truths + guesses);
  });
  return {
    accuracy: hits / predicted.length,
    macroF1: f1.reduce((sum, value) => sum + value, 0) / f1.length,
    logLoss: loss / predicted.length,
  };
}

/** The smallest float32 above 0 that is not subnormal. */
const LEAST = 2 ** -126;

/** How two models' predictions for the same rows agree. Kappa is 1 where both say one and the same class of all. */
export function agreementOf(before: Uint32Array, after: Uint32Array): Required<Pick<Metrics, "kappa" | "changed">> {
  const rows = before.length;
  const marginals = new Map<number, [before: number, after: number]>();
  let same = 0;
  before.forEach((label, row) => {
    if (label === after[row]) same++;
    for (const [side, one] of [label, after[row]].entries()) {
      const counts = marginals.get(one) ?? [0, 0];
      counts[side]++;
      marginals.set(one, counts);
    }
  });
  let chance = 0;
  for (const [a, b] of marginals.values()) chance += (a / rows) * (b / rows);
  const observed = same / rows;
  return { kappa: chance === 1 ? 1 : (observed - chance) / (1 - chance), changed: (rows - same) / rows };
}
