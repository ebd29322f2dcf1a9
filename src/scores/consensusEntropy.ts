import type { Strategy } from "../strategy.ts";
import { entropy } from "./entropy.ts";

/** The entropy of what a committee says together, in nats: `entropy` by the name that committees know it by. */
export const consensusEntropy = {
  ...entropy,
  name: "consensus-entropy",
  about: "how much the committee as a whole does not know",
  formula: "H(p̄)",
  source: "Settles 2009",
  needs: "passes",
} as const satisfies Strategy;
