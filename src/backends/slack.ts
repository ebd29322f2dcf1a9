/** How far scores in float32 may be from the textbook's: the bound that makes picks exact. */
import { log } from "../elementary.ts";
import type { Head } from "../head.ts";
import { unitRoundoff, type Strategy } from "../strategy.ts";
import { passesIn, type PassOptions, type PoolInput } from "./backend.ts";
import { gradientError, headError, type LayerNorms } from "./headError.ts";

/** What a score may be off by: so much in any case, for every unit of ‖(x, 1)‖ and of its square, and for every doubtful vote. */
export interface Slack {
  readonly fixed: number;
  readonly per_norm: number;
  readonly per_square: number;
  readonly per_doubt: number;
}

/** Of scores that are given. */
export const exact: Slack = { fixed: 0, per_norm: 0, per_square: 0, per_doubt: 0 };

/** A pool whose rows a kernel scores. */
export interface Scored {
  readonly input: PoolInput;
  readonly classes: number;
  /** With norms of its layers. */
  readonly head?: { readonly head: Head; readonly norms: readonly LayerNorms[] };
  /** The longest chain of float32 additions that makes Z, averages the passes, and adds up the classes. */
  readonly additions: number;
}

/**
 * How far a kernel's score may be from the textbook's.
 *
 * `fixed` is the strategy's own bound; a temperature other than 1 on probabilities adds the error of taking their
 * logarithm. What the logits' error under a head adds grows with ‖(x, 1)‖, and for gradients, which grow with it
 * themselves, with its square. Votes that rounding may have turned are counted.
 */
export function slackOf({ input, classes, head, additions }: Scored, strategy: Strategy, options: PassOptions): Slack {
  const { temperature, eglLayers } = options;
  const passes = passesIn(input, options);
  const sensitivity = strategy.sensitivity(classes, passes) / temperature;
  const own = strategy.bound(classes, additions, passes);
  const slack = { ...exact, fixed: own, per_doubt: strategy.perVote?.(passes) ?? 0 };
  if (head) {
    const { activation } = head.head;
    const error = headError(head.norms, activation, options.dropout);
    if (strategy.needs !== "gradients") return { ...slack, per_norm: sensitivity * error.logits };
    const first = eglLayers === "last" ? head.norms.length - 1 : 0;
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
    const logarithms = sensitivity * (16 + 12 * log(classes)) * unitRoundoff;
    return { ...slack, fixed: 2 * own + logarithms };
  }
  return slack;
}

/** The slack of rows whose largest ‖(x, 1)‖² and number of doubtful votes are these. */
export function slackAt(slack: Slack, square: number, doubts: number): number {
  const sum = slack.fixed + slack.per_norm * Math.sqrt(square) + slack.per_square * square + slack.per_doubt * doubts;
  // Where a head has no bound and all its rows are in doubt, it is ∞ · 0.
  return Number.isNaN(sum) ? Infinity : sum;
}
