import { log, square } from "../elementary.ts";
import type { Strategy } from "../strategy.ts";
import { entropyBound } from "./bounds.ts";

/** Shannon entropy in nats: 0 where the model is sure, ln C where it knows nothing. */
export const entropy = {
  name: "entropy",
  about: "how much the model does not know, over all classes",
  formula: "−Σ p ln p",
  source: "Shannon 1948",
  score: ({ p, logP }) => {
    let sum = 0;
    for (let c = 0; c < p.length; c++) if (p[c] > 0) sum -= p[c] * logP[c];
    return sum;
  },
  range: (classes) => [0, log(classes)],
  bound: entropyBound,
  // The gradient's 1-norm is E|ln p + H|, at most the deviation of ln p.
  sensitivity: (classes) => Math.sqrt(square(log(classes)) + 1),
} as const satisfies Strategy;
