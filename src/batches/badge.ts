/**
 * BADGE: k-means++ on the gradients that rows would send into the last layer. Each pick is drawn in proportion to D², the
 * squared distance to the nearest pick.
 *
 * The draw is a race: of exponential times E / D² the shortest wins, and each row wins in proportion to its D². Times
 * come from the counter-based generator, and an old D² is a bound, so of most rows no distance is taken.
 */
import { bitsByPass, streams } from "../random.ts";
import type { BatchRule, ScoredRow } from "./batch.ts";
import { reportOf } from "./centres.ts";
import { GradientSpace } from "./gradientSpace.ts";
import { Nearest } from "./nearest.ts";

/** Widens what float64 rounds. */
const ROUNDING = 1e-9;

export const badge = {
  name: "badge",
  about: "rows that would change the model much, each in a direction of its own",
  formula: "by lot, in proportion to d² between gradients (p − e_ŷ) ⊗ h",
  source: "Ash et al. 2020",
  needs: ["predictions", "embeddings"],
  async select(context) {
    const { k, seed, rows } = context;
    const given = context.free();
    const space = await GradientSpace.open(context, given);
    const { squaredNorms } = space;
    let left = given.filter((row) => !Number.isNaN(squaredNorms[row]));
    if (left.length < k) context.tooFew(k, left.length);

    const first = left.reduce((best, row) => (squaredNorms[row] > squaredNorms[best] ? row : best));
    // ‖g − g′‖ is at most ‖g‖ + ‖g′‖.
    const longest = Math.sqrt(squaredNorms[first]);
    const bounds = squaredNorms.map((square) => (1 + ROUNDING) * (Math.sqrt(square) + longest) ** 2);
    const nearest = new Nearest(space, rows, bounds);
    const picks: ScoredRow[] = [];
    const take = async (row: number, score: number): Promise<void> => {
      picks.push({ row, score });
      await space.fetch(row);
      space.addCentre(row);
      const at = left.indexOf(row);
      left = left.copyWithin(at, at + 1).subarray(0, -1);
    };
    await take(first, longest);
    while (picks.length < k) {
      const winner = await race(nearest, left, seed, picks.length);
      await take(winner, space.distance(nearest.squared[winner]));
    }
    return { picks, report: reportOf(context, nearest) };
  },
} as const satisfies BatchRule;

/** The row with the largest D² / E, ties to the lowest. */
async function race(nearest: Nearest, rows: Uint32Array, seed: number, turn: number): Promise<number> {
  const { squared } = nearest;
  const space = nearest.space as GradientSpace;
  // Drawn by turn, each row a pass of it: one step of the generator a row.
  const draw = bitsByPass(seed, streams.race, turn);
  let farthest = 0;
  for (let i = 0; i < rows.length; i++) if (squared[rows[i]] > farthest) farthest = squared[rows[i]];
  let winner = rows[0];
  let best = -1;
  /** Bits below it make an E that no row can win with. */
  let least = 0;
  // By number: an iterator would take twice as long as all the rest.
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const bits = draw(row);
    if (bits < least) continue;
    const time = -Math.log((bits + 0.5) / 2 ** 32);
    if (squared[row] / time <= best) continue;
    if (!nearest.isSettled(row)) {
      await space.fetch(row);
      nearest.settle(row, best * time);
    }
    const speed = squared[row] / time;
    if (speed <= best || !nearest.isSettled(row)) continue;
    best = speed;
    winner = row;
    if (best > 0) least = 2 ** 32 * Math.exp((-farthest / best) * (1 + ROUNDING)) - 1;
  }
  return winner;
}
