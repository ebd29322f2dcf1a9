import { unitRoundoff, type Strategy } from "../strategy.ts";
import { probabilityBound } from "./bounds.ts";

/** 1 − the largest probability: 0 where the model is sure, 1 − 1/C where it knows nothing. */
export const leastConfidence = {
  name: "least-confidence",
  about: "how far the likeliest class is from certain",
  formula: "1 − max p",
  source: "Lewis & Gale 1994",
  score: ({ p }) => {
    let top = 0;
    for (const pc of p) if (pc > top) top = pc;
    return 1 - top;
  },
  range: (classes) => [0, 1 - 1 / classes],
  bound: (classes, additions) => probabilityBound(classes, additions) + unitRoundoff,
  // Log-odds move by at most 2, a probability by at most a quarter of that.
  sensitivity: () => 0.5,
} as const satisfies Strategy;
