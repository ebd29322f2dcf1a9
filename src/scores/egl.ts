import { unitRoundoff, type Strategy } from "../strategy.ts";
import { totalProbabilityBound } from "./bounds.ts";

/**
 * Expected gradient length: how much a label would move the head, weighed by how likely that label is. 0 where the
 * model is sure; in units of loss by parameter, so it grows with the features. Over all parameters of the head or of
 * its last layer.
 */
export const egl = {
  name: "egl",
  about: "how much a label would be expected to change the model",
  formula: "Σ p_y ‖∇ℓ(x, y)‖",
  source: "Settles et al. 2008",
  needs: "gradients",
  score: ({ p, gradients }) => {
    let sum = 0;
    for (let c = 0; c < p.length; c++) sum += p[c] * gradients[c];
    return sum;
  },
  range: () => [0, Infinity],
  bound: (classes, additions) => totalProbabilityBound(classes, additions) + (additions + 2) * unitRoundoff,
  // Σ |change of p| is at most 1.
  sensitivity: () => 1,
} as const satisfies Strategy;
