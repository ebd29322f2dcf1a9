/** What the digits panel asks for and learns, without a page. */
import { describe, expect, test } from "vitest";
import { pixelsOf } from "../../demo/page/digits/data.ts";
import { FIRST, Labelling, undone } from "../../demo/page/digits/labelling.ts";
import { batchChoices, startChoices, strategyChoices, usual } from "../../demo/page/digits/settings.ts";
import { fitLogistic, openEngine } from "../../src/index.ts";
import { labelInNode, openDigits, rowsAsked } from "./support/digits.ts";

const digits = await openDigits();
const { pool, heldOut } = digits;

describe("the digits", () => {
  test("are 4,000 to ask for and 1,000 others, of every class", () => {
    expect([pool.labels.length, heldOut.labels.length]).toEqual([4000, 1000]);
    for (const { labels } of [pool, heldOut]) expect(new Set(labels).size).toBe(10);
    const held = new Set([...heldOut.labels.keys()].map((row) => pixelsOf(heldOut, row).join()));
    expect(held.size).toBe(1000);
    expect([...pool.labels.keys()].filter((row) => held.has(pixelsOf(pool, row).join()))).toEqual([]);
  });

  test("have the means of 2 × 2 pixels for features, from 0 to 1", () => {
    const [row, x, y] = [1234, 7, 5];
    const pixels = pixelsOf(pool, row);
    const sum = [0, 1, 28, 29].reduce((total, beside) => total + pixels[2 * y * 28 + 2 * x + beside], 0);
    expect(sum).toBeGreaterThan(0);
    expect(pool.features.data[row * 196 + y * 14 + x]).toBe(Math.fround(sum / (4 * 255)));
  });

  test("are in their places: what learns from pool and labels knows the others", async () => {
    const { rounds } = await labelInNode(digits, 60);
    const { accuracy, random } = rounds.at(-1)!.learnt!;
    expect(accuracy).toBeGreaterThan(0.5);
    expect(random.accuracy).toBeGreaterThan(0.5);
  });
});

describe("what is asked", () => {
  test.each(["top-k", "power"] as const)("is what the library picks: a batch, then one by one by %s", async (batch) => {
    const standing = await labelInNode(digits, FIRST + 3, { batch });
    await using engine = await openEngine({ backend: "cpu" });
    const own = await engine.load({ features: pool.features });
    const first = await own.select("typiclust", { k: FIRST, seed: 1 });
    const rows = first.picks.map(({ row }) => row);
    for (let round = FIRST; round < FIRST + 4; round++) {
      own.use(
        fitLogistic({
          features: await own.features(rows),
          labels: rows.map((row) => pool.labels[row]),
          classes: 10,
          tolerance: 1e-3,
        }),
      );
      const { picks } = await own.select(batch, { strategy: "margin", k: 1, labelled: rows, seed: 1 + round });
      rows.push(picks[0].row);
    }
    expect(rowsAsked(standing)).toEqual(rows);
  });

  test.each([
    ...strategyChoices.map((name) => ["strategy", name]),
    ...batchChoices.map((name) => ["batch", name]),
    ...startChoices.map((name) => ["start", name]),
  ])("may be settled by the %s %s", async (setting, name) => {
    const rows = rowsAsked(await labelInNode(digits, FIRST + 2, { [setting]: name }));
    expect(new Set(rows).size).toBe(FIRST + 3);
  });

  test("follows from the seed", async () => {
    const [one, other] = [await labelInNode(digits, 12, { seed: 1 }), await labelInNode(digits, 12, { seed: 2 })];
    expect(rowsAsked(one)).not.toEqual(rowsAsked(other));
    expect(lotsOf(one)).not.toEqual(lotsOf(other));
  });

  test("is never a row that was skipped, nor one that was answered", async () => {
    const standing = await labelInNode(digits, 40, {
      say: (row, round) => (round % 3 === 0 ? null : pool.labels[row]),
    });
    expect(new Set(rowsAsked(standing)).size).toBe(41);
  });

  test("is picked by the start rule until two classes are known", async () => {
    const standing = await labelInNode(digits, 14, { say: (row, round) => (round < 12 ? 3 : pool.labels[row]) });
    const isFirst = [...standing.rounds.map(({ question }) => question.isFirst), standing.question.isFirst];
    const known = 1 + standing.rounds.findIndex(({ label }) => label !== 3);
    expect(known).toBeGreaterThan(12);
    expect(isFirst).toEqual(isFirst.map((_, round) => round < known));
    const nothing = await labelInNode(digits, 12, { say: () => null });
    expect(nothing.question).toMatchObject({ isFirst: true, beliefs: undefined });
  });
});

describe("what is learnt", () => {
  test("is what a person says, right or wrong", async () => {
    const { rounds } = await labelInNode(digits, 40, { say: (row) => (pool.labels[row] + 1) % 10 });
    const { accuracy, random } = rounds.at(-1)!.learnt!;
    expect(accuracy).toBeLessThan(0.1);
    expect(random.accuracy).toBeGreaterThan(0.4);
  });

  test("is nothing of a row that is skipped", async () => {
    const { rounds } = await labelInNode(digits, 4, { say: (row, round) => (round === 2 ? null : pool.labels[row]) });
    expect(rounds.map(({ learnt }) => learnt === undefined)).toEqual([false, false, true, false]);
    expect(lotsOf({ rounds }).length).toBe(3);
  });

  test("by the random asker is of rows of its own, one a label", async () => {
    const standing = await labelInNode(digits, 40);
    const lots = lotsOf(standing);
    expect(new Set(lots).size).toBe(40);
    expect(lots.filter((row) => rowsAsked(standing).includes(row)).length).toBeLessThan(5);
  });
});

test("what is undone leaves no trace", async () => {
  await using engine = await openEngine({ backend: "cpu" });
  const own = await engine.load({ features: pool.features });
  const labelling = new Labelling(digits, own, usual);
  const before = await labelInNode(digits, 15);
  const wrong = await labelling.answer(before, (pool.labels[before.question.row] + 1) % 10);
  const skipped = await labelling.answer(wrong, null);
  expect(undone(undone(skipped))).toEqual(before);
  const right = await labelling.answer(undone(undone(skipped)), pool.labels[before.question.row]);
  expect(right).toEqual(await labelInNode(digits, 16));
});

/** Rows of the random asker, in their order. */
const lotsOf = ({ rounds }: Pick<Awaited<ReturnType<typeof labelInNode>>, "rounds">): number[] =>
  rounds.flatMap(({ learnt }) => learnt?.random.row ?? []);
