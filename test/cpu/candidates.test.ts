/** However many rows float32 cannot tell apart, the best are found, and few are kept. */
import { expect, test } from "vitest";
import { Candidates } from "../../src/backends/cpu/candidates.ts";
import { randomUniform } from "../../src/random.ts";
import { bestRows } from "../support/pools.ts";
import { orders, ROWS } from "./orders.ts";

const CROWD = 100;

test.each(Object.keys(orders))("%s: the best by the truth are among them, and memory has a bound", (order) => {
  const truth = Array.from({ length: ROWS }, (_, row) => orders[order](row));
  const ranked = bestRows(truth, ROWS);
  for (const slack of [0, 1e-6, 0.01, 10])
    for (const k of [1, 2, 100, 4097, ROWS]) {
      const candidates = new Candidates(k, CROWD);
      for (const [row, score] of truth.entries()) {
        const found = row % 500 === 499 ? Infinity : score + slack * (2 * randomUniform(8, 2, row) - 1);
        if (found >= candidates.barFor(slack)) candidates.offer(row, found, slack, row, (place) => truth[place]);
      }
      const found = candidates.found();
      const kept = new Set(found);
      expect(
        ranked.slice(0, k).filter((row) => !kept.has(row)),
        `k ${k}, slack ${slack}`,
      ).toEqual([]);
      expect(found.every((row, i) => i === 0 || found[i - 1] < row)).toBe(true);
      expect(found.length).toBeLessThanOrEqual(3 * k + CROWD);
    }
});

test("those without a reference are all kept", () => {
  const candidates = new Candidates(3, CROWD);
  for (let row = 0; row < ROWS; row++) candidates.offer(row, 1, 0, row);
  expect(candidates.found().length).toBe(ROWS);
});
