/** How many pools each property is held to, in `npm test` and in `npm run soak`: loops go by them, and tables quote them. */
import { short } from "../../support/soak.ts";

interface PropertyCount {
  /** What each of them is one of. */
  readonly what: string;
  /** What is tried on each: every strategy, or every batch rule. */
  readonly each: "strategies" | "batches";
  readonly short: number;
  readonly long: number;
}

export const propertyCounts = {
  range: { what: "pools whose scores stay in range", each: "strategies", short: 20, long: 2000 },
  rows: { what: "pools whose rows change places", each: "strategies", short: 20, long: 2000 },
  classes: { what: "pools whose classes change places", each: "strategies", short: 20, long: 2000 },
  shift: { what: "pools whose rows are shifted by a constant", each: "strategies", short: 20, long: 2000 },
  temperature: { what: "pools that are scaled as a temperature would", each: "strategies", short: 20, long: 2000 },
  probabilities: { what: "pools given as logits and as probabilities", each: "strategies", short: 20, long: 2000 },
  duplicates: { what: "pools that have rows twice", each: "strategies", short: 20, long: 2000 },
  scoreChunks: { what: "pools that are cut into chunks", each: "strategies", short: 8, long: 800 },
  valid: { what: "selections of k distinct rows that are left", each: "batches", short: 20, long: 2000 },
  rowsPicked: { what: "pools whose rows change places, picked from", each: "batches", short: 16, long: 1600 },
  spread: { what: "pools that have rows twice, picked from", each: "batches", short: 16, long: 1600 },
  pickChunks: { what: "pools that are cut into chunks, picked from", each: "batches", short: 4, long: 400 },
} as const satisfies Record<string, PropertyCount>;

/** Seeds in the long form for which every strategy and rule is to pick the same on each engine. */
export const SEEDS = { cpu: 100, device: 10 } as const;

export type PropertyName = keyof typeof propertyCounts;

/** Pools of this run. */
export const countOf = (name: PropertyName): number => short(propertyCounts[name].short, propertyCounts[name].long);
