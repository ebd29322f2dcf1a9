/** Batch rules on every backend: the picks of their definitions, from scores that the backend made. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { InputError } from "../../src/errors.ts";
import { batches, batchNames } from "../../src/index.ts";
import { hybridOracle, kCenterOracle, powerOracle, rankedOracle, type OracleCase } from "../support/batchOracle.ts";
import { engineNames, openReference, openTestEngine } from "../support/engines.ts";
import { bell, makePool, scoresOf } from "../support/pools.ts";

const rows = 400;
const dims = 6;
/** Every tenth row is a copy of the first. */
const own = (row: number): number => (row % 10 === 0 ? 0 : row);
const predictions = makePool("predictions", rows, 4, (row, c) => bell(31, 2)(own(row), c));
const points = makePool("points", rows, dims, (row, d) => bell(32, 1)(own(row), d));
const embeddings = { data: points.data, rows, dims };
const labelled = [3, 50, 399];
/** What works on one pass. */
const onePass = batchNames.filter((name) => name !== "batchbald");

const given = (k: number, strategy: string, known = labelled): OracleCase => ({
  points: Array.from({ length: rows }, (_, row) => [...points.data.subarray(row * dims, (row + 1) * dims)]),
  scores: [...scoresOf(predictions, strategy)],
  labelled: known,
  k,
});

