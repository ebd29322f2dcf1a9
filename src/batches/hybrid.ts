/** Uncertainty and diversity in one sum, both brought to 0 … 1 afresh at every pick. */
import type { BatchRule, ScoreBounds, Pick } from "./batch.ts";
import { openSweeps, reportOf } from "./centres.ts";
import { Contest, type Weights } from "./contest.ts";
import { Farthest } from "./farthest.ts";

const NEVER_ZERO = 1e-10;
/** How far the largest distance may shrink before bounds are made anew. */
const SHRINKAGE = 0.99;

export const hybrid = {
  name: "hybrid",
  about: "uncertain rows that are far from each other and from the labelled",
  formula: "the largest α ŝ + (1 − α) d̂, s and d scaled to 0 … 1",
  source: "uncertainty × diversity",
  needs: ["scores", "embeddings"],
  heeds: ["alpha"],
  rowBytes: 108,
  async select(context) {
    const { k, alpha } = context.options;
    const scores = await context.scores();
    const sweeps = await openSweeps(context);
    const { space, nearest } = sweeps;
    let free = context.free(scores);
    const extremes = await extremesOf(scores, free);
    const picks: Pick[] = [];
    if (space.centres === 0) {
      const [{ row }] = await context.best(1);
      picks.push({ row, score: alpha * scaled(extremes.high, extremes) + (1 - alpha) });
      sweeps.addCentre(row);
      free = free.filter((other) => other !== row);
    }
    const weights = ({ low, high }: Extremes): Weights => ({
      worth: (score, distance) => alpha * scaled(score, extremes) + (1 - alpha) * scaled(distance, { low, high }),
      distance(score, worth) {
        const share = (worth - alpha * scaled(score, extremes)) / (1 - alpha);
        return low + (Number.isNaN(share) ? 0 : share) * (high - low + NEVER_ZERO);
      },
    });
    await context.pace.turn({ stage: "picking", rows: picks.length, of: k });
    // Before the first pick no row need be at distance 0; after it that row is.
    await sweeps.group(free, k - picks.length);
    let low = picks.length > 0 ? 0 : space.distance(await sweeps.leastOf(free));
    let reach = Infinity;
    const farthest = new Farthest(sweeps, free);
    const contest = new Contest(sweeps, scores, free);
    while (picks.length < k) {
      const high = space.distance(nearest.squared[(await farthest.top())!]);
      if (!(high >= reach)) {
        reach = SHRINKAGE * high;
        contest.boundBy(weights({ low, high: Math.max(low, reach) }));
      }
      const pick = await contest.pick(weights({ low, high }));
      picks.push(pick);
      sweeps.addCentre(pick.row);
      if (low > 0) reach = Infinity;
      low = 0;
      await context.pace.turn({ stage: "picking", rows: picks.length, of: k });
    }
    return { picks, report: await reportOf(context, sweeps, farthest) };
  },
} as const satisfies BatchRule;

/** The least and the largest of what is scaled. */
interface Extremes {
  readonly low: number;
  readonly high: number;
}

const scaled = (value: number, { low, high }: Extremes): number => (value - low) / (high - low + NEVER_ZERO);

/** The lowest and the highest score among these rows, exact. */
async function extremesOf({ lowest, highest, exact }: ScoreBounds, rows: Uint32Array): Promise<Extremes> {
  let [least, most] = [Infinity, -Infinity];
  for (const row of rows) {
    least = Math.min(least, highest[row]);
    most = Math.max(most, lowest[row]);
  }
  const open = rows.filter((row) => lowest[row] <= least || highest[row] >= most);
  const found = await exact(open);
  return { low: found.reduce((a, b) => Math.min(a, b)), high: found.reduce((a, b) => Math.max(a, b)) };
}
