/**
 * How far a float32 kernel can be from float64: the error analysis that the scores share, in units of u = 2⁻²⁴.
 *
 * What WGSL promises: + − × are rounded correctly (u), a quotient is within 2.5 ULP (5u), exp within 3 + 2|x| ULP
 * ((6 + 4|x|)u), log within 3 ULP (6u), or 2⁻²¹ (8u) between ½ and 2.
 *
 * With d = (z − top)/τ, itself within 3u|d|, every e^d is within (6 + 7|d|)u of itself, and Z, a chain of n additions,
 * within (6 + 7·E|d| + n)u, where E is the mean under p. So p is within (18 + 7|d| + 7·E|d| + n)u of itself, and
 * |d| ≤ |ln p|. A mean over passes weighs each pass by its p, and by Jensen's inequality the mean of |ln p_t| under
 * those weights is at most |ln p̄|: what holds of p holds of p̄, its own additions counted in n.
 *
 * L = ln C, which no entropy exceeds, and Q = L² + 1, which no mean of ln² p exceeds.
 */
import { log } from "../elementary.ts";
import { unitRoundoff } from "../strategy.ts";

/**
 * Bound on the error of any one probability: p·(6 + 7|d|) for e^d, p·(6 + 7·E|d| + n) for Z, 6 for their quotient.
 * p|d| is at most 1/e, and p·E|d| at most (ln C + 1)/4.
 */
export function probabilityBound(classes: number, additions: number): number {
  return (23 + 2 * log(classes) + additions) * unitRoundoff;
}

/** Bound on Σ |error of p| over the classes. */
export function totalProbabilityBound(classes: number, additions: number): number {
  return (18 + 14 * log(classes) + additions) * unitRoundoff;
}

/**
 * Bound on the error of Σ −p̄ ln p̄, or of the mean over passes of Σ −p ln p: 7Q + 7L + (18 + 7L + n)(L + 1) for the
 * probabilities, whose every change counts |ln p| + 1 times; 14 + 17L + n for ln Z and d, or 8 + 6L for ln p̄; and
 * (n + 1)L for products and sums.
 */
export function entropyBound(classes: number, additions: number): number {
  const L = log(classes);
  const probabilities = 7 * (L * L + 1 + L) + (18 + 7 * L + additions) * (L + 1);
  const logarithms = 14 + 17 * L + additions;
  return (probabilities + logarithms + (additions + 1) * L) * unitRoundoff;
}
