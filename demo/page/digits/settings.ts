/** What a person may choose before the first label: of all there is, what these digits and this model can feed. */
import { batches, strategies, type BatchName, type StrategyName } from "poolwise";

export interface Settings {
  readonly strategy: StrategyName;
  readonly batch: BatchName;
  /** The batch rule that picks the first rows, when there is no model yet. */
  readonly start: BatchName;
  readonly seed: number;
}

export const usual: Settings = { strategy: "margin", batch: "top-k", start: "typiclust", seed: 1 };

/** Logistic regression makes one pass: what compares several has nothing to compare. */
const fedStrategies = strategies.filter(({ needs }) => needs === undefined || needs === "gradients");
export const strategyChoices: readonly StrategyName[] = fedStrategies.map(({ name }) => name);

const isFed = (strategy: string | undefined): boolean => !strategy || strategyChoices.some((name) => name === strategy);
export const batchChoices: readonly BatchName[] = batches
  .filter(({ strategy }) => isFed(strategy))
  .map(({ name }) => name);

export const startChoices: readonly BatchName[] = batches
  .filter(({ needs }) => needs.every((need) => need === "embeddings"))
  .map(({ name }) => name);

/** Whether a batch rule ranks by the strategy that is chosen, or goes by something of its own. */
export const ranks = (batch: BatchName): boolean =>
  batches.some(({ name, needs }) => name === batch && needs.includes("scores"));

export const aboutStrategy = (name: StrategyName): string => strategies.find((one) => one.name === name)!.about;
export const aboutBatch = (name: BatchName): string => batches.find((one) => one.name === name)!.about;
