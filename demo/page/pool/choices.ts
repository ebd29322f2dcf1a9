/** What a pool can be asked for: strategies and batch rules whose needs it meets, as the library's registries say. */
import { batches, strategies, type BatchName, type StrategyName } from "poolwise";

/** What is loaded, as far as it matters here. */
export interface Supply {
  /** Of the predictions; 0 without any. */
  readonly passes: number;
  readonly hasEmbeddings: boolean;
}

export const strategyNamed = (name: StrategyName) => strategies.find((strategy) => strategy.name === name)!;
export const batchNamed = (name: BatchName) => batches.find((rule) => rule.name === name)!;

/** Predictions have no gradients; of anything else that is compared there have to be several passes. */
export const strategiesFor = ({ passes }: Supply): StrategyName[] =>
  strategies
    .filter(({ needs }) => passes > 0 && (needs === undefined || (needs !== "gradients" && passes > 1)))
    .map(({ name }) => name);

export function batchesFor(supply: Supply): BatchName[] {
  const known: readonly string[] = strategiesFor(supply);
  return batches
    .filter(({ needs, strategy }) => {
      const isFed = needs.every((need) => (need === "embeddings" ? supply.hasEmbeddings : supply.passes > 0));
      return isFed && (strategy === undefined || known.includes(strategy));
    })
    .map(({ name }) => name);
}

/** What else there would be, and with what: one sentence, or none. */
export function missing(supply: Supply): string | undefined {
  const more = [
    ["predictions", { ...supply, passes: Math.max(1, supply.passes) }],
    ["embeddings", { ...supply, hasEmbeddings: true }],
    ["predictions of several passes", { ...supply, passes: 2 }],
  ] as const;
  const have = batchesFor(supply).length + strategiesFor(supply).length;
  const gains = more
    .map(([what, with_]) => [what, batchesFor(with_).length + strategiesFor(with_).length - have] as const)
    .filter(([what, gain]) => gain > 0 && !(supply.passes === 0 && what === "predictions of several passes"))
    .map(([what, gain]) => `${gain} more with ${what}`);
  return gains.length ? `There are ${gains.join(", ")}.` : undefined;
}

/** The chosen one where it can be fed, else the first that can, the best known one before others. */
export const standIn = <Name extends string>(chosen: Name, known: readonly Name[], usual: Name): Name | undefined =>
  [chosen, usual, ...known].find((name) => known.includes(name));
