/** An empty start: by lot most classes are missed, a diverse seed set has them all. */
import { expect, test } from "vitest";
import { activeLearning, logisticModel, openEngine, stopWhen } from "../../src/index.ts";
import { bell } from "../support/pools.ts";

const CLASSES = 6;
const ROWS = 1200;
/** One class has most rows, the others a fiftieth each. */
const labels = Uint32Array.from({ length: ROWS }, (_, row) => (row % 50 < 5 ? 1 + (row % 50) : 0));
const around = bell(21, 0.7);
const data = Float32Array.from({ length: 2 * ROWS }, (_, at) => {
  const [row, d] = [at >> 1, at & 1];
  const angle = (2 * Math.PI * labels[row]) / CLASSES;
  return 12 * (d === 0 ? Math.cos(angle) : Math.sin(angle)) + around(row, d);
});

async function firstModel(
  by: "random" | "kmeans" | "typiclust",
  seed: number,
): Promise<{ seen: number; macroF1: number }> {
  const features = { data, rows: ROWS, dims: 2 };
  await using engine = await openEngine({ backend: "cpu" });
  using pool = await engine.load({ features });
  const loop = activeLearning({
    pool,
    model: logisticModel(),
    oracle: ({ rows }) => rows.map((row) => labels[row]),
    k: 10,
    start: { by },
    classes: CLASSES,
    validation: { features, labels },
    stop: stopWhen.rounds(1),
    seed,
  });
  let last = { seen: 0, macroF1: 0 };
  for await (const { labelled, metrics } of loop)
    last = { seen: new Set(labelled.labels).size, macroF1: metrics.macroF1 ?? 0 };
  return last;
}

test.each(["kmeans", "typiclust"] as const)("%s", async (by) => {
  for (let seed = 0; seed < 5; seed++) {
    const [lot, chosen] = [await firstModel("random", seed), await firstModel(by, seed)];
    expect(lot.seen, `seed ${seed}`).toBeLessThan(5);
    expect(lot.macroF1).toBeLessThan(0.8);
    expect(chosen.seen, `seed ${seed}`).toBe(CLASSES);
    expect(chosen.macroF1).toBeGreaterThan(0.95);
  }
});
