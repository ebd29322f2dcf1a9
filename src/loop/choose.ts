/** Which rows a round asks for, and why. */
import type { Pick } from "../batches/batch.ts";
import { InputError } from "../errors.ts";
import type { SelectOptions } from "../options.ts";
import type { Batch } from "../results.ts";
import { drawRows } from "./draws.ts";
import { usePool, type Fitted, type Labelled } from "./model.ts";
import type { LoopOptions } from "./options.ts";
import type { LoopPick } from "./pick.ts";
import type { Standing } from "./standing.ts";

/** What a choice is made from. */
export interface Situation {
  readonly labelled: Labelled;
  /** None while nothing is labelled. */
  readonly fitted: Fitted | undefined;
  /** What calibration found; 1 without it. */
  readonly temperature: number;
  readonly k: number;
  readonly standing: Standing;
}

export interface Chosen {
  readonly picks: readonly LoopPick[];
  readonly stages?: Batch["timings"];
  /** Picks that would have been others at a temperature of 1. */
  readonly changed?: number;
}

export async function choose(options: LoopOptions, situation: Situation): Promise<Chosen> {
  const { pool, strategy, start: { by = "random" } = {} } = options;
  const { labelled, fitted, k, standing } = situation;
  const { taken, invalid, isLeft, left } = standing;
  const { seed } = labelled;
  if (!fitted && by !== "random") {
    const { picks, timings } = await pool.select(by, {
      metric: options.metric,
      k,
      labelled: taken,
      seed,
      signal: options.signal,
    });
    return { picks: sure(picks, `the first rows, by ${by}`), stages: timings };
  }
  if (!fitted || classesSeen(labelled) < 2) {
    const reason = fitted ? "drawn by lot: one class is known so far" : "the first rows, drawn by lot";
    const rows = drawRows(isLeft, k, seed);
    return {
      picks: byLot(
        rows.map((row) => ({ row, score: NaN, reason })),
        left,
      ),
    };
  }
  await usePool(pool, fitted, invalid);
  if (typeof strategy === "object") {
    const picks = await strategy.pick({ pool, labelled, fitted, k, taken, invalid, seed, signal: options.signal });
    checkPicks(strategy.name, picks, k, isLeft);
    return { picks: sure(picks, `by ${strategy.name}`) };
  }
  return selected(options, situation, { strategy, k, labelled: taken, seed });
}

async function selected(
  options: LoopOptions,
  { temperature: calibrated, standing: { left } }: Situation,
  what: SelectOptions,
): Promise<Chosen> {
  const { pool, batch = "top-k", temperature = 1, passes, dropout, eglLayers } = options;
  const { alpha, metric, powerTemperature, epsilon, density, signal } = options;
  const asked = { ...what, passes, dropout, eglLayers, alpha, metric, powerTemperature, epsilon, density, signal };
  const found = await pool.select(batch, { ...asked, temperature: temperature * calibrated });
  const reason = found.strategy === undefined ? `by ${batch}` : `by ${batch} of ${found.strategy}`;
  const isLot = found.strategy === "random" && batch === "top-k" && !density;
  const picks = isLot
    ? byLot(
        found.picks.map((pick) => ({ ...pick, reason })),
        left,
      )
    : sure(found.picks, reason).map((pick) =>
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

/** Whether what picks by itself gave what it was asked for. */
function checkPicks(name: string, picks: readonly Pick[], k: number, isLeft: Uint8Array): void {
  if (!Array.isArray(picks) || picks.length === 0 || picks.length > k)
    throw new InputError(`strategy ${name}: gave ${picks?.length ?? String(picks)} picks: give 1 to ${k}`);
  const seen = new Set<number>();
  for (const { row } of picks) {
    if (isLeft[row] !== 1)
      throw new InputError(
        `strategy ${name}: picked row ${row}, which cannot be asked for: pick among those that are left`,
      );
    if (seen.has(row)) throw new InputError(`strategy ${name}: picked row ${row} twice`);
    seen.add(row);
  }
}

/** Picks of which each was drawn among all rows left by then, as likely as any. */
const byLot = (picks: readonly (Pick & { reason: string })[], left: number): LoopPick[] =>
  picks.map((pick, i) => ({ ...pick, explored: true, probability: 1 / (left - i) }));

/** Picks that nothing was drawn for, unless they say otherwise. */
const sure = (picks: readonly (Pick & Partial<LoopPick>)[], reason: string): LoopPick[] =>
  picks.map((pick) => ({ explored: false, probability: 1, reason, ...pick }));

export const classesSeen = ({ labels }: Labelled): number => new Set(labels).size;
