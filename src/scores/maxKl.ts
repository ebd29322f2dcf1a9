import { log } from "../elementary.ts";
import { unitRoundoff, type Strategy } from "../strategy.ts";
import { divergenceOf } from "../passes.ts";

/** How far the member that strays most is from the consensus, in nats: 0 where all agree, at most ln T. */
export const maxKl = {
  name: "max-kl",
  about: "how far the member that strays most is from the consensus",
  formula: "max KL(p_t ‖ p̄)",
  source: "Danka & Horvath 2018 (modAL)",
  needs: "divergence",
  score: (beliefs) => {
    let most = 0;
    for (let pass = 0; pass < beliefs.passes; pass++) most = Math.max(most, divergenceOf(pass, beliefs));
    return most;
  },
  range: (_, passes) => [0, log(passes)],
  /**
   * With r = |ln p_t − ln p̄|, whose mean under p_t is at most ln T + 2 and whose mean square at most ln² T + 1 (p̄ is at
   * least p_t / T, and where it is larger, ln x ≤ x): the error of p_t counts r times, that of the two logarithms once.
   */
  bound: (classes, additions, passes) => {
    const [L, K] = [log(classes), log(passes)];
    const probabilities = 7 * Math.sqrt((L * L + 1) * (K * K + 1)) + (18 + 7 * L + additions) * (K + 2);
    const logarithms = 40 + 37 * L + 13 * K + 2 * additions;
    return (probabilities + logarithms + (additions + 3) * (K + 2) + 2 * L) * unitRoundoff;
  },
  // The deviation of ln p_t − ln p̄ under p_t, and Σ p_t |change of p̄| / p̄ ≤ 2.
  sensitivity: (_, passes) => 2 * (log(passes) + 2) + 2,
} as const satisfies Strategy;
