/** Every strategy on every backend, against the textbook in float64. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { strategies, type StrategyName } from "../../src/scores/index.ts";
import { engineNames, openTestEngine } from "../support/engines.ts";
import randoms from "../golden/uniforms.json" with { type: "json" };
import { bell, definitions, makePool, scoresOf, type TestPool } from "../support/pools.ts";

/** Strategies of a plain model: those of several passes, or of a head, have test files of their own. */
const strategyNames = strategies.filter(({ needs }) => needs === undefined).map(({ name }) => name);

/** Absolute, in nats, and relative: what the project promises of a float32 score. */
const ABSOLUTE = 2e-6;
const RELATIVE = 1e-5;

const shapes: [rows: number, classes: number][] = [
  [1, 1],
  [1, 2],
  [63, 3],
  [65, 5],
  [64, 8],
  [257, 10],
  [300, 16],
  [129, 32],
  [67, 33],
  [130, 100],
  [33, 1000],
  [5, 5000],
];
const pools: TestPool[] = [
  ...shapes.map(([rows, classes]) => makePool(`bell ${rows}×${classes}`, rows, classes, bell(rows, 2))),
  makePool("uniform", 70, 10, () => 0.25),
  makePool("peaked", 70, 10, (row, c) => (c === row % 10 ? 30 : -row / 10)),
  makePool("tied in pairs", 70, 4, (row, c) => (c < 2 ? row / 7 : -3)),
  makePool("|logit| = 200", 70, 10, (row, c) => (c === row % 10 ? 200 : c === (row + 1) % 10 ? 200 - row / 64 : -200)),
  makePool("far from 0", 70, 3, (row, c) => 1e4 + c * (row / 70)),
  makePool("largest float32", 4, 3, (row, c) => (c === row ? 3.4e38 : -3.4e38)),
  makePool("rising", 40, 200, (row, c) => (c * row) / 40),
  makePool("small differences", 64, 50, (row, c) => ((row + c) % 7) * 1e-7),
];

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  const scoreAll = async (pool: TestPool, temperature = 1, names: readonly StrategyName[] = strategyNames) => {
    const { data, rows, classes } = pool;
    using loaded = await engine.load({ logits: { data, rows, classes } });
    const all = await loaded.score(names, { temperature });
    return new Map(all.map(({ strategy, values }) => [strategy as string, values]));
  };

  test.each(pools)("is within tolerance and the stated bound: $name", async (pool) => {
    for (const temperature of [1, 0.3, 4]) {
      const scores = await scoreAll(pool, temperature);
      for (const strategy of Object.keys(definitions)) {
        const expected = scoresOf(pool, strategy, temperature);
        const { bound, range } = strategies.find(({ name }) => name === strategy)!;
        // The longest chain of additions of any frame is one a class.
        const limit = bound(pool.classes, Math.max(32, pool.classes), 1) + 2 ** -24;
        const [low, high] = range(pool.classes, 1);
        scores.get(strategy)!.forEach((score, row) => {
          const error = Math.abs(score - expected[row]);
          expect(error, `${strategy} of row ${row}`).toBeLessThanOrEqual(ABSOLUTE + RELATIVE * Math.abs(expected[row]));
          expect(error, `${strategy} of row ${row}`).toBeLessThanOrEqual(limit);
          expect(score).toBeGreaterThanOrEqual(low - ABSOLUTE);
          expect(score).toBeLessThanOrEqual(high + ABSOLUTE);
        });
      }
    }
  });

  test("reads one strategy as it reads several", async () => {
    const pool = pools[5];
    const together = await scoreAll(pool);
    for (const name of strategyNames) {
      const alone = await scoreAll(pool, 1, [name]);
      expect(alone.get(name)).toEqual(together.get(name));
    }
  });

  test("moves with its rows", async () => {
    const pool = pools[9];
    const moved = makePool(
      "moved",
      pool.rows,
      pool.classes,
      (row, c) => pool.data[((row + 17) % pool.rows) * pool.classes + c],
    );
    const [before, after] = [await scoreAll(pool), await scoreAll(moved)];
    for (const strategy of Object.keys(definitions)) {
      const [from, to] = [before.get(strategy)!, after.get(strategy)!];
      to.forEach((score, row) => expect(score).toBe(from[(row + 17) % pool.rows]));
    }
  });

  test("does not change when a constant is added to a row", async () => {
    const pool = makePool("eighths", 65, 12, (row, c) => Math.round(bell(5, 3)(row, c) * 8) / 8);
    const shifted = makePool("shifted", 65, 12, (row, c) => pool.data[row * 12 + c] + row - 30);
    expect(await scoreAll(shifted)).toEqual(await scoreAll(pool));
  });

  test("takes probabilities as they are, and their powers under a temperature", async () => {
    const pool = makePool("weights", 130, 6, (row, c) => Math.exp(bell(3, 2)(row, c)));
    for (let row = 0; row < pool.rows; row++) {
      const weights = pool.data.subarray(row * 6, (row + 1) * 6);
      if (row % 5 === 0) weights[row % 6] = 0;
      if (row % 7 === 0) weights.fill(0)[row % 6] = 1;
      const sum = weights.reduce((a, b) => a + b, 0);
      for (let c = 0; c < 6; c++) weights[c] /= sum;
      if (row === 11) weights.set([1, 1e-41, 0, 0, 0, 0]);
    }
    const { data, rows, classes } = pool;
    using loaded = await engine.load({ probabilities: { data, rows, classes } });
    for (const temperature of [1, 0.5, 10]) {
      const scores = await loaded.score(["entropy", "margin", "least-confidence"], { temperature });
      for (const { strategy, values } of scores) {
        values.forEach((value, row) => {
          const given = Array.from(data.subarray(row * classes, (row + 1) * classes));
          const powers = given.map((p) => p ** (1 / temperature));
          const sum = temperature === 1 ? 1 : powers.reduce((a, b) => a + b, 0);
          const p = powers.map((power) => power / sum);
          const expected = definitions[strategy](p, p.map(Math.log));
          expect(Math.abs(value - expected), `${strategy} of row ${row} at ${temperature}`).toBeLessThanOrEqual(
            ABSOLUTE + RELATIVE * expected,
          );
        });
      }
    }
  });

  test("scores rows past what one grid of workgroups covers", async () => {
    const rows = 20_003;
    const pool = makePool("many", rows, 2, (row, c) => (c === 0 ? (row % 1000) / 100 : 0));
    const scores = (await scoreAll(pool, 1, ["entropy"])).get("entropy")!;
    const expected = scoresOf(
      makePool("few", 1000, 2, (row, c) => pool.data[row * 2 + c]),
      "entropy",
    );
    const worst = scores.reduce((most, score, row) => Math.max(most, Math.abs(score - expected[row % 1000])), 0);
    expect(worst).toBeLessThan(ABSOLUTE);
  });

  test("draws the same random scores as any other backend", async () => {
    const { data, rows, classes } = pools[5];
    using loaded = await engine.load({ logits: { data, rows, classes } });
    const first = await loaded.score("random", { seed: 7 });
    const second = await loaded.score("random", { seed: 4294967295 });
    const golden = randoms.filter(([seed, stream, row, unit]) => seed === 7 && stream === 1 && row < 4 && unit === 0);
    expect([...first.values.subarray(0, 4)]).toEqual(golden.map(([, , , , , uniform]) => uniform));
    expect(second.values).not.toEqual(first.values);
    const mean = first.values.reduce((a, b) => a + b, 0) / rows;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.06);
  });

  test("runs a linear head on features", async () => {
    for (const [rows, dims, classes] of [
      [130, 7, 2],
      [65, 48, 3],
      [33, 64, 10],
      [40, 5, 33],
      [9, 16, 700],
    ]) {
      const features = makePool("features", rows, dims, bell(8, 1)).data;
      const weight = makePool("weight", classes, dims, bell(9, 0.7)).data;
      const bias = makePool("bias", 1, classes, bell(10, 0.5)).data;
      const head = { layers: [{ weight, bias, inputs: dims, outputs: classes }], activation: "relu" as const };
      using loaded = await engine.load({ features: { data: features, rows, dims }, head });
      const [entropy, margin] = await loaded.score(["entropy", "margin"], { temperature: 0.7 });
      const logits = { name: "", rows, classes, data: new Float64Array(rows * classes) };
      for (let row = 0; row < rows; row++)
        for (let c = 0; c < classes; c++) {
          let sum = bias[c];
          for (let d = 0; d < dims; d++) sum += features[row * dims + d] * weight[c * dims + d];
          logits.data[row * classes + c] = sum;
        }
      const asPool = logits as unknown as TestPool;
      for (const { strategy, values } of [entropy, margin]) {
        const expected = scoresOf(asPool, strategy, 0.7);
        values.forEach((value, row) => {
          // A logit of size 10 is itself only known to 1e-6 in float32.
          expect(Math.abs(value - expected[row]), `${strategy} ${rows}×${dims}→${classes}`).toBeLessThan(2e-5);
        });
      }
    }
  });
});
