/** Pools at the edge of what there can be: every strategy and every rule gives what the textbook does, or one line. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { batches } from "../../src/batches/index.ts";
import type { Engine } from "../../src/engine.ts";
import { InputError } from "../../src/errors.ts";
import type { Features, Pool, PoolData, Predictions } from "../../src/index.ts";
import { strategies } from "../../src/scores/index.ts";
import type { Strategy } from "../../src/strategy.ts";
import { openReference, openTestEngine } from "../support/engines.ts";
import { bell, makePool, ordinaryHead } from "../support/pools.ts";
import { isSoak } from "../support/soak.ts";

vi.setConfig({ testTimeout: 120_000 });

interface EdgePool {
  readonly name: string;
  readonly rows: number;
  readonly classes: number;
  readonly logit: (row: number, c: number) => number;
  readonly dims?: number;
  readonly point?: (row: number, d: number) => number;
  /** A device may take its logits for 0, and its votes fall another way: its scores tell of that, its picks do not. */
  readonly vanishes?: boolean;
  /** Rows that are made invalid. */
  readonly spoilt?: readonly number[];
}

const PASSES = 2;

/** In both passes alike, but for what rows are. */
const edges: readonly EdgePool[] = [
  { name: "one row", rows: 1, classes: 3, logit: bell(1, 1) },
  { name: "one row of one class", rows: 1, classes: 1, logit: bell(1, 1) },
  { name: "two classes", rows: 30, classes: 2, logit: bell(2, 2) },
  { name: "1000 classes", rows: 9, classes: 1000, logit: bell(3, 1) },
  { name: "all rows alike", rows: 30, classes: 4, logit: (_, c) => c / 3, point: () => 1 },
  { name: "logits of ±1e4", rows: 20, classes: 3, logit: (row, c) => ((row + c) % 3 === 0 ? 1e4 : -1e4 + row) },
  { name: "logits of ±3e38", rows: 20, classes: 3, logit: (row, c) => ((row * 7 + c) % 4 < 2 ? 3e38 : -3e38) },
  { name: "subnormal logits", rows: 20, classes: 3, logit: (row, c) => ((row * 5 + c) % 7) * 1e-42, vanishes: true },
  { name: "subnormal points", rows: 20, classes: 3, logit: bell(4, 1), point: (row, d) => ((row + d) % 11) * 1e-42 },
  { name: "far points", rows: 20, classes: 3, logit: bell(5, 1), point: (row, d) => 1e14 * (((row * 3 + d) % 17) - 8) },
  { name: "invalid rows, left out", rows: 40, classes: 3, logit: bell(6, 1), spoilt: [0, 7, 8, 39] },
];

const predictionsOf = ({ rows, classes, logit, spoilt = [] }: EdgePool, passes: number): Required<Predictions> => {
  const { data } = makePool("logits", passes * rows, classes, (i, c) => logit(i < rows ? i : (i % rows) + 1, c));
  for (const row of spoilt) data[row * classes] = NaN;
  return { data, passes, rows, classes };
};

const pointsOf = ({ rows, dims = 4, point = bell(9, 1), spoilt = [] }: EdgePool): Features => {
  const { data } = makePool("points", rows, dims, point);
  for (const row of spoilt) data[row * dims] = Infinity;
  return { data, rows, dims };
};

/** What gives a strategy its scores. */
function dataFor(pool: EdgePool, { needs }: Pick<Strategy, "needs">): PoolData {
  const embeddings = pointsOf(pool);
  if (needs !== "gradients") return { logits: predictionsOf(pool, needs === undefined ? 1 : PASSES), embeddings };
  const { data, classes } = predictionsOf(pool, 1);
  const features = { data: data.map((z) => Math.min(1e4, Math.max(-1e4, z))), rows: pool.rows, dims: classes };
  return { features, head: ordinaryHead([classes, 4, 3], "relu"), embeddings };
}

describe.each(["cpu", "webgpu, frames for software"])("%s", (kind) => {
  let engine: Engine;
  let textbook: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
    textbook = await openReference();
  });
  afterAll(() => engine?.close());

  /** The same of both. */
  async function both<T>(data: PoolData, work: (pool: Pool) => Promise<T>): Promise<[T, T]> {
    using ours = await engine.load({ ...data, invalid: "skip" });
    using theirs = await textbook.load({ ...data, invalid: "skip" });
    return [await work(ours), await work(theirs)];
  }

  // Kernels for many classes take a software device half a minute to compile.
  const pools = edges.filter(({ classes }) => isSoak || kind === "cpu" || classes < 1000);

  test.each(pools)("$name: every strategy", async (pool) => {
    const left = pool.rows - (pool.spoilt?.length ?? 0);
    for (const strategy of strategies) {
      const name = strategy.name as never;
      const data = dataFor(pool, strategy);
      const [ours, theirs] = await both(data, (loaded) => loaded.score(name));
      const votesAlike = kind === "cpu" || strategy.needs !== "votes" || !pool.vanishes;
      ours.values.forEach((value, row) => {
        const expected = theirs.values[row];
        if (Number.isNaN(expected)) return expect(value, `${strategy.name} of row ${row}`).toBeNaN();
        const off = votesAlike ? 2e-6 + 1e-4 * expected : Math.log(pool.classes);
        expect(Math.abs(value - expected), `${strategy.name} of row ${row}`).toBeLessThanOrEqual(off);
      });
      expect(ours.invalid, strategy.name).toBe(pool.rows - left);
      const [all, judged] = await both(data, (loaded) => loaded.select("top-k", { k: left, strategy: name }));
      expect(all.picks, strategy.name).toEqual(judged.picks);
    }
  });

  test.each(pools)("$name: every rule, down to the last row and not past it", async (pool) => {
    for (const rule of batches) {
      const strategy = strategies.find(({ name }) => name === rule.strategy) ?? {};
      const data = dataFor(pool, strategy);
      const valid = pool.rows - (pool.spoilt?.length ?? 0);
      for (const k of [1, Math.min(valid, rule.name === "batchbald" ? 8 : valid)]) {
        const [ours, theirs] = await both(data, (loaded) => loaded.select(rule.name, { k, seed: 3 }));
        expect(ours.picks, `${rule.name}, ${k}`).toEqual(theirs.picks);
        expect(new Set(ours.picks.map(({ row }) => row)).size).toBe(k);
        for (const { row } of ours.picks) expect(row).toBeLessThan(pool.rows);
      }
      using loaded = await engine.load({ ...data, invalid: "skip" });
      const past = loaded.select(rule.name, { k: valid + 1 });
      await expect(past, rule.name).rejects.toThrow(InputError);
      await expect(past, rule.name).rejects.toThrow(
        `k = ${valid + 1} is more than the ${valid} rows left of ${pool.rows}`,
      );
    }
  });
});
