import { log, square } from "../elementary.ts";
import type { Strategy } from "../strategy.ts";
import { entropyBound } from "./bounds.ts";
import { pLogP, meanOver } from "../passes.ts";

/**
 * Mutual information of label and model in nats: 0 where the passes agree, however unsure they are; at most the
 * smaller of ln C and ln T.
 */
export const bald = {
  name: "bald",
  about: "what the passes disagree about, not what all of them find hard",
  formula: "H(p̄) − mean H(p_t)",
  source: "Houlsby et al. 2011; Gal et al. 2017",
  needs: "passes",
  // Class by class, so that passes that agree give exactly 0.
  score: ({ classes, passes, p, logP, each, logEach }) => {
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const within = meanOver(passes, (t) => pLogP(each[t * classes + c], logEach[t * classes + c]));
      sum += within - pLogP(p[c], logP[c]);
    }
    return Math.max(0, sum);
  },
  range: (classes, passes) => [0, log(Math.min(classes, passes))],
  bound: (classes, additions) => 2 * entropyBound(classes, additions),
  // Each of the two entropies moves as `entropy` does.
  sensitivity: (classes) => 2 * Math.sqrt(square(log(classes)) + 1),
} as const satisfies Strategy;
