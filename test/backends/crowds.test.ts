/** Of more rows than are kept, none of which float32 can tell from the next, the best are picked, and all were judged. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PoolData } from "../../src/index.ts";
import type { Engine } from "../../src/engine.ts";
import type { Selection } from "../../src/backends/backend.ts";
import { arraySource } from "../../src/matrix.ts";
import { Pace } from "../../src/pace.ts";
import { strategyOf } from "../../src/scores/index.ts";
import { engineKinds, engineNames, openTestBackend, openTestEngine } from "../support/engines.ts";

/** More than a crowd. */
const MANY = 400_000;
/** Rows that are better by less than float32 can tell. */
const BETTER = [7, 299_999, 399_998];
/** Rows that hold no valid input: they are neither picked nor judged. */
const INVALID = [3, 270_000];
const [COLS, K] = [2, 6];

/** They begin in the middle of 8 bytes, where the cpu lays them out otherwise. */
const values = Float32Array.from({ length: 1 + MANY * COLS }, (_, i) => i % COLS).subarray(1);
for (const row of BETTER) values[row * COLS + 1] = 1e-7;
for (const row of INVALID) values[row * COLS] = NaN;
const identity = { inputs: COLS, outputs: 2, weight: new Float32Array([1, 0, 0, 1]), bias: new Float32Array(2) };
const pools: Record<string, PoolData> = {
  logits: { logits: { data: values, rows: MANY, classes: COLS } },
  features: {
    features: { data: values, rows: MANY, dims: COLS },
    head: { activation: "relu", layers: [identity] },
  },
  scores: {
    scores: Float32Array.from({ length: MANY }, (_, row) =>
      INVALID.includes(row) ? NaN : BETTER.includes(row) ? 2 : 1,
    ),
  },
};

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  test.each(Object.keys(pools))("of %s that are all the same, the first are picked, after those that are better by a hair", async (given) => {
    using pool = await engine.load({ ...pools[given], invalid: "skip" });
    const strategy = given === "scores" ? undefined : "entropy";
    const { picks, refereed, invalid } = await pool.select("top-k", { k: K, strategy, labelled: [1] });
    expect(picks.map(({ row }) => row)).toEqual([...BETTER, 0, 2, 4]);
    expect(invalid).toBe(INVALID.length);
    // Of given scores, which are what they are, the cpu knows ties by their row.
    if (strategy) expect(refereed).toBeGreaterThan(MANY / 2);
    expect(refereed).toBeLessThan(MANY);
  }); // prettier-ignore

  test("few are kept, in however many pieces they come", async () => {
    const backend = await openTestBackend(engineKinds[kind]);
    const source = arraySource("logits", values, MANY, COLS);
    const pool = backend.load({ kind: "logits", source });
    const options = { temperature: 1, seed: 0, passes: 1, dropout: 0, eglLayers: "all", pace: new Pace() } as const;
    const judge: Selection["judge"] = async (rows, tell) =>
      rows.forEach((row) => tell(row, BETTER.includes(row) ? 2 : 1));
    const taken = new Uint32Array(Math.ceil(MANY / 32));
    const { rows, settled } = await pool.candidates(strategyOf("entropy"), { k: K, taken, judge }, options);
    expect(rows.length).toBeLessThanOrEqual(3 * K + 2 ** 18);
    expect(rows.length + settled!).toBe(MANY - INVALID.length);
    expect(rows.filter((row) => BETTER.includes(row))).toEqual(Uint32Array.from(BETTER));
    pool.close();
    await backend.close();
  });
});
