/** Batch rules by name. */
import { InputError } from "../errors.ts";
import type { BatchRule } from "./batch.ts";
import * as registry from "./registry.ts";

/** The name of a batch rule that poolwise knows. */
export type BatchName = (typeof registry)[keyof typeof registry]["name"];

export const batches: readonly BatchRule<BatchName>[] = Object.values(registry);

export const batchNames: readonly BatchName[] = batches.map(({ name }) => name);

/** The batch rule of that name, or an error that lists the known ones. */
export function batchOf(name: string): BatchRule<BatchName> {
  const batch = batches.find((b) => b.name === name);
  if (!batch) throw new InputError(`unknown batch "${name}": known are ${batchNames.join(", ")}`);
  return batch;
}
