/** Picks of batch rules against those of scipy, scikit-learn and PyTorch: test/golden/batches.py made them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BatchReport } from "../../src/batches/batch.ts";
import type { Engine } from "../../src/engine.ts";
import type { Batch, BatchName, SelectOptions } from "../../src/index.ts";
import golden from "../golden/batches.json" with { type: "json" };
import { engineNames, openTestEngine } from "../support/engines.ts";

interface Golden {
  readonly unit: number;
  readonly pools: readonly GoldenPool[];
}

interface GoldenPool {
  readonly name: string;
  readonly passes?: number;
  readonly rows: number;
  readonly classes: number;
  readonly logits: readonly number[];
  readonly dims?: number;
  readonly embeddings?: readonly number[];
  readonly picked: readonly (Pick<BatchReport, "radius" | "jointInformation"> & {
    readonly batch: BatchName;
    readonly options: SelectOptions;
    readonly picks: readonly number[];
    readonly scores: readonly (number | null)[];
  })[];
}

const { unit, pools } = golden as Golden;
const exact = (values: readonly number[]): Float32Array => Float32Array.from(values, (n) => n / unit);

const rowsOf = ({ picks }: Batch): number[] => picks.map(({ row }) => row);

const distance = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((x, i) => x - b[i]));

/** Both are float64, summed in another order. */
function expectClose(value: number, expected: number, what: string): void {
  if (value !== expected) expect(Math.abs(value - expected), what).toBeLessThanOrEqual(1e-9 * Math.max(1, expected));
}

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  test.each(pools)("$name: picks, scores and reports", async ({ rows, classes, passes, dims, picked, ...given }) => {
    const logits = { data: exact(given.logits), rows, classes, ...(passes && { passes }) };
    const beside = given.embeddings && { embeddings: { data: exact(given.embeddings), rows, dims: dims! } };
    using ranked = await engine.load({ logits, ...beside });
    using bare = beside && (await engine.load(beside));
    for (const { batch, options, picks, scores, radius, jointInformation } of picked) {
      // Without a strategy k-center is to have nothing that it could rank by.
      const pool = batch === "k-center" && !options.strategy ? bare! : ranked;
      const found = await pool.select(batch, options);
      const what = `${batch} ${JSON.stringify(options)}`;
      expect(rowsOf(found), what).toEqual(picks);
      found.picks.forEach(({ score }, i) => expectClose(score, scores[i] ?? Infinity, `${what}: pick ${i}`));
      if (radius !== undefined) expectClose(found.radius!, radius, `${what}: radius`);
      if (jointInformation !== undefined)
        expectClose(found.jointInformation!, jointInformation, `${what}: information`);
    }
  });

  test("badge scores picks by the distance between gradients", async () => {
    const { rows, dims, classes, features, weight, bias, gradients } = golden.badge;
    const head = {
      layers: [{ weight: exact(weight), bias: exact(bias), inputs: dims, outputs: classes }],
      activation: "relu" as const,
    };
    using pool = await engine.load({ features: { data: exact(features), rows, dims }, head });
    const lengths = gradients.map((g) => Math.hypot(...g));
    for (const seed of [0, 1, 2]) {
      const { picks } = await pool.select("badge", { k: rows, seed });
      expect(picks[0].row).toBe(lengths.indexOf(Math.max(...lengths)));
      expectClose(picks[0].score, Math.max(...lengths), "the longest gradient");
      picks.slice(1).forEach(({ row, score }, i) => {
        const earlier = picks.slice(0, i + 1).map((pick) => gradients[pick.row]);
        expectClose(score, Math.min(...earlier.map((g) => distance(g, gradients[row]))), `seed ${seed}, pick ${i + 1}`);
      });
    }
  });
});
