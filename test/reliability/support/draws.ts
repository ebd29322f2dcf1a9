/** What an input of a fuzz test is made by: numbers that its seed and its own number decide, whatever was tried before. */
import { randomBits } from "../../../src/random.ts";

export interface Draws {
  /** A whole number in [0, end). */
  below(end: number): number;
  chance(share: number): boolean;
  pick<Item>(from: ArrayLike<Item>): Item;
}

/** No stream of the library. */
const FUZZ = 200;

export function drawsOf(seed: number, input: number): Draws {
  let unit = 0;
  const below = (end: number): number => Math.floor((randomBits(seed, FUZZ, input, unit++) / 2 ** 32) * end);
  return { below, chance: (share) => below(2 ** 20) < share * 2 ** 20, pick: (from) => from[below(from.length)] };
}

/** Numbers at which sums, sizes and signs go wrong. */
export const extremes = [
  0n, 1n, -1n, 2n, 7n, 255n, 256n, 2n ** 15n, 2n ** 16n - 1n, 2n ** 24n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n,
  2n ** 40n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 31n), -(2n ** 63n),
]; // prettier-ignore
