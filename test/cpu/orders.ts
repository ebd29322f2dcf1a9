/** Scores in orders that are hard on what keeps the best of them. */
import { randomUniform } from "../../src/random.ts";

export const ROWS = 20_000;

export const orders: Record<string, (row: number) => number> = {
  random: (row) => randomUniform(1, 2, row),
  ascending: (row) => row / 2 ** 16,
  descending: (row) => 1 - row / 2 ** 16,
  constant: () => 0.25,
  ties: (row) => Math.floor(7 * randomUniform(3, 2, row)) / 7,
  "both signs": (row) => 2 * randomUniform(5, 2, row) - 1,
};
