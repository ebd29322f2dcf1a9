/** Greedy k-center: each pick is the row farthest from all that is labelled or picked. */
import type { BatchRule, Pick } from "./batch.ts";
import { firstPick, openNearest, reportOf } from "./centres.ts";
import { Farthest } from "./farthest.ts";

/** Within twice the least covering radius that k picks can have. */
export const kCenter = {
  name: "k-center",
  about: "the rows that leave no other far from a label",
  formula: "the largest d",
  source: "Gonzalez 1985; Sener & Savarese 2018",
  needs: ["embeddings"],
  async select(context) {
    const { k } = context.options;
    const nearest = openNearest(context);
    const { space, squared } = nearest;
    let free = context.free();
    const picks: Pick[] = [];
    if (space.centres === 0) {
      const first = await firstPick(context, free);
      space.addCentre(first.row);
      picks.push(first);
      free = free.filter((row) => row !== first.row);
    }
    const farthest = new Farthest(nearest, free);
    while (picks.length < k) {
      const row = farthest.take();
      picks.push({ row, score: space.distance(squared[row]) });
      space.addCentre(row);
    }
    return { picks, report: reportOf(context, nearest, farthest) };
  },
} as const satisfies BatchRule;
