/** A pool whose model changes from round to round is the pool that would be loaded anew for each. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError, type Engine, type Head, type PoolModel, type RowSource } from "../../src/index.ts";
import { randomUniform } from "../../src/random.ts";
import { engineNames, openTestEngine } from "../support/engines.ts";

const ROWS = 5000;
const DIMS = 6;

const noise = (seed: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 2 * randomUniform(seed, 2, i) - 1);

const data = noise(1, ROWS * DIMS);

function headOf(seed: number, ...sizes: number[]): Head {
  const layers = sizes.map((outputs, l) => {
    const inputs = l === 0 ? DIMS : sizes[l - 1];
    return { weight: noise(seed + l, inputs * outputs), bias: noise(seed + 50 + l, outputs), inputs, outputs };
  });
  return { layers, activation: "relu" };
}

const probabilities = Float32Array.from({ length: ROWS }, (_, row) => randomUniform(9, 2, row));
const models: [what: string, model: PoolModel][] = [
  ["a head", { head: headOf(10, 4) }],
  ["another of the same sizes", { head: headOf(20, 4) }],
  ["one with a hidden layer", { head: headOf(30, 16, 3) }],
  [
    "probabilities",
    {
      probabilities: {
        data: Float32Array.from({ length: 2 * ROWS }, (_, i) => Math.abs((i % 2) - probabilities[i >> 1])),
        rows: ROWS,
        classes: 2,
      },
    },
  ],
  ["a head again", { head: headOf(40, 4) }],
];

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  test("is refused while the pool is being scored", async () => {
    using pool = await engine.load({ features: { data, rows: ROWS, dims: DIMS }, head: headOf(10, 4) });
    const [before, after] = [{ head: headOf(20, 4) }, { head: headOf(30, 4) }];
    pool.use(before);
    for (const begin of [() => pool.select("top-k", { k: 3 }), () => pool.score("entropy")]) {
      const work = begin();
      expect(() => pool.use(after)).toThrow(
        new InputError("use: the pool is being scored: wait for score and select to come back"),
      );
      await work;
    }
    await expect(pool.select("top-k", { k: 0 })).rejects.toThrow(InputError);
    pool.use(after);
  });

  test("work ends with a signal's reason, and the pool is as it was", async () => {
    using pool = await engine.load({ features: { data, rows: ROWS, dims: DIMS }, head: headOf(10, 4) });
    const reason = new Error("enough");
    for (const work of [
      (signal: AbortSignal) => pool.select("top-k", { k: 3, signal }),
      (signal: AbortSignal) => pool.select("k-center", { k: 30, signal }),
      (signal: AbortSignal) => pool.select("kmeans", { k: 30, signal }),
      (signal: AbortSignal) => pool.select("hybrid", { k: 30, density: 1, signal }),
      (signal: AbortSignal) => pool.score("entropy", { signal }),
    ]) {
      const stop = new AbortController();
      const coming = work(stop.signal);
      stop.abort(reason);
      await expect(coming).rejects.toBe(reason);
    }
    const { picks } = await pool.select("k-center", { k: 3 });
    expect(picks.length).toBe(3);
  });

  test("picks are those of a pool loaded with the model", async () => {
    const features = { data, rows: ROWS, dims: DIMS };
    using pool = await engine.load({ features });
    const labelled = [3, 4999];
    for (const [what, model] of models) {
      pool.use(model);
      using fresh = await engine.load(
        "head" in model ? { features, head: model.head } : { ...model, embeddings: features },
      );
      for (const batch of ["top-k", "hybrid"] as const) {
        const asked = { k: 20, labelled, strategy: "margin" } as const;
        const { picks } = await pool.select(batch, asked);
        expect(picks, what).toEqual((await fresh.select(batch, asked)).picks);
      }
      expect((await pool.score("entropy")).values, what).toEqual((await fresh.score("entropy")).values);
    }
  });

  test("features without a model measure distances, and say what scores need", async () => {
    using pool = await engine.load({ features: { data, rows: ROWS, dims: DIMS } });
    using alone = await engine.load({ embeddings: { data, rows: ROWS, dims: DIMS } });
    expect((await pool.select("k-center", { k: 5 })).picks).toEqual((await alone.select("k-center", { k: 5 })).picks);
    await expect(pool.score("entropy")).rejects.toThrow(
      new InputError("features: hold no predictions, which score needs: give the pool a head (use)"),
    );
    await expect(pool.select("top-k", { k: 5 })).rejects.toThrow(
      new InputError("features: top-k needs scores, and there is no model yet: give the pool a head (use)"),
    );
  });

  test("a model that does not fit is refused, and the one before stays", async () => {
    using pool = await engine.load({ features: { data, rows: ROWS, dims: DIMS }, head: headOf(10, 4) });
    const before = await pool.select("top-k", { k: 5 });
    expect(() => pool.use({ head: { ...headOf(10, 4), layers: [] } })).toThrow(/^head: the head has no layers$/);
    expect(() => pool.use({ logits: { data: new Float32Array(8), rows: 4, classes: 2 } })).toThrow(
      new InputError(`logits: 4 rows for a pool of ${ROWS}`),
    );
    expect((await pool.select("top-k", { k: 5 })).picks).toEqual(before.picks);
    using bare = await engine.load({ embeddings: { data, rows: ROWS, dims: DIMS } });
    expect(() => bare.use({ head: headOf(10, 4) })).toThrow(
      new InputError("the pool was loaded without features for a head to read: load({ features })"),
    );
  });

  test("rows that are on the device are not read again for weights of the same sizes", async () => {
    let reads = 0;
    const source: RowSource = {
      name: "rows",
      rows: ROWS,
      cols: DIMS,
      read(start, count, into) {
        reads++;
        into.set(data.subarray(start * DIMS, (start + count) * DIMS));
      },
    };
    using pool = await engine.load({ features: source, head: headOf(10, 4) });
    await pool.score("entropy");
    const once = reads;
    pool.use({ head: headOf(20, 4) });
    await pool.score("entropy");
    const isResident = kind.startsWith("webgpu") && !kind.includes("nothing resident");
    expect(reads).toBe(isResident ? once : 2 * once);
  });

  test("the features of rows come in the order asked for", async () => {
    using pool = await engine.load({ features: { data, rows: ROWS, dims: DIMS } });
    const { data: found, rows, dims } = await pool.features([7, 3]);
    expect([rows, dims]).toEqual([2, DIMS]);
    expect(found.subarray(0, DIMS)).toEqual(data.subarray(7 * DIMS, 8 * DIMS));
    expect(found.subarray(DIMS)).toEqual(data.subarray(3 * DIMS, 4 * DIMS));
  });
});
