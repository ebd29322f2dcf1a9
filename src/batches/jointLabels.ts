/** The labels of several rows together, as the passes of a model predict them. */
import { log } from "../elementary.ts";
import { pLogP } from "../passes.ts";
import { randomUniform, streams } from "../random.ts";
import type { Mixtures } from "./mixtures.ts";
import type { RowPasses } from "./rowPasses.ts";

/** Products that the gain of one row may cost, about 2 ms of them; combinations are sampled past it. */
const MOST_PRODUCTS = 2 ** 21;
/** Combinations sampled. */
const SAMPLES = 2000;

/**
 * Labels of the rows added so far. Each combination of them has a weight in every pass: its probability there, or, where
 * combinations are sampled, the probability of the pass given the combination.
 */
export class JointLabels {
  private readonly seed: number;
  /** Rows added while all combinations are enumerated: sampling begins with them. */
  private readonly rows: RowPasses[] = [];
  /** Combinations so far. */
  private combinations = 1;
  /** [combinations, passes]; undefined while there is one combination, in which all passes weigh alike. */
  private weights: Float64Array | undefined;
  /** Whether combinations are drawn by now, and gains are estimates. */
  areSampled = false;
  /** Rows whose labels are in the sample. */
  private added = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  /**
   * What the label of one more row adds to the information about the model, in nats: H(y | labels so far) less the mean
   * entropy over the passes. Where combinations are sampled, an estimate with its standard error.
   */
  gainOf({ passes, classes, each, within }: RowPasses): { gain: number; error: number } {
    const weights = this.weights ?? new Float64Array(passes).fill(1);
    const p = new Float64Array(classes);
    let sum = 0;
    let squares = 0;
    for (let s = 0; s < this.combinations; s++) {
      // Of this combination and each class together; of the class alone where combinations are sampled.
      p.fill(0);
      let total = 0;
      for (let t = 0; t < passes; t++) {
        const weight = weights[s * passes + t] / passes;
        total += weight;
        for (let c = 0; c < classes; c++) p[c] += weight * each[t * classes + c];
      }
      // Σ −p ln (p / total): what this combination adds to H(y | combination), weighted with its own probability.
      let entropy = pLogP(total, log(total));
      for (let c = 0; c < classes; c++) entropy -= pLogP(p[c], log(p[c]));
      sum += entropy;
      squares += entropy * entropy;
    }
    if (!this.areSampled) return { gain: Math.max(0, sum - within), error: 0 };
    const mean = sum / SAMPLES;
    const variance = Math.max(0, squares / SAMPLES - mean * mean) / (SAMPLES - 1);
    return { gain: Math.max(0, mean - within), error: Math.sqrt(variance) };
  }

  /** What a combination makes of the passes, and its probability. A gain is the mean entropy over these, less `within`. */
  mixtures(passes: number): Mixtures {
    const weights = this.weights?.slice() ?? new Float64Array(passes).fill(1);
    const masses = new Float64Array(this.combinations);
    for (let s = 0; s < masses.length; s++) {
      const own = weights.subarray(s * passes, (s + 1) * passes);
      const total = own.reduce((a, b) => a + b, 0);
      masses[s] = this.areSampled ? 1 / SAMPLES : total / passes;
      if (total > 0) for (let t = 0; t < passes; t++) own[t] /= total;
    }
    return { passes, weights, masses };
  }

  add(row: RowPasses): void {
    const { passes, classes } = row;
    if (!this.areSampled && this.combinations * classes * passes * classes <= MOST_PRODUCTS) {
      this.enumerate(row);
      this.rows.push(row);
      return;
    }
    if (!this.areSampled) this.beginSampling(passes);
    this.sample(row);
  }

  private enumerate({ passes, classes, each }: RowPasses): void {
    const before = this.weights ?? new Float64Array(passes).fill(1);
    const weights = new Float64Array(this.combinations * classes * passes);
    let at = 0;
    for (let s = 0; s < this.combinations; s++)
      for (let c = 0; c < classes; c++)
        for (let t = 0; t < passes; t++) weights[at++] = before[s * passes + t] * each[t * classes + c];
    this.weights = weights;
    this.combinations *= classes;
  }

  /** Combinations are drawn from a pass each, all passes alike, label by label. */
  private beginSampling(passes: number): void {
    this.areSampled = true;
    this.combinations = SAMPLES;
    this.weights = new Float64Array(SAMPLES * passes).fill(1);
    this.added = 0;
    for (const row of this.rows) this.sample(row);
    this.rows.length = 0;
  }

  /** Draws a label of this row into each combination. */
  private sample({ passes, classes, each }: RowPasses): void {
    const { seed } = this;
    this.added++;
    for (let s = 0; s < SAMPLES; s++) {
      const drawn = Math.floor(randomUniform(seed, streams.labels, s) * passes);
      const label = labelOf(each, drawn * classes, classes, randomUniform(seed, streams.labels, s, this.added));
      const own = this.weights!.subarray(s * passes, (s + 1) * passes);
      let sum = 0;
      for (let t = 0; t < passes; t++) sum += own[t] *= each[t * classes + label];
      // Scaled to a mean of 1: the probability of each pass, times their number.
      for (let t = 0; t < passes; t++) own[t] *= passes / sum;
    }
  }
}

/** The label at `lot` of the cumulative probabilities. */
function labelOf(each: Float64Array, first: number, classes: number, lot: number): number {
  let left = lot;
  let last = 0;
  for (let c = 0; c < classes; c++) {
    if (each[first + c] === 0) continue;
    last = c;
    left -= each[first + c];
    if (left < 0) break;
  }
  return last;
}
