/** Power sampling: k rows drawn without replacement, each draw in proportion to a power of the score. */
import { log } from "../elementary.ts";
import { randomBits, streams } from "../random.ts";
import type { BatchRule, Pick } from "./batch.ts";

export const power = {
  name: "power",
  about: "high scores by lot, so that a batch is not all of one kind",
  formula: "the largest ln s / temperature + Gumbel",
  source: "Kirsch et al. 2021",
  needs: ["scores"],
  heeds: ["powerTemperature"],
  rowBytes: 56,
  async select(context) {
    const { k, seed, powerTemperature } = context.options;
    const scores = await context.scores();
    const free = context.free(scores);
    const drawn = (row: number, score: number): number =>
      log(Math.max(score, 0)) / powerTemperature + gumbel(seed, row);
    const certain = Float64Array.from(free, (row) => drawn(row, scores.lowest[row])).sort();
    const bar = certain[certain.length - k];
    await context.pace.turn();
    const open = free.filter((row) => drawn(row, scores.highest[row]) >= bar);
    const exact = await scores.exact(open);
    const found = Array.from(open, (row, i): Pick => ({ row, score: drawn(row, exact[i]) }));
    // Scores of 0 are −∞ here, of which no difference can be taken.
    found.sort((a, b) => (a.score === b.score ? a.row - b.row : b.score > a.score ? 1 : -1));
    return { picks: found.slice(0, k) };
  },
} as const satisfies BatchRule;

/** Standard Gumbel noise: the k largest of ln w + noise are k draws in proportion to w (Yellott 1977; Vieira 2014). */
function gumbel(seed: number, row: number): number {
  // The middle of 2³² stretches: never 0 or 1.
  const uniform = (randomBits(seed, streams.gumbel, row) + 0.5) / 2 ** 32;
  return -log(-log(uniform));
}
