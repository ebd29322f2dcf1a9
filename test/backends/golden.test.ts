/** Scores and picks against scipy's in float64: test/golden/scores.py made them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine.ts";
import type { StrategyName } from "../../src/scores/index.ts";
import golden from "../golden/scores.json" with { type: "json" };
import { engineNames, openTestEngine } from "../support/engines.ts";

/** The frames differ, not the chunks: how a pool is cut is judged elsewhere. */
const kinds = engineNames.filter((kind) => kind === "cpu" || kind.includes("frames"));

describe.each(kinds)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  test("scores and picks are scipy's, case by case", async () => {
    for (const { name, kind: holds, temperature, rows, classes, data, expected, picks } of golden) {
      const predictions = { data: Float32Array.from(data), rows, classes };
      using pool = await engine.load(holds === "logits" ? { logits: predictions } : { probabilities: predictions });
      const strategies = Object.keys(expected) as (StrategyName & keyof typeof expected)[];
      for (const { strategy, values } of await pool.score(strategies, { temperature })) {
        const theirs = expected[strategy as keyof typeof expected];
        values.forEach((value, row) => {
          const difference = Math.abs(value - theirs[row]);
          expect(difference, `${name}: ${strategy} of row ${row}`).toBeLessThanOrEqual(2e-6 + 1e-5 * theirs[row]);
        });
      }
      // A pipeline for each strategy and slice is slow to compile where a device is software: one strategy will do there.
      const ranked = kind.includes("GPU") ? ["entropy"] : Object.keys(picks);
      for (const strategy of ranked as (StrategyName & keyof typeof picks)[]) {
        const batch = await pool.select("top-k", { k: picks[strategy].length, strategy, temperature });
        expect(
          batch.picks.map(({ row }) => row),
          `${name}: ${strategy}`,
        ).toEqual(picks[strategy]);
      }
    }
  }, 120_000); // many small pipelines, which a software adapter compiles slowly
});
