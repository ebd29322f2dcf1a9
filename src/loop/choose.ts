/** Which rows a round asks for, and why. */
import type { Pick } from "../batches/batch.ts";
import type { SelectOptions } from "../options.ts";
import type { Batch } from "../pool.ts";
import { drawRows } from "./draws.ts";
import { usePool, type Fitted, type Labelled } from "./model.ts";
import type { LoopOptions } from "./options.ts";
import type { LoopPick } from "./pick.ts";

/** Where a loop stands when it chooses. */
export interface Standing {
  readonly labelled: Labelled;
  /** None while nothing is labelled. */
  readonly fitted: Fitted | undefined;
  /** What calibration found; 1 without it. */
  readonly temperature: number;
  readonly k: number;
  /** Rows that have a label or were refused. */
  readonly taken: readonly number[];
  /** [pool rows]: 1 for those that may be asked for. */
  readonly isLeft: Uint8Array;
  /** Rows that hold no numbers, ascending. */
  readonly invalid: Uint32Array;
}

export interface Chosen {
  readonly picks: readonly LoopPick[];
  readonly stages?: Batch["timings"];
  /** Picks that would have been others at a temperature of 1. */
  readonly changed?: number;
}

export async function choose(options: LoopOptions, standing: Standing): Promise<Chosen> {
  const { pool, strategy, start: { by = "random" } = {} } = options;
  const { labelled, fitted, k, taken, isLeft, invalid } = standing;
  const { seed } = labelled;
  if (!fitted && by !== "random") {
    const { picks, timings } = await pool.select(by, { metric: options.metric, k, labelled: taken, seed });
    return { picks: sure(picks, `the first rows, by ${by}`), stages: timings };
  }
  if (!fitted || classesSeen(labelled) < 2) {
    const reason = fitted ? "drawn by lot: one class is known so far" : "the first rows, drawn by lot";
    const rows = drawRows(isLeft, k, seed);
    const left = isLeft.reduce((sum, isOne) => sum + isOne, 0);
    return {
      picks: rows.map((row, i) => ({ row, score: NaN, explored: true, probability: 1 / (left - i), reason })),
    };
  }
  await usePool(pool, fitted);
  if (typeof strategy === "object") {
    const picks = await strategy.pick({ pool, labelled, fitted, k, taken, invalid, seed });
    return { picks: sure(picks, `by ${strategy.name}`) };
  }
  return selected(options, standing, { strategy, k, labelled: taken, seed });
}

async function selected(
  options: LoopOptions,
  { temperature: calibrated }: Standing,
  what: SelectOptions,
): Promise<Chosen> {
  const { pool, batch = "top-k", temperature = 1, passes, dropout, eglLayers } = options;
  const { alpha, metric, powerTemperature, epsilon, density } = options;
  const asked = { ...what, passes, dropout, eglLayers, alpha, metric, powerTemperature, epsilon, density };
  const found = await pool.select(batch, { ...asked, temperature: temperature * calibrated });
  const reason = found.strategy === undefined ? `by ${batch}` : `by ${batch} of ${found.strategy}`;
  const picks = sure(found.picks, reason).map((pick) =>
    pick.explored ? { ...pick, reason: "drawn by lot among all that are left" } : pick,
  );
  if (calibrated === 1) return { picks, stages: found.timings, changed: 0 };
  const plain = await pool.select(batch, { ...asked, temperature });
  const before = new Set(plain.picks.map(({ row }) => row));
  return {
    picks,
    stages: found.timings,
    changed: picks.filter(({ row }) => !before.has(row)).length,
  };
}

/** Picks that nothing was drawn for, unless they say otherwise. */
const sure = (picks: readonly (Pick & Partial<LoopPick>)[], reason: string): LoopPick[] =>
  picks.map((pick) => ({ explored: false, probability: 1, reason, ...pick }));

export const classesSeen = ({ labels }: Labelled): number => new Set(labels).size;
