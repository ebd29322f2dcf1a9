import { unitRoundoff, type Strategy } from "../strategy.ts";

/** The share of passes that vote against the most voted class: 0 where all agree. */
export const variationRatio = {
  name: "variation-ratio",
  about: "how many passes vote against the majority",
  formula: "1 − max v_c / T",
  source: "Freeman 1965",
  needs: "votes",
  score: ({ passes, votes }) => {
    let most = 0;
    for (const count of votes) most = Math.max(most, count);
    return 1 - most / passes;
  },
  range: (classes, passes) => [0, 1 - 1 / Math.min(classes, passes)],
  bound: () => 8 * unitRoundoff,
  sensitivity: () => 0,
  perVote: (passes) => 1 / passes,
} as const satisfies Strategy;
