/** What a pool can be asked for: strategies and batch rules whose needs it meets, as the library's registries say. */
import { batches, strategies, type BatchName, type StrategyName } from "poolwise";

/** What a pool is asked for. */
export interface Choice {
  /** None of embeddings alone, which have no scores. */
  readonly strategy: StrategyName | undefined;
  readonly batch: BatchName;
  readonly k: number;
  readonly temperature: number;
  readonly seed: number;
  readonly alpha: number;
  readonly epsilon: number;
  readonly density: number;
}

export const usual: Choice = {
  strategy: "entropy",
  batch: "top-k",
  k: 100,
  temperature: 1,
  seed: 0,
  alpha: 0.5,
  epsilon: 0,
  density: 0,
};

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

/** How many more strategies and rules there would be, and with what: one sentence, or none. */
export function missing(supply: Supply): string | undefined {
  const count = (of: Supply): number => strategiesFor(of).length + batchesFor(of).length;
  const gains: readonly (readonly [what: string, fuller: Supply])[] =
    supply.passes === 0
      ? [["predictions", { ...supply, passes: 1 }]]
      : [
          ["embeddings", { ...supply, hasEmbeddings: true }],
          ["predictions of several passes", { ...supply, passes: 2 }],
        ];
  const said = gains
    .map(([what, fuller]) => [what, count(fuller) - count(supply)] as const)
    .filter(([, more]) => more > 0)
    .map(([what, more]) => `${more} more with ${what}`);
  return said.length > 0 ? `Strategies and rules: ${said.join(", ")}.` : undefined;
}

/** What comes nearest to what is wanted of a pool of so many rows, and what else there is to choose from. */
export function choose(wanted: Choice, supply: Supply, rows: number) {
  const knownStrategies = strategiesFor(supply);
  const knownBatches = batchesFor(supply);
  const batch = nearest(wanted.batch, knownBatches, "k-center")!;
  const rule = batchNamed(batch);
  /** Of a rule that works from no other. */
  const fixed = knownStrategies.find((name) => name === rule.strategy);
  const weighsAlpha = rule.heeds?.includes("alpha") ?? false;
  const weighsDensity = rule.needs.includes("scores") && supply.passes > 0 && supply.hasEmbeddings;
  const choice: Choice = {
    ...wanted,
    batch,
    strategy: fixed ?? nearest(wanted.strategy, knownStrategies, usual.strategy),
    k: Math.min(wanted.k, rows),
    alpha: weighsAlpha ? wanted.alpha : usual.alpha,
    density: weighsDensity ? wanted.density : usual.density,
  };
  return { choice, knownStrategies, knownBatches, fixed, weighsAlpha, weighsDensity };
}

/** The wanted one where it is known, or one that stands in for it. */
const nearest = <Name extends string>(wanted: Name | undefined, known: readonly Name[], standIn: Name | undefined) =>
  known.find((name) => name === wanted) ?? known.find((name) => name === standIn) ?? known.at(0);
