/** Rows that come one at a time: the budget holds, and each rule asks about what it says. */
import { describe, expect, test } from "vitest";
import { InputError, streamSampler, type StreamDecision, type StreamOptions } from "../../src/index.ts";
import { randomUniform } from "../../src/random.ts";

/** max p of row i. */
function run(options: StreamOptions, confidence: (row: number) => number, rows: number): StreamDecision[] {
  const sampler = streamSampler(options);
  return Array.from({ length: rows }, (_, row) => sampler.next([1 - confidence(row), confidence(row)]));
}

const count = (decisions: readonly StreamDecision[]): number => decisions.filter(({ ask }) => ask).length;
const anySureness = (row: number): number => 0.5 + randomUniform(1, 2, row) / 2;
const surer = (row: number): number => (row < 500 ? anySureness(row) : 0.97 + 0.03 * randomUniform(3, 2, row));
const sure = (): number => 0.999;

const late = (rule: "fixed" | "variable"): number =>
  count(run({ budget: 0.1, rule, threshold: 0.9 }, surer, 3000).slice(1000));

const asked = (rule: "fixed" | "randomised"): number => count(run({ budget: 0.3, rule, threshold: 0.6 }, sure, 2000));

describe.each(["fixed", "variable", "randomised", "split"] as const)("%s", (rule) => {
  test.each([0.02, 0.1, 0.5])("spends no more than a budget of %d", (budget) => {
    const decisions = run({ budget, rule, seed: 2 }, anySureness, 5000);
    let questions = 0;
    decisions.forEach(({ ask, spent }, row) => {
      questions += Number(ask);
      expect(spent).toBeLessThanOrEqual(budget * (1 + 1e-9));
      expect(questions).toBeLessThanOrEqual(budget * (row + 1) * (1 + 1e-9));
    });
    expect(count(decisions) / 5000).toBeGreaterThan(budget * 0.6);
  });

  test("decides the same for the same seed", () => {
    const options = { budget: 0.2, rule, seed: 8 };
    expect(run(options, anySureness, 500)).toEqual(run(options, anySureness, 500));
  });
});

test("a fixed threshold asks about what is below it, and only that", () => {
  const decisions = run({ budget: 1, rule: "fixed", threshold: 0.7 }, anySureness, 300);
  decisions.forEach(({ ask }, row) => expect(ask).toBe(Math.max(1 - anySureness(row), anySureness(row)) < 0.7));
});

test("a fixed threshold asks nothing more once a model is sure of all; a variable one goes on", () => {
  expect(late("fixed")).toBe(0);
  expect(late("variable")).toBeGreaterThan(100);
});

test("the variable threshold falls with every question by its step, and rises otherwise, up to 1", () => {
  const decisions = run({ budget: 1, rule: "variable", step: 0.1 }, (row) => (row < 3 ? 0.5 : 0.99), 30);
  expect(decisions[0].threshold).toBeCloseTo(0.9, 12);
  expect(decisions[2].threshold).toBeCloseTo(0.729, 12);
  expect(decisions[3].threshold).toBeCloseTo(0.8019, 12);
  expect(Math.max(...decisions.map(({ threshold }) => threshold))).toBeLessThanOrEqual(1);
});

test("a row that the model is sure of is asked about now and then by a randomised threshold, never by the fixed", () => {
  expect(asked("fixed")).toBe(0);
  expect(asked("randomised")).toBeGreaterThan(50);
});

test("split asks its share by lot, whatever the model says", () => {
  const decisions = run({ budget: 0.5, rule: "split", lot: 0.4, threshold: 0.5 }, () => 1, 4000);
  const lots = decisions.filter(({ reason }) => reason === "by lot").length;
  expect(lots / 4000).toBeGreaterThan(0.17);
  expect(lots / 4000).toBeLessThan(0.23);
});

describe("refuses", () => {
  test.each<[options: StreamOptions, message: string]>([
    [{ budget: 0 }, "budget must be above 0 and up to 1, got 0"],
    [{ budget: 0.1, rule: "best" as never }, "rule must be fixed, variable, randomised or split, got best"],
    [{ budget: 0.1, threshold: 2 }, "threshold must be above 0 and up to 1, got 2"],
    [{ budget: 0.1, threshold: 0 }, "threshold must be above 0 and up to 1, got 0"],
    [{ budget: 0.1, step: 0 }, "step must be above 0 and below 1, got 0"],
    [{ budget: 0.1, window: 5 }, "a budget of 0.1 allows no question in a window of 5: widen it"],
    [{ budget: 0.1, window: 0 }, "window must be a whole number of at least 1, got 0"],
  ])("%o", (options, message) => {
    expect(() => streamSampler(options)).toThrow(new InputError(message));
  });

  test("rows that hold no probabilities", () => {
    const sampler = streamSampler({ budget: 0.5 });
    sampler.next([0.5, 0.5]);
    expect(() => sampler.next([0.5, NaN])).toThrow(new InputError("row 1 of the stream: class 1 has probability NaN"));
    expect(() => sampler.next([0.5, 0.25])).toThrow(
      new InputError("row 1 of the stream: probabilities sum to 0.75, not to 1"),
    );
    expect(() => sampler.next([])).toThrow(new InputError("row 1 of the stream: there are no probabilities"));
  });
});
