/** What a person has set, and what that asks of each rule. */
import { batches, strategies, type BatchName, type SelectOptions, type StrategyName } from "poolwise";

export interface Settings {
  /** Rows of the pool. */
  readonly rows: number;
  /** Of the pool, and of all that rules draw by lot. */
  readonly seed: number;
  readonly k: number;
  readonly alpha: number;
  readonly strategy: StrategyName;
}

export type Rule = (typeof batches)[number];

/** Those that the rest is held against. */
const leadingNames: readonly BatchName[] = ["top-k", "k-center", "hybrid"];
export const leading: readonly Rule[] = leadingNames.map((name) => batches.find((rule) => rule.name === name)!);
export const others: readonly Rule[] = batches.filter(({ name }) => !leadingNames.includes(name));
export const rules: readonly Rule[] = [...leading, ...others];

/** Those that a committee's predictions are enough for. */
export const scorings = strategies.filter(({ needs }) => needs !== "gradients");

export const poolSizes = [500, 3000, 10_000, 30_000, 100_000] as const;
export const MOST_PICKS = 50;

export const defaults: Settings = { rows: 3000, seed: 1, k: 20, alpha: 0.5, strategy: "entropy" };

export const ranksByStrategy = ({ needs, strategy }: Rule): boolean => needs.includes("scores") && !strategy;
export const heedsAlpha = ({ heeds }: Rule): boolean => heeds?.includes("alpha") ?? false;

/** Only what the rule goes by: where nothing of that has changed, its picks have not. */
export function askedOf(rule: Rule, { k, seed, alpha, strategy }: Settings): SelectOptions {
  return { k, seed, ...(ranksByStrategy(rule) && { strategy }), ...(heedsAlpha(rule) && { alpha }) };
}
