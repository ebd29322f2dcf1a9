/** Batch rules by name. */
import { InputError } from "../errors.ts";
import type { BatchRule } from "./batch.ts";
import * as registry from "./registry.ts";

/** The name of a batch rule that poolwise knows. */
export type BatchName = (typeof registry)[keyof typeof registry]["name"];

/** Every rule, in the order of their names. */
export const batches: readonly BatchRule<BatchName>[] = Object.values<BatchRule<BatchName>>(registry).sort((a, b) =>
  a.name < b.name ? -1 : 1,
);

export const batchNames: readonly BatchName[] = batches.map(({ name }) => name);

/** The batch rule of that name, or an error that lists the known ones. */
export function batchOf(name: string): BatchRule<BatchName> {
  const batch = batches.find((b) => b.name === name);
  if (!batch) throw new InputError(`unknown batch "${name}": known are ${batchNames.join(", ")}`);
  return batch;
}
