/** How many inputs are tried, in `npm test` and in `npm run soak`. */
import { short } from "../../support/soak.ts";

interface Count {
  readonly short: number;
  readonly long: number;
}

/** Mutated files by their kind, journals, and command lines. */
export const counts = {
  npy: { short: 400, long: 20_000 },
  npz: { short: 300, long: 15_000 },
  safetensors: { short: 300, long: 12_000 },
  npzHead: { short: 200, long: 8_000 },
  parquet: { short: 400, long: 20_000 },
  arrow: { short: 250, long: 10_000 },
  csv: { short: 350, long: 15_000 },
  jsonl: { short: 250, long: 10_000 },
  lists: { short: 250, long: 8_000 },
  journal: { short: 300, long: 12_000 },
  commandLines: { short: 60, long: 5_000 },
  processes: { short: 4, long: 60 },
} as const satisfies Record<string, Count>;

export const countOf = (what: keyof typeof counts): number => short(counts[what].short, counts[what].long);
