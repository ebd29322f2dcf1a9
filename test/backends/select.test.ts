/** Picks are the textbook's in float64, ties to the lowest row, whatever runs the kernel. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { InputError } from "../../src/errors.ts";
import type { StrategyName } from "../../src/scores/index.ts";
import { engineNames, openTestEngine } from "../support/engines.ts";
import { bell, bestRows, definitions, makePool, scoresOf, type TestPool } from "../support/pools.ts";

const ranked = Object.keys(definitions) as StrategyName[];

/** Two classes whose probabilities differ by so little that float32 scores are all alike. */
const closer = (row: number): number => ((row * 7919) % 300) * 1e-6;

const pools: TestPool[] = [
  makePool("bell", 5000, 10, bell(21, 2)),
  makePool("two classes, dense at the top", 20_000, 2, (row, c) => (c === 0 ? bell(22, 0.01)(row, 0) : 0)),
  makePool("scores that differ by 1e-9 and less", 300, 2, (row, c) => (c === 0 ? closer(row) : 0)),
  makePool("all rows equal", 3000, 4, (_, c) => c / 3),
  makePool("every row three times", 999, 5, (row, c) => bell(23, 1)(Math.floor(row / 3), c)),
  makePool("|logit| = 200", 500, 3, (row, c) => (c === 0 ? 200 : c === 1 ? 200 - (row % 50) * 1e-4 : -200)),
  makePool("one class", 100, 1, (row) => row),
  makePool("1000 classes, nearly uniform", 200, 1000, bell(24, 1e-3)),
  makePool("certain but for 1e-9", 400, 3, (row, c) => (c === 0 ? 20 + (row % 17) * 1e-3 : 0)),
];

