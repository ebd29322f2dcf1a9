/** Holds a property to as many pools as it is to be held to, and says from which seed they were drawn. */
import fc from "fast-check";
import { isSoak } from "../../support/soak.ts";
import { countOf, type PropertyName } from "./propertyCounts.ts";

/** The short form is the same every time; `POOLWISE_SEED` gives a long form that failed once more. */
const seed = isSoak ? Number(process.env.POOLWISE_SEED ?? Date.now() % 2 ** 31) : 1;

/** `share` of the pools are drawn: a software device takes longer for each. */
export async function hold<T>(
  name: PropertyName,
  pools: fc.Arbitrary<T>,
  property: (pool: T) => Promise<void>,
  share = 1,
): Promise<void> {
  const numRuns = Math.ceil(countOf(name) * share);
  if (isSoak) console.info(`${name}: ${numRuns} pools from seed ${seed}`);
  await fc.assert(fc.asyncProperty(pools, property), { numRuns, seed });
}
