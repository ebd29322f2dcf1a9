import { log } from "../elementary.ts";
import { unitRoundoff, type Strategy } from "../strategy.ts";

/** Entropy of the votes in nats: 0 where all passes agree, at most the smaller of ln C and ln T. */
export const voteEntropy = {
  name: "vote-entropy",
  about: "how divided the votes of the passes are",
  formula: "−Σ (v_c / T) ln (v_c / T)",
  source: "Dagan & Engelson 1995",
  needs: "votes",
  // In order of size, so that rows whose votes fall on other classes tie exactly.
  score: ({ passes, votes }) => {
    let sum = 0;
    for (const count of votes.filter((v) => v > 0).sort()) sum -= (count / passes) * log(count / passes);
    return sum;
  },
  range: (classes, passes) => [0, log(Math.min(classes, passes))],
  // Votes are whole numbers: only shares, logarithms and sums are rounded.
  bound: (classes, additions) => (16 + (14 + additions) * log(classes)) * unitRoundoff,
  sensitivity: () => 0,
  // Of g(v) = −(v/T) ln (v/T) one vote more adds at most (ln T)/T, the first, and takes at most 1/T, the last.
  perVote: (passes) => (log(passes) + 1) / passes,
} as const satisfies Strategy;
