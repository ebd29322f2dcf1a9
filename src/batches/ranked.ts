/** Ranked batch mode: distance counts for much while little is labelled, the score for more with every pick. */
import type { BatchRule, Pick } from "./batch.ts";
import { openSweeps, reportOf } from "./centres.ts";
import { Contest, type Weights } from "./contest.ts";

const weights = (alpha: number): Weights => ({
  worth: (score, distance) => alpha * (1 - 1 / (1 + distance)) + (1 - alpha) * score,
  distance(score, worth) {
    const similarity = 1 - (worth - (1 - alpha) * score) / alpha;
    return similarity > 0 ? 1 / similarity - 1 : Infinity;
  },
});

/** How far α may fall before bounds are made anew. */
const FALL = 0.002;

export const ranked = {
  name: "ranked",
  about: "far rows while little is labelled, uncertain ones later",
  formula: "the largest α (1 − 1/(1 + d)) + (1 − α) s, α the share of rows without a label",
  source: "Cardoso et al. 2017",
  needs: ["scores", "embeddings"],
  rowBytes: 108,
  async select(context) {
    const { labelled } = context;
    const { k } = context.options;
    const scores = await context.scores();
    const sweeps = await openSweeps(context);
    const free = context.free(scores);
    const picks: Pick[] = [];
    await context.pace.turn({ stage: "picking", rows: picks.length, of: k });
    await sweeps.group(free, k);
    const contest = new Contest(sweeps, scores, free);
    const shareLeft = (picked: number): number => (free.length - picked) / (free.length + labelled.length);
    let bounded = Infinity;
    while (picks.length < k) {
      const alpha = shareLeft(picks.length);
      if (alpha < bounded) {
        // Worth is linear in α: no α between two makes more of a row than the better of them.
        bounded = Math.max(alpha - FALL, shareLeft(k));
        contest.boundBy(weights(alpha), weights(bounded));
      }
      const pick = await contest.pick(weights(alpha));
      picks.push(pick);
      sweeps.addCentre(pick.row);
      await context.pace.turn({ stage: "picking", rows: picks.length, of: k });
    }
    return { picks, report: await reportOf(context, sweeps) };
  },
} as const satisfies BatchRule;
