/**
 * Rows that come one at a time, each to be asked about at once or never: what is uncertain enough is asked, within a budget
 * (Žliobaitė, Bifet, Pfahringer & Holmes 2014).
 */
import { SUM_TOLERANCE } from "../backends/cpu/reference.ts";
import { cosOfTurns, log } from "../elementary.ts";
import { InputError } from "../errors.ts";
import { checkSeed, randomBits, streams } from "../random.ts";

export interface StreamOptions {
  /** Share of rows that may be asked about, above 0 and up to 1. */
  readonly budget: number;
  /**
   * When a row is uncertain: `fixed`, if max p is below the threshold; `variable`, the threshold falls with every question
   * and rises otherwise, so that the budget is spent evenly also when the model grows surer or the stream drifts;
   * `randomised`, it is multiplied anew for every row with a draw around 1, so that no region is never asked about; `split`,
   * some rows are asked by lot, whatever the model says, the others by a variable threshold. Default `variable`.
   */
  readonly rule?: "fixed" | "variable" | "randomised" | "split";
  /** To begin with, from 0 to 1. Default 1: everything is uncertain. */
  readonly threshold?: number;
  /** How far the threshold moves, as a share of itself. Default 0.01. */
  readonly step?: number;
  /** Of `split`: share of rows that go by lot. Default 0.2. */
  readonly lot?: number;
  /** Rows over which spending is measured. Default 100. */
  readonly window?: number;
  /** Default 0. */
  readonly seed?: number;
}

export interface StreamDecision {
  readonly ask: boolean;
  /** In words. */
  readonly reason: string;
  /** Share of recent rows that were asked about, this one included. */
  readonly spent: number;
  readonly threshold: number;
}

export interface StreamSampler {
  /** Whether to ask about the next row, from its probabilities, [classes]. */
  next(probabilities: ArrayLike<number>): StreamDecision;
}

/** Decides row by row. The same rows and seed give the same decisions. */
export function streamSampler(options: StreamOptions): StreamSampler {
  const { budget, rule = "variable", threshold = 1, step = 0.01, lot = 0.2, window = 100, seed = 0 } = options;
  check(budget > 0 && budget <= 1, `budget must be above 0 and up to 1, got ${budget}`);
  check(
    ["fixed", "variable", "randomised", "split"].includes(rule),
    `rule must be fixed, variable, randomised or split, got ${String(rule)}`,
  );
  check(threshold > 0 && threshold <= 1, `threshold must be above 0 and up to 1, got ${threshold}`);
  check(step > 0 && step < 1, `step must be above 0 and below 1, got ${step}`);
  check(lot >= 0 && lot <= 1, `lot must be between 0 and 1, got ${lot}`);
  check(Number.isInteger(window) && window >= 1, `window must be a whole number of at least 1, got ${window}`);
  check(window * budget >= 1, `a budget of ${budget} allows no question in a window of ${window}: widen it`);
  checkSeed(seed);
  let bar = threshold;
  /** Questions, of which old ones count for less: over `window` rows. As many as the budget has, before the first. */
  let asked = window * budget;
  let row = 0;
  const uniform = (unit: number): number => (randomBits(seed, streams.rows, row, unit) + 0.5) / 2 ** 32;

  const wants = (confidence: number): { ask: boolean; reason: string } => {
    if (rule === "split" && uniform(0) < lot) {
      const ask = uniform(1) < budget;
      return { ask, reason: ask ? "by lot" : "not by lot" };
    }
    // Box & Muller.
    const draw = rule === "randomised" ? 1 + Math.sqrt(-2 * log(uniform(2))) * cosOfTurns(uniform(3)) : 1;
    const own = bar * draw;
    const ask = confidence < own;
    if (rule !== "fixed") bar = Math.min(1, bar * (ask ? 1 - step : 1 + step));
    return { ask, reason: `max p ${confidence.toFixed(3)} is ${ask ? "below" : "not below"} ${own.toFixed(3)}` };
  };

  return {
    next(probabilities) {
      const confidence = confidenceOf(probabilities, row);
      const kept = asked * (1 - 1 / window);
      // One more leaves the share where it may be, so of any number of rows no more than that are asked about.
      const isWithin = kept + 1 <= window * budget * (1 + 1e-9);
      const { ask, reason } = isWithin
        ? wants(confidence)
        : { ask: false, reason: "the budget of recent rows is spent" };
      asked = kept + (ask ? 1 : 0);
      row++;
      return { ask, reason, spent: asked / window, threshold: bar };
    },
  };
}

function confidenceOf(probabilities: ArrayLike<number>, row: number): number {
  let most = -Infinity;
  let sum = 0;
  for (let c = 0; c < probabilities.length; c++) {
    check(
      probabilities[c] >= 0 && probabilities[c] <= 1.001,
      `row ${row} of the stream: class ${c} has probability ${probabilities[c]}`,
    );
    most = Math.max(most, probabilities[c]);
    sum += probabilities[c];
  }
  check(most >= 0, `row ${row} of the stream: there are no probabilities`);
  check(Math.abs(sum - 1) <= SUM_TOLERANCE, `row ${row} of the stream: probabilities sum to ${sum}, not to 1`);
  return most;
}

function check(isRight: boolean, message: string): void {
  if (!isRight) throw new InputError(message);
}
