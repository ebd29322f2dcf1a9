/** Where float32 ends, and what is exact must stay so: all backends give the textbook's picks, and no score leaves its range. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { engineNames, openTestEngine } from "../support/engines.ts";

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine.close());

  test("probabilities that miss 1: kl-divergence picks what bald picks", async () => {
    const data = Float32Array.of(0.5005, 0.5, 0.493, 0.507, 0.4995, 0.4999, 0.507, 0.493);
    using pool = await engine.load({ probabilities: { data, passes: 2, rows: 2, classes: 2 } });
    for (const strategy of ["bald", "kl-divergence"] as const) {
      const { picks } = await pool.select("top-k", { k: 2, strategy });
      expect(picks.map(({ row }) => row)).toEqual([1, 0]);
      expect((await pool.select("top-k", { k: 1, strategy })).picks).toEqual([picks[0]]);
    }
  });

  test("one class has no margin, under any temperature", async () => {
    using pool = await engine.load({ probabilities: { data: new Float32Array(9).fill(1), rows: 9, classes: 1 } });
    for (const temperature of [1, 100, 1e6])
      expect([...(await pool.score("margin", { temperature })).values]).toEqual(Array.from({ length: 9 }, () => 0));
  });

  test("votes that all agree are no disagreement, however many they are", async () => {
    for (const passes of [3, 41, 47, 55, 61]) {
      const data = Float32Array.from({ length: passes * 5 * 3 }, (_, i) => (i % 3 === 1 ? 2 : 0));
      using pool = await engine.load({ logits: { data, passes, rows: 5, classes: 3 } });
      for (const { values } of await pool.score(["vote-entropy", "variation-ratio"]))
        expect(Math.max(...values.map(Math.abs)), `${passes} passes`).toBeLessThan(kind === "cpu" ? 1e-30 : 2e-6);
    }
  });

  // Two classes: p₁ (1 − p₁) times a length that does not depend on the row, but by ‖(x, 1)‖.
  test("gradients of rows that are all but certain have all their digits", async () => {
    const rows = 40;
    const data = Float32Array.from({ length: rows }, (_, row) => 20 + row / 2);
    const layer = { weight: Float32Array.of(1, 0), bias: new Float32Array(2), inputs: 1, outputs: 2 };
    using pool = await engine.load({
      features: { data, rows, dims: 1 },
      head: { layers: [layer], activation: "relu" },
    });
    const { picks } = await pool.select("top-k", { k: rows, strategy: "egl" });
    picks.forEach(({ row, score }, i) => {
      expect(row).toBe(i);
      const other = 1 / (1 + Math.exp(data[row]));
      const exact = 2 * Math.SQRT2 * other * (1 - other) * Math.hypot(data[row], 1);
      expect(Math.abs(score! / exact - 1)).toBeLessThan(1e-12);
    });
  });

  test("so have those of a hidden layer", async () => {
    const rows = 30;
    const data = Float32Array.from({ length: rows }, (_, row) => 20 + row / 2);
    const first = { weight: Float32Array.of(1, 0.5), bias: new Float32Array(2), inputs: 1, outputs: 2 };
    const second = { weight: Float32Array.of(1, 0.25, 0, 0.25), bias: new Float32Array(2), inputs: 2, outputs: 2 };
    using pool = await engine.load({
      features: { data, rows, dims: 1 },
      head: { layers: [first, second], activation: "relu" },
    });
    const { picks } = await pool.select("top-k", { k: rows, strategy: "egl" });
    for (const { row, score } of picks) {
      const x = data[row];
      const other = 1 / (1 + Math.exp(x));
      // ‖(1, −1)‖² (‖h‖² + 1) of the last layer, ‖w₁ − w₀‖² (x² + 1) of the first.
      const length = Math.sqrt(2 * (1.25 * x * x + 1) + (x * x + 1));
      expect(Math.abs(score! / (2 * other * (1 - other) * length) - 1)).toBeLessThan(1e-12);
    }
  });
});