/** A layer of whole numbers. */
const grid = (outputs: number, inputs: number, seed: number) => ({
  weight: makePool("weight", outputs, inputs, (o, i) => Math.round(bell(seed, 1)(o, i))).data,
  bias: new Float32Array(outputs),
  inputs,
  outputs,
});

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  test.each(["entropy", "margin"] as const)("picks are those of the definitions: %s", async (strategy) => {
    using pool = await engine.load({ logits: predictions, embeddings });
    const rowsOf = async (batch: (typeof batchNames)[number], options: object) =>
      (await pool.select(batch, { k: 30, strategy, labelled, ...options })).picks.map(({ row }) => row);
    const known = given(30, strategy);
    const unknown = given(30, strategy, []);
    for (const alpha of [0, 0.5, 1])
      expect(await rowsOf("hybrid", { alpha }), `hybrid, ${alpha}`).toEqual(hybridOracle(known, alpha).rows);
    expect(await rowsOf("hybrid", { labelled: [] })).toEqual(hybridOracle(unknown, 0.5).rows);
    expect(await rowsOf("ranked", {})).toEqual(rankedOracle(known).rows);
    expect(await rowsOf("ranked", { labelled: [] })).toEqual(rankedOracle(unknown).rows);
    expect(await rowsOf("power", { powerTemperature: 0.5, seed: 3 })).toEqual(powerOracle(known, 0.5, 3).rows);
    expect(await rowsOf("k-center", {})).toEqual(kCenterOracle(known).rows);
    expect(await rowsOf("k-center", { labelled: [] })).toEqual(kCenterOracle(unknown).rows);
  });

  test.each(onePass)("%s takes every row there is, once, and none that is labelled", async (batch) => {
    using pool = await engine.load({ logits: predictions, embeddings });
    const { picks } = await pool.select(batch, { k: rows - labelled.length, labelled });
    const left = [...Array(rows).keys()].filter((row) => !labelled.includes(row));
    expect(picks.map(({ row }) => row).sort((a, b) => a - b)).toEqual(left);
    await expect(pool.select(batch, { k: rows, labelled })).rejects.toThrow(
      new InputError("k = 400 is more than the 397 rows left of 400 (3 labelled): ask for at most 397"),
    );
  });

  test.each(onePass)("%s heeds the options that it says it does, and no other", async (batch) => {
    using pool = await engine.load({ logits: predictions, embeddings });
    const picksWith = async (options: object) => (await pool.select(batch, { k: 30, labelled, ...options })).picks;
    const { heeds = [] } = batches.find(({ name }) => name === batch)!;
    for (const [option, low, high] of [
      ["alpha", 0, 1],
      ["powerTemperature", 0.1, 5],
    ] as const) {
      const [one, other] = [await picksWith({ [option]: low }), await picksWith({ [option]: high })];
      if (heeds.includes(option)) expect(other, option).not.toEqual(one);
      else expect(other, option).toEqual(one);
    }
  });

  test.each(onePass)("%s leaves out rows that are no predictions or no points", async (batch) => {
    const logits = { ...predictions, data: predictions.data.slice() };
    logits.data[4 * 7 + 1] = NaN;
    const broken = { ...embeddings, data: embeddings.data.slice() };
    broken.data[dims * 9 + 5] = Infinity;
    // One row is neither.
    logits.data[4 * 11] = NaN;
    broken.data[dims * 11] = NaN;
    using pool = await engine.load({ logits, embeddings: broken, invalid: "skip" });
    const { picks, invalid } = await pool.select(batch, { k: 390 });
    const usesScores = !["k-center", "kmeans", "typiclust"].includes(batch);
    const usesPoints = !["top-k", "power"].includes(batch);
    const chosen = new Set(picks.map(({ row }) => row));
    expect(chosen.size).toBe(390);
    expect(chosen).not.toContain(11);
    if (usesScores) expect(chosen).not.toContain(7);
    if (usesPoints) expect(chosen).not.toContain(9);
    expect(invalid).toBe(1 + Number(usesScores) + Number(usesPoints));
    using strict = await engine.load({ logits: predictions, embeddings: broken });
    if (usesPoints)
      await expect(strict.select(batch, { k: 3 })).rejects.toThrow(
        /^embeddings: row 9: column 5 is Infinity, or beyond .* \(and 1 more such rows\): correct it, or leave such rows out \(invalid: skip\)$/,
      );
  });

  test.each(["k-center", "hybrid", "typiclust"] as const)(
    "%s: a labelled row that is no point is near to nothing",
    async (batch) => {
      const broken = { ...embeddings, data: embeddings.data.slice() };
      broken.data[dims * 9 + 5] = NaN;
      using pool = await engine.load({ logits: predictions, embeddings: broken, invalid: "skip" });
      const rowsOf = async (known: number[]) => (await pool.select(batch, { k: 20, labelled: known })).picks;
      expect(await rowsOf([...labelled, 9])).toEqual(await rowsOf(labelled));
      expect(await rowsOf([9])).toEqual(await rowsOf([]));
    },
  );

  test("what is drawn by lot, or estimated, is the same everywhere", async () => {
    const cpu = await openReference();
    const data = makePool("passes", 4 * 60, 3, bell(33, 2)).data;
    const committee = { logits: { data, passes: 4, rows: 60, classes: 3 } };
    const plain = { logits: predictions, embeddings };
    for (const [batch, pool, options] of [
      ["batchbald", committee, { k: 10, labelled: [7], seed: 2 }],
      ["batchbald", committee, { k: 3, temperature: 2 }],
      ["badge", plain, { k: 40, labelled, seed: 9 }],
      ["badge", plain, { k: 40, temperature: 0.5 }],
      ["power", plain, { k: 40, seed: 4 }],
      ["kmeans", plain, { k: 25, labelled, seed: 8 }],
      ["typiclust", plain, { k: 9, labelled, seed: 8 }],
      ["cluster-margin", plain, { k: 12, labelled, seed: 8 }],
    ] as const) {
      using loaded = await engine.load(pool);
      using judged = await cpu.load(pool);
      expect((await loaded.select(batch, options)).picks).toEqual((await judged.select(batch, options)).picks);
    }
  });

  test("rows that a kernel gives up are judged before they are ranked", async () => {
    // Features on a grid, through weights on a grid: many units lie on the kink of relu exactly.
    const count = 120;
    const data = makePool("grid", count, 3, (row, d) => Math.round(bell(34, 1)(row, d))).data;
    const head = { layers: [grid(6, 3, 35), grid(4, 6, 36)], activation: "relu" as const };
    const cpu = await openReference();
    using loaded = await engine.load({ features: { data, rows: count, dims: 3 }, head });
    using judged = await cpu.load({ features: { data, rows: count, dims: 3 }, head });
    for (const [batch, options] of [
      ["ranked", {}],
      ["ranked", { labelled: [5] }],
      ["hybrid", { alpha: 0 }],
      ["hybrid", { labelled: [5], alpha: 0.7 }],
      ["power", { seed: 6 }],
    ] as const) {
      const asked = { k: 25, strategy: "egl", ...options } as const;
      expect((await loaded.select(batch, asked)).picks, batch).toEqual((await judged.select(batch, asked)).picks);
    }
  });

  test("scores too small for float32 are told apart", async () => {
    // Entropies from 1e-107 up to 1e-39.
    const tiny = makePool("tiny", 20, 2, (row, c) => c * -(95 + 8 * (19 - row)));
    const apart = { data: Float32Array.from({ length: 20 }, () => 1), rows: 20, dims: 1 };
    using pool = await engine.load({ logits: tiny, embeddings: apart });
    for (const known of [[], [3]]) {
      const k = 20 - known.length;
      const { picks } = await pool.select("hybrid", { k, alpha: 1, labelled: known });
      const left = [...Array(20).keys()].toReversed().filter((row) => !known.includes(row as never));
      expect(picks.map(({ row }) => row)).toEqual(left);
    }
  });

  test("embeddings alone have no scores", async () => {
    using pool = await engine.load({ embeddings });
    await expect(pool.score("entropy")).rejects.toThrow(
      new InputError("embeddings: hold no predictions, which score needs: load some"),
    );
  });
});
