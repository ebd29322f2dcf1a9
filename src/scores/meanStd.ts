import { square } from "../elementary.ts";
import { unitRoundoff, type Strategy } from "../strategy.ts";
import { probabilityBound } from "./bounds.ts";
import { meanOver } from "../passes.ts";

/** Standard deviation of a class's probability over the passes, averaged over the classes: from 0 to ½. */
export const meanStd = {
  name: "mean-std",
  about: "how much probabilities vary from pass to pass",
  formula: "mean_c std_t p_tc",
  source: "Kendall et al. 2017",
  needs: "passes",
  score: ({ classes, passes, p, each }) => {
    let sum = 0;
    for (let c = 0; c < classes; c++)
      sum += Math.sqrt(meanOver(passes, (pass) => square(each[pass * classes + c] - p[c])));
    return sum / classes;
  },
  range: () => [0, 0.5],
  // A deviation moves no more than the probabilities do; updating it is off by about n·u·√(std² + p̄²) (Chan, Golub &
  // LeVeque 1983).
  bound: (classes, additions) => probabilityBound(classes, additions) + (4 * additions + 16) * unitRoundoff,
  sensitivity: () => 0.5,
} as const satisfies Strategy;
