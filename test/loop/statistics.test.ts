/** Means with their confidence, and what curves come to, against tables and by hand. */
import { expect, test } from "vitest";
import { intervalOf, labelsTo, meanHeight, studentQuantile } from "../../src/loop/statistics.ts";

// Of any table of Student's t, two-sided 95 %.
test.each([
  [1, 12.706],
  [2, 4.303],
  [3, 3.182],
  [9, 2.262],
  [19, 2.093],
  [30, 2.042],
  [200, 1.972],
])("the quantile of %d degrees of freedom is %d", (freedom, expected) => {
  expect(studentQuantile(freedom)).toBeCloseTo(expected, 3);
});

test("an interval holds the mean of what it is drawn from", () => {
  const { mean, low, high, count } = intervalOf([1, 2, 3, 4]);
  expect([mean, count]).toEqual([2.5, 4]);
  // 3.182 · 1.29099 / 2.
  expect(high! - mean).toBeCloseTo(2.0542, 3);
  expect(mean - low!).toBeCloseTo(2.0542, 3);
  expect(intervalOf([7])).toEqual({ mean: 7, low: undefined, high: undefined, count: 1 });
});

const curve = [
  { labels: 10, value: 0.5 },
  { labels: 20, value: 0.7 },
  { labels: 40, value: 0.6 },
  { labels: 50, value: 0.9 },
];

test("a curve's mean height is its area over its width", () => {
  expect(meanHeight(curve)).toBeCloseTo((0.6 * 10 + 0.65 * 20 + 0.75 * 10) / 40, 12);
  expect(meanHeight(curve.slice(0, 1))).toBe(0.5);
});

test.each([
  [0.4, 10],
  [0.5, 10],
  [0.6, 15],
  [0.7, 20],
  [0.75, 45],
  [0.9, 50],
  [0.91, undefined],
])("a curve first reaches %d at %s labels", (target, expected) => {
  const found = labelsTo(curve, target);
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toBeCloseTo(expected, 9);
});
