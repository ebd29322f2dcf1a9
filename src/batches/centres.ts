/** Rules that pick by the distance to what is labelled or picked already: where they start, and what they report. */
import type { BatchContext, BatchReport, Pick } from "./batch.ts";
import type { Farthest } from "./farthest.ts";
import { Nearest } from "./nearest.ts";

/** The labelled rows as centres. */
export function openNearest({ space, labelled }: BatchContext): Nearest {
  const nearest = new Nearest(space());
  for (const row of labelled) nearest.space.addCentre(row);
  return nearest;
}

/** The first pick where nothing is labelled: the highest score if there are scores, else the first row there is. */
export async function firstPick({ hasScores, best }: BatchContext, free: Uint32Array): Promise<Pick> {
  if (!hasScores) return { row: free[0], score: Infinity };
  const [{ row }] = await best(1);
  return { row, score: Infinity };
}

export function reportOf({ rows, options }: BatchContext, nearest: Nearest, farthest?: Farthest): BatchReport {
  const { space, squared } = nearest;
  const radius = farthest && (farthest.isEmpty ? 0 : space.distance(squared[farthest.top()]));
  const { evaluations } = nearest;
  return { ...(farthest && { radius }), evaluations, evaluationShare: evaluations / (rows * options.k) };
}
