/** When to stop asking. */
import { InputError } from "../errors.ts";
import type { Metrics, MetricName } from "./metrics.ts";

/** What a rule may look at. */
export interface LoopState {
  /** Rounds of asking that are done. */
  readonly rounds: number;
  /** Rows with a label. */
  readonly labels: number;
  /** Rows that the oracle refused. */
  readonly refused: number;
  /** That the loop has worked and waited, over all its sittings. */
  readonly seconds: number;
  /** Of the model of each round, the one that has just been fitted last. */
  readonly metrics: readonly Metrics[];
}

export interface StopRule {
  /** Why to stop, in words; undefined to go on. */
  why(state: LoopState): string | undefined;
  /** No more labels than this are asked for. */
  readonly budget?: number;
  /** Goes by a metric of the validation set, without which it would never say so. */
  readonly needsValidation?: boolean;
}

/** So many labels. */
export function budget(labels: number): StopRule {
  atLeast("budget", labels, 1);
  return {
    budget: labels,
    why: (state) => (state.labels >= labels ? `${state.labels} labels: the budget is spent` : undefined),
  };
}

/** So many rounds of asking. */
export function rounds(most: number): StopRule {
  atLeast("rounds", most, 1);
  return { why: (state) => (state.rounds >= most ? `${state.rounds} rounds are done` : undefined) };
}

/** So many seconds, counted when a round begins. */
export function time(seconds: number): StopRule {
  positive("time", seconds);
  return { why: (state) => (state.seconds >= seconds ? `${Math.round(state.seconds)} s have passed` : undefined) };
}

/** A metric of the validation set that is good enough: from below, but for `logLoss`, which falls. */
export function target(metric: MetricName, value: number): StopRule {
  checkMetric(metric);
  between("target", value, 0, metric === "logLoss" ? Infinity : 1);
  return {
    needsValidation: true,
    why({ metrics }) {
      const found = last(metrics)?.[metric];
      if (found === undefined) return undefined;
      const isReached = metric === "logLoss" ? found <= value : found >= value;
      return isReached ? `${metric} is ${found.toPrecision(4)}` : undefined;
    },
  };
}

/**
 * Models of `rounds` successive rounds that agree with the one before by Cohen's kappa of at least `kappa`, on a sample of
 * the pool.
 *
 * @see Bloodgood & Vijay-Shanker 2009, who stop at 0.99 over three rounds
 */
export function agreement(kappa = 0.99, successive = 3): StopRule {
  between("kappa", kappa, -1, 1);
  atLeast("rounds", successive, 1);
  return inARow(
    successive,
    (metrics) => metrics.kappa !== undefined && metrics.kappa >= kappa,
    `agree with a kappa of ${kappa} or more`,
  );
}

/** Successive models that predict the same for all but this share of a sample of the pool. */
export function unchanged(share = 0, successive = 3): StopRule {
  between("share", share, 0, 1);
  atLeast("rounds", successive, 1);
  return inARow(
    successive,
    (metrics) => metrics.changed !== undefined && metrics.changed <= share,
    `change ${100 * share} % of predictions or less`,
  );
}

/** No better value of a metric for so many rounds. */
export function patience(metric: MetricName, successive: number, better = 0): StopRule {
  checkMetric(metric);
  atLeast("rounds", successive, 1);
  between("better", better, 0, Infinity);
  return {
    needsValidation: true,
    why({ metrics }) {
      const values = metrics.map((one) => one[metric]).filter((value) => value !== undefined);
      const sign = metric === "logLoss" ? -1 : 1;
      const best = Math.max(...values.slice(0, -successive).map((value) => sign * value));
      const recent = Math.max(...values.slice(-successive).map((value) => sign * value));
      if (values.length <= successive || recent > best + better) return undefined;
      return `${metric} has not become better than ${(sign * best).toPrecision(4)} for ${successive} rounds`;
    },
  };
}

/** The first of several rules to say so. */
export function any(...rules: readonly StopRule[]): StopRule {
  checkRules("any", rules);
  return {
    budget: smallest(rules),
    needsValidation: rules.some((rule) => rule.needsValidation),
    why: (state) => rules.map((rule) => rule.why(state)).find((why) => why !== undefined),
  };
}

/** All of several rules at once. */
export function all(...rules: readonly StopRule[]): StopRule {
  checkRules("all", rules);
  return {
    needsValidation: rules.some((rule) => rule.needsValidation),
    why(state) {
      const found = rules.map((rule) => rule.why(state));
      return found.every((why) => why !== undefined) ? found.join("; ") : undefined;
    },
  };
}

function inARow(successive: number, holds: (metrics: Metrics) => boolean, what: string): StopRule {
  return {
    why: ({ metrics }) =>
      metrics.length >= successive && metrics.slice(-successive).every(holds)
        ? `the last ${successive} models ${what}`
        : undefined,
  };
}

function smallest(rules: readonly StopRule[]): number | undefined {
  const budgets = rules.flatMap(({ budget: own }) => own ?? []);
  return budgets.length > 0 ? Math.min(...budgets) : undefined;
}

function checkRules(name: string, rules: readonly StopRule[]): void {
  if (rules.length === 0 || rules.some((rule) => typeof rule?.why !== "function"))
    throw new InputError(`stopWhen.${name}: give rules of stopWhen, such as stopWhen.budget(1000)`);
}

function between(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw new InputError(
      `${name} must be ${most === Infinity ? `at least ${least}` : `between ${least} and ${most}`}, got ${value}`,
    );
}

function checkMetric(metric: string): void {
  const known = ["accuracy", "macroF1", "logLoss"];
  if (!known.includes(metric)) throw new InputError(`unknown metric "${metric}": known are ${known.join(", ")}`);
}

const last = <T>(list: readonly T[]): T | undefined => list[list.length - 1];

function atLeast(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw new InputError(`${name} must be a whole number of at least ${least}, got ${value}`);
}

function positive(name: string, value: number): void {
  if (!(value > 0)) throw new InputError(`${name} must be above 0, got ${value}`);
}
