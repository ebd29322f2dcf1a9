/** When to stop: each rule on a history made up for it. */
import { describe, expect, test } from "vitest";
import { agreementOf, InputError, stopWhen, type LoopState, type Metrics, type StopRule } from "../../src/index.ts";

const state = (given: Partial<LoopState>): LoopState => ({
  rounds: 0,
  labels: 0,
  refused: 0,
  seconds: 0,
  metrics: [],
  ...given,
});
const history = (name: keyof Metrics, ...values: (number | undefined)[]): LoopState =>
  state({ metrics: values.map((value) => (value === undefined ? {} : { [name]: value })) });

const cases: [what: string, rule: StopRule, goes: LoopState, stops: LoopState, why: string][] = [
  ["budget", stopWhen.budget(5), state({ labels: 4 }), state({ labels: 5 }), "5 labels: the budget is spent"],
  ["rounds", stopWhen.rounds(3), state({ rounds: 2 }), state({ rounds: 3 }), "3 rounds are done"],
  ["time", stopWhen.time(60), state({ seconds: 59.9 }), state({ seconds: 61.2 }), "61 s have passed"],
  [
    "target",
    stopWhen.target("accuracy", 0.9),
    history("accuracy", 0.95, 0.89),
    history("accuracy", 0.5, 0.9),
    "accuracy is 0.9000",
  ],
  [
    "target from above",
    stopWhen.target("logLoss", 0.3),
    history("logLoss", 0.2, 0.31),
    history("logLoss", 0.3),
    "logLoss is 0.3000",
  ],
  [
    "target without a value",
    stopWhen.target("macroF1", 0),
    state({ metrics: [{}] }),
    history("macroF1", 0),
    "macroF1 is 0.000",
  ],
  [
    "agreement",
    stopWhen.agreement(0.9, 2),
    history("kappa", 0.95, 0.8, 0.9),
    history("kappa", 0.1, 0.9, 0.9),
    "the last 2 models agree with a kappa of 0.9 or more",
  ],
  [
    "agreement at first",
    stopWhen.agreement(0.9, 2),
    history("kappa", undefined, 1),
    history("kappa", undefined, 1, 1),
    "the last 2 models agree with a kappa of 0.9 or more",
  ],
  [
    "no change",
    stopWhen.unchanged(0.01, 2),
    history("changed", 0, 0.02),
    history("changed", 0.01, 0),
    "the last 2 models change 1 % of predictions or less",
  ],
  [
    "patience",
    stopWhen.patience("accuracy", 2),
    history("accuracy", 0.5, 0.4, 0.6),
    history("accuracy", 0.5, 0.4, 0.5),
    "accuracy has not become better than 0.5000 for 2 rounds",
  ],
  [
    "patience that is short",
    stopWhen.patience("accuracy", 2),
    history("accuracy", 0.5, 0.4),
    history("accuracy", 0.5, 0.4, 0.3),
    "accuracy has not become better than 0.5000 for 2 rounds",
  ],
  [
    "patience with a margin",
    stopWhen.patience("accuracy", 1, 0.05),
    history("accuracy", 0.5, 0.56),
    history("accuracy", 0.5, 0.54),
    "accuracy has not become better than 0.5000 for 1 rounds",
  ],
  [
    "patience from above",
    stopWhen.patience("logLoss", 2),
    history("logLoss", 1, 2, 0.9),
    history("logLoss", 1, 1, 2),
    "logLoss has not become better than 1.000 for 2 rounds",
  ],
  [
    "any",
    stopWhen.any(stopWhen.rounds(3), stopWhen.budget(5)),
    state({ rounds: 2, labels: 4 }),
    state({ labels: 5 }),
    "5 labels: the budget is spent",
  ],
  [
    "all",
    stopWhen.all(stopWhen.rounds(3), stopWhen.budget(5)),
    state({ rounds: 3, labels: 4 }),
    state({ rounds: 3, labels: 5 }),
    "3 rounds are done; 5 labels: the budget is spent",
  ],
];

test.each(cases)("%s", (_, rule, goes, stops, why) => {
  expect(rule.why(goes)).toBeUndefined();
  expect(rule.why(stops)).toBe(why);
});

test("the smallest budget of any is the budget; all of them may go past one", () => {
  expect(stopWhen.any(stopWhen.budget(9), stopWhen.rounds(2), stopWhen.any(stopWhen.budget(7))).budget).toBe(7);
  expect(stopWhen.any(stopWhen.rounds(2)).budget).toBeUndefined();
  expect(stopWhen.all(stopWhen.budget(9), stopWhen.rounds(2)).budget).toBeUndefined();
});

test("a share of changed rows is met at the share itself", () => {
  for (const changed of [10, 20, 30, 50, 300]) {
    const before = new Uint32Array(1000);
    const after = before.map((_, row) => (row < changed ? 1 : 0));
    const metrics = agreementOf(before, after);
    expect(stopWhen.unchanged(changed / 1000, 1).why(state({ metrics: [metrics] })), String(changed)).toBeDefined();
  }
});

describe("refuses", () => {
  test.each<[what: string, make: () => unknown, message: string]>([
    ["a budget of 0", () => stopWhen.budget(0), "budget must be a whole number of at least 1, got 0"],
    ["half a round", () => stopWhen.rounds(0.5), "rounds must be a whole number of at least 1, got 0.5"],
    ["no time", () => stopWhen.time(0), "time must be above 0, got 0"],
    [
      "a metric that is not known",
      () => stopWhen.target("acuracy" as never, 1),
      'unknown metric "acuracy": known are accuracy, macroF1, logLoss',
    ],
    ["a target that is no number", () => stopWhen.target("accuracy", NaN), "target must be between 0 and 1, got NaN"],
    ["a target in hundredths", () => stopWhen.target("accuracy", 90), "target must be between 0 and 1, got 90"],
    ["a kappa above 1", () => stopWhen.agreement(5), "kappa must be between -1 and 1, got 5"],
    ["a negative share", () => stopWhen.unchanged(-1), "share must be between 0 and 1, got -1"],
    ["a gain that is none", () => stopWhen.patience("accuracy", 2, NaN), "better must be at least 0, got NaN"],
    ["any of nothing", () => stopWhen.any(), "stopWhen.any: give rules of stopWhen, such as stopWhen.budget(1000)"],
    [
      "what is no rule",
      () => stopWhen.all(stopWhen.rounds(2), 5 as never),
      "stopWhen.all: give rules of stopWhen, such as stopWhen.budget(1000)",
    ],
    ["no patience", () => stopWhen.patience("accuracy", 0), "rounds must be a whole number of at least 1, got 0"],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(new InputError(message));
  });
});
