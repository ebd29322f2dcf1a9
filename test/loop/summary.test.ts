/** What runs come to beside random, by hand. */
import { expect, test } from "vitest";
import type { RunResult } from "../../src/loop/simulate.ts";
import { intervalOf, savingOf } from "../../src/loop/statistics.ts";
import { summarise } from "../../src/loop/summary.ts";

const run = (strategy: string, seed: number, values: readonly number[]): RunResult => ({
  strategy,
  batch: "top-k",
  seed,
  curve: values.map((accuracy, i) => ({ labels: 10 * (i + 1), accuracy, macroF1: accuracy / 2, fit: 1, pick: 2 })),
  picks: [],
});

// Of a model that knows all, 1: targets are 0.8, 0.9 and 0.95.
const full = [0, 1].map((seed) => run("full", seed, [1]));
const random = [run("random", 0, [0.6, 0.7, 0.8, 0.85]), run("random", 1, [0.6, 0.8, 0.85, 0.9])];
const margin = [run("margin", 0, [0.7, 0.9, 0.95, 0.96]), run("margin", 1, [0.8, 0.85, 0.9, 0.91])];

test("labels to a target, and the share of them that is saved", () => {
  const [theirs, own] = summarise([...full, ...random, ...margin]);
  expect([theirs.strategy, own.strategy]).toEqual(["random", "margin"]);
  const [at80, at90, at95] = own.targets;
  expect(own.targets.map(({ reached }) => reached)).toEqual([2, 2, 1]);
  expect(theirs.targets.map(({ reached }) => reached)).toEqual([2, 1, 0]);
  // 15 and 10 labels, of 30 and 20.
  expect(at80.labels.mean).toBeCloseTo(12.5, 9);
  expect(at80.saved).toMatchObject({ sign: "" });
  expect(at80.saved!.mean).toBeCloseTo(0.5, 9);
  expect(at80.saved!.high! - at80.saved!.low!).toBeCloseTo(0, 9);
  // 20 and 30, of at least 40 and 40.
  expect(at90.saved).toMatchObject({ sign: "≥" });
  expect(at90.saved!.mean).toBeCloseTo(1 - 50 / 80, 9);
  // 30 and at least 40, of at least 40 twice.
  expect(at95.saved).toMatchObject({ sign: "≈" });
  expect(at95.saved!.mean).toBeCloseTo(1 - 70 / 80, 9);
  expect(theirs.targets[2].saved).toBeUndefined();
});

test("what only random reaches is at most saved", () => {
  const slow = [0, 1].map((seed) => run("slow", seed, [0.5, 0.6, 0.7, 0.75]));
  const [, own] = summarise([...full, ...random, ...slow]);
  expect(own.targets[0].saved).toMatchObject({ sign: "≤" });
  expect(own.targets[0].saved!.mean).toBeCloseTo(1 - 80 / 50, 9);
});

test("by another measure", () => {
  const [theirs] = summarise([...full, ...random], "macroF1");
  expect(theirs.curve[0].mean).toBeCloseTo(0.3, 12);
  expect(theirs.targets[0].reached).toBe(2);
});

test("an interval of a saving holds what it is drawn from in 95 of 100 cases", () => {
  let state = 1;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  let hits = 0;
  const cases = 2000;
  for (let i = 0; i < cases; i++) {
    // Pairs that go together: a strategy takes 70 % of what random takes with the same seed, more or less.
    const others = Array.from({ length: 10 }, () => 80 + 40 * uniform());
    const values = others.map((other) => other * (0.5 + 0.4 * uniform()));
    const { low, high } = savingOf(values, others);
    if (low! <= 0.3 && 0.3 <= high!) hits++;
  }
  expect(hits / cases).toBeGreaterThan(0.92);
  expect(hits / cases).toBeLessThan(0.98);
});

test("a saving of one pair has no interval", () => {
  expect(savingOf([50], [100])).toEqual({ ...intervalOf([0.5]), mean: 0.5 });
});
