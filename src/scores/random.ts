import { randomUniform, streams } from "../random.ts";
import type { Strategy } from "../strategy.ts";

/** A uniform number in [0, 1) from seed and row, whatever the model says: the baseline. */
export const random = {
  name: "random",
  about: "the baseline everything is held against",
  formula: "uniform(seed, row)",
  source: "baseline",
  score: ({ seed, row }) => randomUniform(seed, streams.scores, row),
  range: () => [0, 1],
  bound: () => 0,
  sensitivity: () => 0,
} as const satisfies Strategy;
