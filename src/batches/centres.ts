/** Rules that pick by the distance to what is labelled or picked already: where they start, and what they report. */
import type { BatchContext, BatchReport, Pick } from "./batch.ts";
import type { Farthest } from "./farthest.ts";
import { Sweeps } from "./sweeps.ts";

/** Labelled rows that are points: others are near to nothing. */
export function labelledPoints({ labelled, embeddings }: BatchContext): Uint32Array {
  const invalid = new Set(embeddings.invalid);
  return labelled.filter((row) => !invalid.has(row));
}

/** The labelled rows as centres. */
export async function openSweeps(context: BatchContext): Promise<Sweeps> {
  return new Sweeps(await context.measuring(), labelledPoints(context));
}

/** The first pick where nothing is labelled: the highest score if there are scores, else the first row there is. */
export async function firstPick({ hasScores, best }: BatchContext, free: Uint32Array): Promise<Pick> {
  if (!hasScores) return { row: free[0], score: Infinity };
  const [{ row }] = await best(1);
  return { row, score: Infinity };
}

/** What distances were needed, and how far the farthest row is left. */
export async function reportOf(
  { rows, options }: BatchContext,
  { nearest, space, evaluations }: Sweeps,
  farthest?: Farthest,
): Promise<BatchReport> {
  const row = await farthest?.top();
  const radius = row === undefined ? 0 : space.distance(nearest.squared[row]);
  return { ...(farthest && { radius }), evaluations, evaluationShare: evaluations / (rows * options.k) };
}