/** One value of a healthy pool replaced. */
function spoil(row: number, c: number, value: number): TestPool {
  const pool = makePool("spoiled", 700, 4, bell(41, 1));
  pool.data[row * 4 + c] = value;
  return pool;
}

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  const load = ({ data, rows, classes }: TestPool) => engine.load({ logits: { data, rows, classes } });

  test.each(pools)("picks as float64 does: $name", async (pool) => {
    using loaded = await load(pool);
    for (const strategy of ranked) {
      const expected = scoresOf(pool, strategy);
      for (const k of [1, 7, 100].filter((n) => n <= pool.rows)) {
        const { picks, refereed } = await loaded.select("top-k", { k, strategy });
        // The oracle sums in another way, so it may tell apart what the textbook in class order holds for a tie.
        const tolerance = 1e-14 * Math.max(1, pool.classes / 10);
        const best = bestRows(expected, k);
        picks.forEach(({ row, score }, i) => {
          expect(Math.abs(score - expected[row])).toBeLessThanOrEqual(tolerance);
          if (row !== best[i]) expect(Math.abs(expected[row] - expected[best[i]])).toBeLessThanOrEqual(tolerance);
        });
        expect(new Set(picks.map(({ row }) => row)).size).toBe(k);
        for (let i = 1; i < k; i++) {
          const [a, b] = [picks[i - 1], picks[i]];
          expect(a.score > b.score || (a.score === b.score && a.row < b.row)).toBe(true);
        }
        expect(refereed).toBeGreaterThanOrEqual(k);
      }
    }
  });

  test("gives the very picks of the cpu backend, scores and all", async () => {
    const reference = await openTestEngine("cpu");
    for (const pool of pools) {
      using ours = await load(pool);
      using theirs = await reference.load({ logits: pool });
      const names = pool === pools[0] ? [...ranked, "random" as const] : ranked;
      for (const strategy of names) {
        const options = {
          k: Math.min(50, pool.rows),
          strategy,
          temperature: pool === pools[0] ? 2.5 : 1,
          seed: 3,
          labelled: [0, 5, 5, 17].filter((row) => row < pool.rows - 50),
        };
        const [a, b] = [await ours.select("top-k", options), await theirs.select("top-k", options)];
        expect(a.picks, `${strategy} of ${pool.name}`).toEqual(b.picks);
      }
    }
  });

  test("passes that overlap do not see each other", async () => {
    const pool = makePool("bell", 60_000, 4, bell(26, 2));
    const source = {
      name: "slow rows",
      rows: pool.rows,
      cols: pool.classes,
      async read(start: number, count: number, into: Float32Array) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        into.set(pool.data.subarray(start * pool.classes, (start + count) * pool.classes));
      },
    };
    using alone = await load(pool);
    const { values } = await alone.score("margin");
    using loaded = await engine.load({ logits: source });
    const passes = Array.from({ length: 24 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i));
      return loaded.score("margin");
    });
    for (const scores of await Promise.all(passes)) {
      expect(scores.values.findIndex((value, row) => value !== values[row])).toBe(-1);
    }
  });

  test("ties go to the lowest row", async () => {
    using loaded = await load(pools[3]);
    const { picks } = await loaded.select("top-k", { k: 40, strategy: "margin", labelled: [0, 2, 31, 32, 33] });
    const expected = Array.from({ length: 45 }, (_, row) => row).filter((row) => ![0, 2, 31, 32, 33].includes(row));
    expect(picks.map(({ row }) => row)).toEqual(expected);
  });

  test("never picks a labelled row, and takes every row that is left", async () => {
    using loaded = await load(pools[0]);
    const labelled = Array.from({ length: 4990 }, (_, i) => (i * 3) % 5000);
    const { picks } = await loaded.select("top-k", { k: 10, strategy: "entropy", labelled });
    const left = (row: number): boolean => !labelled.includes(row);
    expect(picks.map(({ row }) => row)).toEqual(bestRows(scoresOf(pools[0], "entropy"), 10, left));
    const order = loaded.select("top-k", { k: 11, strategy: "entropy", labelled });
    await expect(order).rejects.toThrow(
      new InputError("k = 11 is more than the 10 rows left of 5000 (4990 labelled): ask for at most 10"),
    );
  });

  test("ranks given scores, −0 and 0 alike, and negative ones", async () => {
    const scores = new Float32Array([0, -0, -1, 5, 5, 1e-40, -3e38, 3e38, -1e-40, 0]);
    using loaded = await engine.load({ scores });
    const { picks, strategy } = await loaded.select("top-k", { k: 10 });
    expect(picks.map(({ row }) => row)).toEqual([7, 3, 4, 5, 0, 1, 9, 8, 2, 6]);
    expect(picks[0].score).toBe(Math.fround(3e38));
    expect(strategy).toBeUndefined();
  });

  test("leaves out labelled and invalid rows where stretches of scores are shorter than k", async () => {
    const rows = 40_000;
    const scores = Float32Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? NaN : (row * 7919) % 4093));
    const labelled = Array.from({ length: 4000 }, (_, i) => 10 * i + 1);
    using loaded = await engine.load({ scores, invalid: "skip" });
    const { picks } = await loaded.select("top-k", { k: 20_000, labelled });
    const isLeft = Uint8Array.from(scores, (score) => Number(!Number.isNaN(score)));
    for (const row of labelled) isLeft[row] = 0;
    expect(picks.map(({ row }) => row)).toEqual(bestRows(scores, 20_000, (row) => isLeft[row] === 1));
  });

  test("given scores: any k of any floats", async () => {
    const floats = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(floats, fc.nat(), async (values, pickOf) => {
        const scores = Float32Array.from(values);
        const k = 1 + (pickOf % values.length);
        using loaded = await engine.load({ scores });
        const { picks } = await loaded.select("top-k", { k });
        expect(picks.map(({ row }) => row)).toEqual(bestRows(scores, k));
      }),
      { numRuns: kind === "cpu" ? 300 : 30, seed: 2 },
    );
  });

  test("linear heads: any small pool, also where features dwarf the differences", async () => {
    const reference = await openTestEngine("cpu");
    for (const scale of [1, 1e3, 1e-3]) {
      const [rows, dims, classes] = [2000, 12, 3];
      const features = makePool("features", rows, dims, (row, d) => scale * bell(31, 1)(row % 700, d)).data;
      const weight = makePool("weight", classes, dims, bell(32, 0.3 / scale)).data;
      const head = {
        layers: [{ weight, bias: new Float32Array(classes), inputs: dims, outputs: classes }],
        activation: "relu" as const,
      };
      const data = { features: { data: features, rows, dims }, head };
      using ours = await engine.load(data);
      using theirs = await reference.load(data);
      for (const strategy of ranked) {
        const [a, b] = [
          await ours.select("top-k", { k: 30, strategy }),
          await theirs.select("top-k", { k: 30, strategy }),
        ];
        expect(a.picks).toEqual(b.picks);
      }
    }
  });

  describe("invalid rows", () => {
    test.each([NaN, Infinity, -Infinity])("%s is named with row and class", async (value) => {
      using loaded = await load(spoil(301, 2, value));
      const what = Number.isNaN(value) ? "NaN" : `${value}, or beyond float32`;
      const message = `logits: row 301: class 2 is ${what}: correct it, or leave such rows out (invalid: skip)`;
      await expect(loaded.score("entropy")).rejects.toThrow(new InputError(message));
      await expect(loaded.select("top-k", { k: 1 })).rejects.toThrow(new InputError(message));
    });

    test("are left out and counted under skip", async () => {
      const pool = makePool("spoiled", 700, 4, bell(41, 1));
      const spoiled = [0, 64, 65, 300, 699];
      const expected = scoresOf(pool, "entropy");
      for (const row of spoiled) pool.data[row * 4 + (row % 4)] = [NaN, Infinity, -Infinity][row % 3];
      using loaded = await engine.load({ logits: pool, invalid: "skip" });
      const scores = await loaded.score("entropy");
      expect(scores.invalid).toBe(spoiled.length);
      scores.values.forEach((value, row) => expect(Number.isNaN(value)).toBe(spoiled.includes(row)));
      const batch = await loaded.select("top-k", { k: 20 });
      expect(batch.invalid).toBe(spoiled.length);
      expect(batch.picks.map(({ row }) => row)).toEqual(bestRows(expected, 20, (row) => !spoiled.includes(row)));
      await expect(loaded.select("top-k", { k: 696 })).rejects.toThrow(
        "k = 696 is more than the 695 rows left of 700 (5 invalid)",
      );
    });

    test("probabilities must be none below 0 and sum to 1 within 1e-3", async () => {
      const rows = 65;
      const data = new Float32Array(rows * 3).fill(1 / 3);
      const broken = async (row: number, values: number[], fault: RegExp) => {
        const copy = data.slice();
        copy.set(values, row * 3);
        using loaded = await engine.load({ probabilities: { data: copy, rows, classes: 3 } });
        await expect(loaded.score("margin")).rejects.toThrow(new RegExp(`^probabilities: row ${row}: ${fault.source}`));
      };
      await broken(64, [0.5, 0.5, 0.0011], /its probabilities sum to 1\.0011/);
      await broken(3, [0.5, 0.4985, 0], /its probabilities sum to 0\.9985/);
      await broken(9, [1.2, -0.2, 0], /class 1 has probability -0\.2/);
      data.set([0.5, 0.5, 0.0009], 0);
      using loaded = await engine.load({ probabilities: { data, rows, classes: 3 } });
      await expect(loaded.score("margin")).resolves.toBeDefined();
    });

    test("features too large for float32 products are named", async () => {
      const features = { data: new Float32Array(70 * 2).fill(1), rows: 70, dims: 2 };
      features.data[69 * 2 + 1] = 2 ** 50;
      const head = {
        layers: [{ weight: new Float32Array(4), bias: new Float32Array(2), inputs: 2, outputs: 2 }],
        activation: "relu" as const,
      };
      using loaded = await engine.load({ features, head });
      await expect(loaded.score("margin")).rejects.toThrow(
        /^features: row 69: column 1 is 1125899906842624, beyond ±1125899906842624/,
      );
    });
  });
});
