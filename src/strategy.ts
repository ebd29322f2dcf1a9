/** What a strategy is: the rule that gives every row one number, and what the engine must know to trust its kernel. */

/** What the model says of one row, in float64: the judge's view, never the kernel's. */
export interface RowBeliefs {
  readonly classes: number;
  /** Probability of each class, [classes]. */
  readonly p: Float64Array;
  /** Its natural logarithm, from log-softmax where there are logits, so that it stays exact where p rounds to 0 or 1. */
  readonly logP: Float64Array;
  /** Row number in the pool. */
  row: number;
  seed: number;
}

/** A rule that gives every row a score; higher always means "ask first". */
export interface Strategy<Name extends string = string> {
  readonly name: Name;
  /** One line, for help texts and tables. */
  readonly about: string;
  /** The formula in words and signs, for tables. */
  readonly formula: string;
  /** Who proposed it, and when. */
  readonly source: string;
  /** The textbook formula in float64. The kernel is a fold over classes instead, so that the two can disagree. */
  score(beliefs: RowBeliefs): number;
  /** Lowest and highest value the score can take. */
  range(classes: number): readonly [low: number, high: number];
  /**
   * Bound on |float32 kernel − float64 score| for any row of valid logits or probabilities, in the score's own unit.
   * `additions` is the longest chain of float32 additions in the frame that makes Z and folds the classes.
   */
  bound(classes: number, additions: number): number;
  /**
   * Bound on |change of score| when every logit changes by at most 1: what an error in the logits themselves costs,
   * where they come out of a head instead of a file.
   */
  sensitivity(classes: number): number;
}

/** u = 2⁻²⁴: the largest relative error of one float32 operation. Bounds are counted in it. */
export const unitRoundoff = 2 ** -24;
