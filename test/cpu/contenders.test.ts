/** Contenders hold every row that may be among the k best, whatever the errors of their scores are, and few others. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Contenders, nthLargest } from "../../src/backends/cpu/contenders.ts";
import { randomUniform } from "../../src/random.ts";
import { bestRows } from "../support/pools.ts";
import { orders, ROWS } from "./orders.ts";

/** Offers as the backend does. */
function offerAll(k: number, scores: readonly number[], slack: number): { found: Uint32Array; kept: number } {
  const contenders = new Contenders(k);
  scores.forEach((score, row) => {
    if (score >= contenders.barFor(slack)) contenders.offer(row, score, slack);
  });
  const found = contenders.found();
  return { found, kept: found.length };
}

test.each(Object.keys(orders))("%s: the best by the truth are among them", (order) => {
  const truth = Array.from({ length: ROWS }, (_, row) => Math.fround(orders[order](row)));
  const ranked = bestRows(truth, ROWS);
  for (const slack of [0, 1e-6, 0.01, 10]) {
    // Off by the slack in one direction or the other, or by anything in between; every 500th may be anything.
    const scores = truth.map((score, row) => {
      if (row % 500 === 499) return Infinity;
      return score + slack * ([-1, 1, 2 * randomUniform(8, 2, row) - 1][row % 3] * (1 - 2 ** -20));
    });
    for (const k of [1, 2, 100, 4097, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS]) {
      const { found } = offerAll(k, scores, slack);
      const kept = new Set(found);
      const missing = ranked.slice(0, k).filter((row) => !kept.has(row));
      expect(missing, `k ${k}, slack ${slack}`).toEqual([]);
      expect(found.every((row, i) => i === 0 || found[i - 1] < row)).toBe(true);
    }
  }
});

test("without errors and ties there are k, whatever order they come in", () => {
  for (const order of ["ascending", "descending"])
    for (const k of [1, 10, 5000]) {
      const scores = Array.from({ length: ROWS }, (_, row) => orders[order](row));
      expect(offerAll(k, scores, 0).kept, `${order}, k ${k}`).toBe(k);
    }
});

test("equals are all kept, and so is what may be anything", () => {
  expect(offerAll(3, Array.from({ length: ROWS }, orders.constant), 0).kept).toBe(ROWS);
  expect(
    offerAll(
      3,
      Array.from({ length: ROWS }, () => Infinity),
      0.1,
    ).kept,
  ).toBe(ROWS);
  const few = [Infinity, 5, 4, Infinity, 3, 2];
  // Two are known to have at least 4.
  expect([...offerAll(2, few, 0).found]).toEqual([0, 1, 2, 3]);
});

test("scores of both infinities, with more rows than there is room for at first", () => {
  const scores = Array.from({ length: ROWS }, (_, row) => [-Infinity, 0, Infinity][row % 3]);
  const { found } = offerAll(10, scores, 0);
  expect([...found]).toEqual(scores.flatMap((score, row) => (score >= 0 ? [row] : [])));
  expect(
    offerAll(
      10,
      Array.from({ length: ROWS }, () => -Infinity),
      0,
    ).kept,
  ).toBe(ROWS);
});

const float = fc.oneof(
  fc.float({ noNaN: true }),
  fc.constantFrom(0, -0, Infinity, -Infinity, 2 ** -149, -(2 ** -149), 2 ** -126, 3.4028234663852886e38, 1),
);

test("nthLargest is what sorting gives", () => {
  fc.assert(
    fc.property(fc.array(float, { minLength: 1, maxLength: 200 }), fc.nat(), (given, at) => {
      const values = Float32Array.from(given);
      // −0 comes after 0, as bits do.
      const sorted = values.toSorted((a, b) => b - a || Number(Object.is(a, -0)) - Number(Object.is(b, -0)));
      const n = 1 + (at % values.length);
      expect(nthLargest(values, n)).toBe(sorted[n - 1]);
    }),
    { numRuns: 2000 },
  );
});
