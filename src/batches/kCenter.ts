/** Greedy k-center: each pick is the row farthest from all that is labelled or picked. */
import type { BatchRule, Pick } from "./batch.ts";
import { firstPick, openSweeps, reportOf } from "./centres.ts";
import { Farthest } from "./farthest.ts";

/** Within twice the least covering radius that k picks can have. */
export const kCenter = {
  name: "k-center",
  about: "the rows that leave no other far from a label",
  formula: "the largest d",
  source: "Gonzalez 1985; Sener & Savarese 2018",
  needs: ["embeddings"],
  rowBytes: 76,
  async select(context) {
    const { k } = context.options;
    const sweeps = await openSweeps(context);
    const { space, nearest } = sweeps;
    let free = context.free();
    const picks: Pick[] = [];
    if (space.centres === 0) {
      const first = await firstPick(context, free);
      sweeps.addCentre(first.row);
      picks.push(first);
      free = free.filter((row) => row !== first.row);
    }
    await context.pace.turn({ stage: "picking", rows: picks.length, of: k });
    await sweeps.group(free, k - picks.length);
    const farthest = new Farthest(sweeps, free);
    while (picks.length < k) {
      const row = (await farthest.top())!;
      farthest.take();
      picks.push({ row, score: space.distance(nearest.squared[row]) });
      sweeps.addCentre(row);
      await context.pace.turn({ stage: "picking", rows: picks.length, of: k });
    }
    return { picks, report: await reportOf(context, sweeps, farthest) };
  },
} as const satisfies BatchRule;
