/** What the bench times by itself, beside batch rules: right answers are, wrong ones are not. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { aloneOf } from "../bench/batches/alone/index.ts";
import type { Alone } from "../bench/batches/alone/alone.ts";
import { nameOf, shortCases, shrunk, type BatchCase } from "../bench/batches/cases.ts";
import type { BatchAnswer } from "../bench/batches/checks.ts";
import { makePool } from "../bench/batches/data.ts";
import { findPeers } from "../bench/batches/peers.ts";
import { runCase } from "../bench/batches/run.ts";
import { backendNames, openSubject, type Subject } from "../src/bench/backends.ts";
import { briefly } from "../src/bench/measure.ts";

const alone = shortCases.filter((one) => aloneOf(one)).map((one) => shrunk(one, 500));
const named = alone.map((one) => [nameOf(one), one] as const);

const subjects: Subject[] = [];
beforeAll(async () => {
  for (const name of backendNames) {
    const opened = await openSubject(name);
    if (typeof opened === "string") throw new Error(opened);
    subjects.push(opened);
  }
}, 60_000);
afterAll(async () => {
  for (const subject of subjects) await subject.close();
});

test.each(named)(
  "%s is timed where it is done, beside those that can do it",
  async (name, one) => {
    const { peers } = await findPeers(["cpu"], ["numpy", "scikit-learn", "scipy", "torch"]);
    const { results, peers: beside } = await runCase(name, one, subjects, peers, briefly);
    expect(results.map(({ backend }) => backend)).toEqual(one.on ? [one.on] : backendNames);
    for (const result of results)
      expect(result).toMatchObject({ warm: { median: expect.any(Number) }, floorOverMeasured: expect.any(Number) });
    for (const peer of beside) expect(peer).toMatchObject({ warm: { median: expect.any(Number) } });
    const asked = one.storage ? [] : peers.filter(({ rules }) => rules.includes(one.rule));
    expect(beside.map(({ peer }) => peer)).toEqual(asked.map(({ peer }) => peer));
  },
  120_000,
); // a peer is a second or two just to import

/** Answers that are off by a thousandth in one place, or short. */
const spoilt: Record<string, (answer: BatchAnswer) => BatchAnswer[]> = {
  kmeans: changed,
  density: (answer) => [
    ...changed(answer),
    { picks: [], values: Array.from(answer.values ?? [], (value, row) => (row % 2 ? value * 1.001 : value)) },
  ],
  train: changed,
  typicality: ({ picks, scores = [] }) => [
    { picks: picks.slice(1), scores },
    { picks, scores: scores.with(0, scores[0] * 1.001) },
    { picks: [...picks.slice(1), picks[0]], scores },
  ],
};

function changed({ picks, values = [] }: BatchAnswer): BatchAnswer[] {
  const all = Array.from(values);
  return [
    { picks, values: all.with(0, all[0] * 1.001) },
    { picks, values: all.with(0, NaN) },
    { picks, values: all.with(all.length - 1, NaN) },
    { picks, values: all.slice(1) },
    { picks, values: all.slice(0, -1) },
    { picks },
  ];
}

test.each(named.filter(([, { rule }]) => spoilt[rule]))("%s: wrong answers are known", async (_, one) => {
  const { engine } = subjects[0];
  const pool = makePool(one);
  const work = aloneOf(one) as Alone;
  const opened = await work.open(engine, one, pool);
  const answer = await opened.run();
  await opened.close();
  const fault = work.judge(one, pool);
  expect(fault(answer, "us")).toBeUndefined();
  for (const wrong of spoilt[one.rule](answer)) expect(fault(wrong, "us")).toEqual(expect.any(String));
});

test("centres of a step less are wrong, whoever has them", async () => {
  const one = { ...shortCases.find(({ rule }) => rule === "kmeans")!, rows: 20_000, steps: 4 };
  const pool = makePool(one);
  const work = aloneOf(one) as Alone;
  const opened = await work.open(subjects[0].engine, { ...one, steps: 3 }, pool);
  const answer = await opened.run();
  await opened.close();
  for (const by of ["us", "peer"] as const) expect(work.judge(one, pool)(answer, by)).toMatch(/^centre \d+ is off by/);
});

test("what a device leaves unpacked is known to be wrong", async () => {
  const one = alone.find(({ rule }) => rule === "expand") as BatchCase;
  const opened = await aloneOf(one)!.open(subjects[1].engine, one, makePool(one));
  // Nothing has run, so that all is 0.
  expect(await opened.faultLeft!()).toMatch(/^value \d+ is 0, not /);
  await opened.run();
  expect(await opened.faultLeft!()).toBeUndefined();
  await opened.close();
});
