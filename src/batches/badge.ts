/**
 * BADGE: k-means++ on the gradients that rows would send into the last layer. Each pick is drawn in proportion to D², the
 * squared distance to the nearest pick.
 */
import { square } from "../elementary.ts";
import type { BatchRule, Pick } from "./batch.ts";
import { GradientSpace } from "./gradientSpace.ts";
import { Nearest } from "./nearest.ts";
import { race } from "./race.ts";

/** Widens what float64 rounds. */
const ROUNDING = 1e-9;

export const badge = {
  name: "badge",
  about: "rows that would change the model much, each in a direction of its own",
  formula: "by lot, in proportion to d² between gradients (p − e_ŷ) ⊗ h",
  source: "Ash et al. 2020",
  needs: ["predictions", "embeddings"],
  rowBytes: 64,
  async select(context) {
    const { k, seed } = context.options;
    const given = context.free();
    const space = await GradientSpace.open(context, given);
    const { squaredNorms } = space;
    let left = given.filter((row) => !Number.isNaN(squaredNorms[row]));
    if (left.length < k) context.tooFew(k, left.length);

    const first = left.reduce((best, row) => (squaredNorms[row] > squaredNorms[best] ? row : best));
    // ‖g − g′‖ is at most ‖g‖ + ‖g′‖.
    const longest = Math.sqrt(squaredNorms[first]);
    const bounds = squaredNorms.map((norm) => (1 + ROUNDING) * square(Math.sqrt(norm) + longest));
    const nearest = new Nearest(space, bounds);
    const picks: Pick[] = [];
    const take = async (row: number, score: number): Promise<void> => {
      picks.push({ row, score });
      await space.fetch(row);
      space.addCentre(row);
      const at = left.indexOf(row);
      left = left.copyWithin(at, at + 1).subarray(0, -1);
      await context.pace.turn({ stage: "picking", rows: picks.length, of: k });
    };
    await take(first, longest);
    while (picks.length < k) {
      const winner = await race(nearest, left, seed, picks.length, context.pace, (row) => space.fetch(row));
      await take(winner, space.distance(nearest.squared[winner]));
    }
    const { evaluations } = nearest;
    return { picks, report: { evaluations, evaluationShare: evaluations / (context.rows * k) } };
  },
} as const satisfies BatchRule;
