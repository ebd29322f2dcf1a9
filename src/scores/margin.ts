import { unitRoundoff, type Strategy } from "../strategy.ts";
import { probabilityBound } from "./bounds.ts";

/** 1 − the lead of the likeliest class over the next: 1 on a tie, 0 where the model is sure or there is one class. */
export const margin = {
  name: "margin",
  about: "how close the two likeliest classes are",
  formula: "1 − (p₁ − p₂)",
  source: "Scheffer et al. 2001",
  score: ({ p }) => {
    let top = 0;
    let next = 0;
    for (const pc of p) {
      if (pc > top) {
        next = top;
        top = pc;
      } else if (pc > next) next = pc;
    }
    return 1 - (top - next);
  },
  range: () => [0, 1],
  bound: (classes, additions) => 2 * (probabilityBound(classes, additions) + unitRoundoff),
  sensitivity: () => 1,
} as const satisfies Strategy;
