/** What there is to choose from: all that the registries have and the model at hand has something for. */
import { batches, batchNames, strategies, type BatchName, type Need, type StrategyName } from "poolwise";
import { modelNames, modelOf, type ModelName } from "./models.ts";

export const strategyNamed = (name: StrategyName) => strategies.find((strategy) => strategy.name === name)!;
export const batchNamed = (name: BatchName) => batches.find((batch) => batch.name === name)!;

export const strategiesFor = (model: ModelName): readonly StrategyName[] =>
  strategies.filter(({ needs }) => meets(model, needs)).map(({ name }) => name);

export const batchesFor = (model: ModelName): readonly BatchName[] =>
  batches
    .filter(({ strategy }) => !strategy || strategiesFor(model).some((name) => name === strategy))
    .map(({ name }) => name);

/** Whether a rule ranks by a strategy of one's choice: some bring their own, some have no use for any. */
export const takesStrategy = (batch: BatchName): boolean => goesByScores(batch) && !batchNamed(batch).strategy;

/** Whether scores have a say, and so density. */
export const goesByScores = (batch: BatchName): boolean => batchNamed(batch).needs.includes("scores");

/** Whether picks depend on how sure the model is. */
export const goesByBeliefs = (batch: BatchName): boolean =>
  goesByScores(batch) || batchNamed(batch).needs.includes("predictions");

/** Whether the strategy or the rule compares passes. */
export function comparesPasses(strategy: StrategyName, batch: BatchName): boolean {
  const own = batchNamed(batch).strategy as StrategyName | undefined;
  const needs = own || takesStrategy(batch) ? strategyNamed(own ?? strategy).needs : undefined;
  return needs !== undefined && needs !== "gradients";
}

/** What the menus leave out, and which model would bring it back; nothing where they have all. */
export function leftOut(model: ModelName): string | undefined {
  const missing = strategies.filter(({ needs }) => !meets(model, needs));
  if (missing.length === 0) return undefined;
  const rules = batchNames.filter((name) => !batchesFor(model).includes(name));
  const others = modelNames.filter((name) => missing.every(({ needs }) => meets(name, needs))).join(" or ");
  return missing.some(({ needs }) => needs !== "gradients")
    ? `What compares several answers to one question (${rules.join(", ")} and ${missing.length} strategies) comes with ${others}.`
    : `What looks into one model (${missing.map(({ name }) => name).join(", ")}) comes with ${others}.`;
}

function meets(model: ModelName, needs: Need | undefined): boolean {
  const { passes, isHead } = modelOf(model);
  return needs === undefined || (needs === "gradients" ? isHead : passes !== undefined);
}
