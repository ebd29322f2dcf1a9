/** How far scores from the device may be from the textbook's: the bound that makes picks exact. */
import { unitRoundoff, type Strategy } from "../../strategy.ts";
import { passesIn, type PassOptions } from "../backend.ts";
import { gradientError, headError } from "./headError.ts";
import { frameFor, type DevicePool } from "./scoring.ts";
import type { Slack } from "./shaders.gen.ts";

/** Of scores that are given. */
export const exact: Slack = { fixed: 0, per_norm: 0, per_square: 0, per_doubt: 0 };

/**
 * How far a kernel's score may be from the textbook's.
 *
 * `fixed` is the strategy's own bound; a temperature other than 1 on probabilities adds the error of taking their
 * logarithm. What the logits' error under a head adds grows with ‖(x, 1)‖, and for gradients, which grow with it
 * themselves, with its square. Votes that rounding may have turned are counted.
 */
export function slackOf(pool: DevicePool, strategy: Strategy, options: PassOptions): Slack {
  const { input, classes, head } = pool;
  const { temperature, eglLayers } = options;
  const passes = passesIn(input, options);
  const { additions } = frameFor(pool, options);
  const sensitivity = strategy.sensitivity(classes, passes) / temperature;
  const own = strategy.bound(classes, additions, passes);
  const slack = { ...exact, fixed: own, per_doubt: strategy.perVote?.(passes) ?? 0 };
  if (head) {
    const { activation } = head.head;
    const error = headError(head.norms, activation, options.dropout);
    if (strategy.needs !== "gradients") return { ...slack, per_norm: sensitivity * error.logits };
    const first = eglLayers === "last" ? head.layers.length - 1 : 0;
    // The probabilities that gradients are made of come from one chain over the classes.
    const probabilities = strategy.bound(classes, classes, 1);
    const gradients = gradientError(head.norms, activation, error, first, probabilities, error.logits / temperature);
    return {
      ...exact,
      per_norm: own * gradients.longest + gradients.perNorm,
      per_square: sensitivity * error.logits * gradients.longest + gradients.perSquare,
    };
  }
  if (input.kind === "probabilities" && temperature !== 1) {
    const logarithms = sensitivity * (16 + 12 * Math.log(classes)) * unitRoundoff;
    return { ...slack, fixed: 2 * own + logarithms };
  }
  return slack;
}
