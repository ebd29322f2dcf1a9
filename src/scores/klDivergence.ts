import type { Strategy } from "../strategy.ts";
import { bald } from "./bald.ts";
import { divergenceOf, meanOver } from "../passes.ts";

/** How far the members are from their consensus on average, in nats: the same number as `bald` by another way. */
export const klDivergence = {
  name: "kl-divergence",
  about: "how far members are from their consensus, on average",
  formula: "mean KL(p_t ‖ p̄)",
  source: "McCallum & Nigam 1998",
  needs: "passes",
  score: (beliefs) =>
    Math.max(
      0,
      meanOver(beliefs.passes, (pass) => divergenceOf(pass, beliefs)),
    ),
  range: bald.range,
  bound: bald.bound,
  sensitivity: bald.sensitivity,
} as const satisfies Strategy;
