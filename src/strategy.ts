/** What a strategy is: the rule that gives every row one number, and what the engine must know to trust its kernel. */

/** What the model says of one row, in float64: the judge's view, never the kernel's. */
export interface RowBeliefs {
  readonly classes: number;
  readonly passes: number;
  /** Probability of each class, the mean over passes, [classes]. */
  readonly p: Float64Array;
  /** Its natural logarithm, exact also where p rounds to 0 or 1; −∞ where p is 0. */
  readonly logP: Float64Array;
  /** Probabilities and their logarithms by pass, [passes, classes]. */
  readonly each: Float64Array;
  readonly logEach: Float64Array;
  /** Passes in which a class is the likeliest, ties to the lowest class, [classes]. */
  readonly votes: Float64Array;
  /**
   * ‖∇ℓ(x, y)‖₂ for each label y over the parameters of the head, [classes]. Only there for a strategy that needs
   * gradients, whose forward pass is then the deterministic one: no dropout, one pass.
   */
  readonly gradients: Float64Array;
  /** What the last layer of a head reads, without dropout, [units]: missing where there is no head. */
  readonly lastInput?: () => Float64Array;
  /** Row number in the pool. */
  row: number;
  seed: number;
}

/**
 * What a strategy works from, beyond the mean probabilities: `passes` that can disagree, the `votes` of such passes,
 * the `divergence` of the one that strays farthest, or the `gradients` of a head.
 */
export type Need = "passes" | "votes" | "divergence" | "gradients";

/** A rule that gives every row a score; higher always means "ask first". */
export interface Strategy<Name extends string = string> {
  readonly name: Name;
  /** One line, for help texts and tables. */
  readonly about: string;
  /** The formula in words and signs, for tables. */
  readonly formula: string;
  /** Who proposed it, and when. */
  readonly source: string;
  /** Default: nothing but the mean probabilities. */
  readonly needs?: Need;
  /** The textbook formula in float64. The kernel is a fold over classes instead, so that the two can disagree. */
  score(beliefs: RowBeliefs): number;
  /** Lowest and highest value the score can take. */
  range(classes: number, passes: number): readonly [low: number, high: number];
  /**
   * Bound on |float32 kernel − float64 score| for any row of valid logits or probabilities, in the score's own unit.
   * `additions` is the longest chain of float32 additions in the frame that makes Z, averages the passes and folds the
   * classes. For gradients it is relative to the largest gradient.
   */
  bound(classes: number, additions: number, passes: number): number;
  /**
   * Bound on |change of score| when every logit changes by at most 1: what an error in the logits themselves costs,
   * where they come out of a head instead of a file. Votes are left aside: kernels count those that it may have turned.
   */
  sensitivity(classes: number, passes: number): number;
  /** Bound on |change of score| when one vote goes to another class; of a strategy that needs votes. */
  perVote?(passes: number): number;
}

/** u = 2⁻²⁴: the largest relative error of one float32 operation. Bounds are counted in it. */
export const unitRoundoff = 2 ** -24;
