/** Arithmetic over the passes of one row, in float64. */
import type { RowBeliefs } from "./strategy.ts";

/** p ln p, and 0 at 0. */
export const pLogP = (p: number, logP: number): number => (p > 0 ? p * logP : 0);

/**
 * The mean of a number over the passes, kept between the least and the largest of them: exactly theirs where all are
 * equal. Summed with the rounding errors carried along (Neumaier 1974), so that the order of the passes does not show.
 */
export function meanOver(passes: number, of: (pass: number) => number): number {
  let least = Infinity;
  let largest = -Infinity;
  let sum = 0;
  let lost = 0;
  for (let pass = 0; pass < passes; pass++) {
    const value = of(pass);
    if (value < least) least = value;
    if (value > largest) largest = value;
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return Math.min(Math.max((sum + lost) / passes, least), largest);
}

/** KL(p_t ‖ p̄) of one pass; below 0, by as little, only where given probabilities miss 1. */
export function divergenceOf(
  pass: number,
  { classes, logP, each, logEach }: Pick<RowBeliefs, "classes" | "logP" | "each" | "logEach">,
): number {
  let sum = 0;
  for (let c = 0, i = pass * classes; c < classes; c++, i++) if (each[i] > 0) sum += each[i] * (logEach[i] - logP[c]);
  return sum;
}
