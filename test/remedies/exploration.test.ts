/** ε-greedy: how often, how likely, and what it finds. */
import { beforeAll, describe, expect, test } from "vitest";
import { activeLearning, InputError, logisticModel, openEngine, stopWhen, type Engine } from "../../src/index.ts";
import { explore } from "../../src/remedies/exploration.ts";
import { bell } from "../support/pools.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ backend: "cpu" });
});

const bitsOf = (rows: readonly number[], of: number): Uint32Array => {
  const bits = new Uint32Array(Math.ceil(of / 32));
  for (const row of rows) bits[row >>> 5] |= 1 << (row & 31);
  return bits;
};

test("every row is picked as often as its probability says, step by step", () => {
  const ROWS = 40;
  const taken = [0, 31, 32, 39];
  const own = [7, 3, 38].map((row) => ({ row, score: 1 }));
  const epsilon = 0.3;
  const RUNS = 40_000;
  const first = new Map<number, number>();
  const second = new Map<number, number>();
  for (let seed = 0; seed < RUNS; seed++) {
    const picks = explore(own, { epsilon, seed, taken: bitsOf(taken, ROWS), rows: ROWS });
    expect(new Set([...picks.map(({ row }) => row), ...taken]).size).toBe(7);
    first.set(picks[0].row, (first.get(picks[0].row) ?? 0) + 1);
    const [left, greedy] = [36, picks[0].row === 7];
    expect(picks[0].probability).toBeCloseTo(epsilon / left + (greedy ? 1 - epsilon : 0), 12);
    // Given that the first was the rule's own, so is the next.
    if (greedy) second.set(picks[1].row, (second.get(picks[1].row) ?? 0) + 1);
    expect(picks[1].probability).toBeCloseTo(epsilon / 35 + (picks[1].row === (greedy ? 3 : 7) ? 1 - epsilon : 0), 12);
  }
  const check = (counts: Map<number, number>, likeliest: number, rows: number): void => {
    const runs = [...counts.values()].reduce((a, b) => a + b);
    let chi = 0;
    for (let row = 0; row < ROWS; row++) {
      const isFree = !taken.includes(row) && !(rows === 35 && row === 7);
      if (!isFree) {
        expect(counts.get(row)).toBeUndefined();
        continue;
      }
      const expected = runs * (epsilon / rows + (row === likeliest ? 1 - epsilon : 0));
      chi += ((counts.get(row) ?? 0) - expected) ** 2 / expected;
    }
    // χ² of 35 degrees of freedom is above 75 once in 10,000 times.
    expect(chi).toBeLessThan(75);
  };
  check(first, 7, 36);
  check(second, 3, 35);
});

test("picks say whether they explored; the others are the rule's own, in its order", async () => {
  const scores = Float32Array.from({ length: 2000 }, (_, row) => (row * 7919) % 2000);
  using pool = await engine.load({ scores });
  const plain = await pool.select("top-k", { k: 100 });
  const { picks } = await pool.select("top-k", { k: 100, epsilon: 0.25, seed: 4 });
  const explored = picks.filter((pick) => pick.explored).length;
  expect(explored).toBeGreaterThan(10);
  expect(explored).toBeLessThan(45);
  const own = picks.filter((pick) => !pick.explored).map(({ row }) => row);
  expect(own).toEqual(plain.picks.map(({ row }) => row).slice(0, own.length));
  expect(new Set(picks.map(({ row }) => row)).size).toBe(100);
  for (const { explored: isLot, score, probability } of picks) {
    expect(Number.isNaN(score)).toBe(isLot);
    expect(probability).toBeGreaterThan(isLot ? 0 : 0.75);
  }
  expect((await pool.select("top-k", { k: 100, epsilon: 0 })).picks).toEqual(plain.picks);
});

test("no labelled row, no invalid one and no row twice is drawn, down to the last", async () => {
  const data = new Float32Array(3 * 70).map((_, i) => i % 5);
  for (const row of [5, 64]) data[3 * row] = NaN;
  using pool = await engine.load({ logits: { data, rows: 70, classes: 3 }, invalid: "skip" });
  const labelled = [0, 31, 32, 69];
  const { picks } = await pool.select("top-k", { k: 64, epsilon: 1, labelled });
  expect(picks.map(({ row }) => row).sort((a, b) => a - b)).toEqual(
    [...Array(70).keys()].filter((row) => ![...labelled, 5, 64].includes(row)),
  );
});

test("what a rule says of its picks together is left out where some are others", async () => {
  const data = new Float32Array(200).map((_, i) => Math.sin(i));
  using pool = await engine.load({ embeddings: { data, rows: 100, dims: 2 } });
  expect((await pool.select("k-center", { k: 5 })).radius).toBeGreaterThan(0);
  const explored = await pool.select("k-center", { k: 5, epsilon: 0.5 });
  expect(explored.radius).toBeUndefined();
  expect(explored.evaluations).toBeGreaterThan(0);
});

test.each([-0.1, 1.1, NaN])("epsilon of %d is refused", async (epsilon) => {
  using pool = await engine.load({ scores: Float32Array.of(1, 2) });
  await expect(pool.select("top-k", { k: 1, epsilon })).rejects.toThrow(
    new InputError(`epsilon must be between 0 and 1, got ${epsilon}`),
  );
});

describe("a cluster that uncertainty never visits", () => {
  // Two classes with a border between them; and far out on the sure side of class 0, a cluster that is class 1.
  const ROWS = 900;
  const noise = bell(11, 0.4);
  const labels = Uint32Array.from({ length: ROWS }, (_, row) => (row % 3 === 0 ? 0 : 1));
  const centres = [
    [-1, 0],
    [1, 0],
    [-6, -6],
  ];
  const data = Float32Array.from(
    { length: 2 * ROWS },
    (_, at) => centres[(at >> 1) % 3][at & 1] + noise(at >> 1, at & 1),
  );
  const features = { data, rows: ROWS, dims: 2 };
  const start = [0, 1, 3, 4, 6, 7].map((row) => ({ row, label: labels[row] }));

  test.each([
    [0, false],
    [0.2, true],
  ])("epsilon %d", async (epsilon, isFound) => {
    using pool = await engine.load({ features });
    const asked: number[] = [];
    let accuracy = 0;
    const loop = activeLearning({
      pool,
      model: logisticModel(),
      oracle: ({ rows }) => (asked.push(...rows), rows.map((row) => labels[row])),
      strategy: "entropy",
      k: 5,
      epsilon,
      labelled: start,
      stop: stopWhen.budget(60),
      validation: { features, labels },
    });
    for await (const { metrics } of loop) accuracy = metrics.accuracy!;
    const visits = asked.filter((row) => row % 3 === 2).length;
    if (isFound) {
      expect(visits).toBeGreaterThan(0);
      expect(accuracy).toBeGreaterThan(0.9);
    } else {
      expect(visits).toBe(0);
      expect(accuracy).toBeLessThan(0.7);
    }
  });
});
