/** Strategies by name. */
import { InputError } from "../errors.ts";
import type { Strategy } from "../strategy.ts";
import * as registry from "./registry.ts";

/** The name of a strategy that poolwise knows. */
export type StrategyName = (typeof registry)[keyof typeof registry]["name"];

/** Every strategy, in the order of their names. */
export const strategies: readonly Strategy<StrategyName>[] = Object.values(registry).sort((a, b) =>
  a.name < b.name ? -1 : 1,
);

export const strategyNames: readonly StrategyName[] = strategies.map(({ name }) => name);

/** The strategy of that name, or an error that lists the known ones. */
export function strategyOf(name: string): Strategy<StrategyName> {
  const strategy = strategies.find((s) => s.name === name);
  if (!strategy) throw new InputError(`unknown strategy "${name}": known are ${strategyNames.join(", ")}`);
  return strategy;
}
