/** Ranked batch mode: distance counts for much while little is labelled, the score for more with every pick. */
import type { BatchRule, Pick } from "./batch.ts";
import { openNearest, reportOf } from "./centres.ts";
import { Contest, type Weights } from "./contest.ts";

const weights = (alpha: number): Weights => ({
  worth: (score, distance) => alpha * (1 - 1 / (1 + distance)) + (1 - alpha) * score,
});

/** How far α may fall before bounds are made anew. */
const FALL = 0.002;

export const ranked = {
  name: "ranked",
  about: "far rows while little is labelled, uncertain ones later",
  formula: "the largest α (1 − 1/(1 + d)) + (1 − α) s, α the share of rows without a label",
  source: "Cardoso et al. 2017",
  needs: ["scores", "embeddings"],
  async select(context) {
    const { labelled } = context;
    const { k } = context.options;
    const scores = await context.scores();
    const nearest = openNearest(context);
    const free = context.free(scores);
    const contest = new Contest(nearest, scores, free);
    const shareLeft = (picked: number): number => (free.length - picked) / (free.length + labelled.length);
    const picks: Pick[] = [];
    let bounded = Infinity;
    while (picks.length < k) {
      const alpha = shareLeft(picks.length);
      if (alpha < bounded) {
        // Worth is linear in α: no α between two makes more of a row than the better of them.
        bounded = Math.max(alpha - FALL, shareLeft(k));
        const [now, then] = [weights(alpha), weights(bounded)];
        contest.boundBy({
          worth: (score, distance) => Math.max(now.worth(score, distance), then.worth(score, distance)),
        });
      }
      const pick = await contest.pick(weights(alpha));
      picks.push(pick);
      nearest.space.addCentre(pick.row);
    }
    return { picks, report: reportOf(context, nearest) };
  },
} as const satisfies BatchRule;
