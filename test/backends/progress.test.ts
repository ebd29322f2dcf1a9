/** How far work is, stage by stage, and that it may be given up at any of them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type BatchName,
  type Engine,
  type Pool,
  type Progress,
  type RowSource,
  type SelectOptions,
} from "../../src/index.ts";
import { arraySource } from "../../src/matrix.ts";
import { randomUniform } from "../../src/random.ts";
import { engineNames, openTestEngine } from "../support/engines.ts";

const ROWS = 9000;
const DIMS = 4;
const K = 12;
const labelled = [5, 17];

const noise = (seed: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 2 * randomUniform(seed, 2, i) - 1);
const embeddings = noise(1, ROWS * DIMS);
const logits = noise(2, 3 * ROWS * DIMS);

/** Rows that are not in memory. */
function readSource(): RowSource {
  const { data: _, ...source } = arraySource("embeddings", embeddings, ROWS, DIMS);
  return source;
}

const ranks = ["scoring"];
const measures = ["reading", "scoring", "picking"];
const works: [batch: BatchName, options: Partial<SelectOptions>, stages: string[]][] = [
  ["top-k", {}, ranks],
  ["power", {}, ranks],
  ["k-center", {}, ["reading", "picking"]],
  ["hybrid", {}, measures],
  ["ranked", {}, measures],
  ["badge", {}, measures],
  ["batchbald", {}, ["scoring", "picking"]],
  ["kmeans", {}, ["reading", "seeding", "clustering"]],
  ["typiclust", {}, ["reading", "seeding", "clustering", "picking"]],
  ["cluster-margin", {}, ["reading", "scoring", "seeding", "clustering"]],
  ["hybrid", { density: 1 }, ["reading", "density", "scoring", "picking"]],
  ["top-k", { density: 1, metric: "cosine" }, ["reading", "density", "scoring"]],
];

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  const open = (): Promise<Pool> =>
    engine.load({ logits: { data: logits, passes: 3, rows: ROWS, classes: DIMS }, embeddings: readSource() });

  test.each(works)("%s %j: stages come in their order, and each ends with all rows", async (batch, asked, stages) => {
    using pool = await open();
    const told: Progress[] = [];
    await pool.select(batch, { k: K, labelled, ...asked, onProgress: (progress) => told.push(progress) });
    const names = runsOf(told).map(([{ stage }]) => stage);
    expect(names.filter((stage, i) => stage !== names[i - 1])).toEqual(stages);
    for (const run of runsOf(told)) {
      const { stage, of } = run[0];
      expect(run.every((progress) => progress.of === of)).toBe(true);
      if (stage === "reading") expect(of).toBe(ROWS);
      expect(run.at(-1)!.rows).toBe(of);
    }
    const picking = told.filter(({ stage }) => stage === "picking");
    if (picking.length > 0) expect(picking.at(-1)).toEqual({ stage: "picking", rows: K, of: K });
  });

  test.each(works)("%s %j: given up at any stage, the next call picks the same", async (batch, asked, stages) => {
    using pool = await open();
    const options = { k: K, labelled, ...asked };
    using fresh = await open();
    const { picks } = await fresh.select(batch, options);
    for (const given of stages) {
      const stop = new AbortController();
      const reason = new Error(given);
      let later = 0;
      const onProgress = ({ stage }: Progress): void => {
        if (stop.signal.aborted) later++;
        else if (stage === given) stop.abort(reason);
      };
      await expect(pool.select(batch, { ...options, onProgress, signal: stop.signal })).rejects.toBe(reason);
      expect(later, given).toBeLessThan(3);
    }
    expect((await pool.select(batch, options)).picks).toEqual(picks);
  });

  test("a signal that is given already ends score and select before anything is read", async () => {
    let reads = 0;
    const source: RowSource = { name: "x", rows: ROWS, cols: DIMS, read: () => void reads++ };
    using pool = await engine.load({ logits: source, embeddings: source });
    const signal = AbortSignal.abort(new Error("before"));
    await expect(pool.score("entropy", { signal })).rejects.toBe(signal.reason);
    await expect(pool.select("k-center", { k: K, signal })).rejects.toBe(signal.reason);
    expect(reads).toBe(0);
  });

  test("a call is not ended by the signal of another", async () => {
    using pool = await open();
    using fresh = await open();
    const options = { k: K, labelled, density: 1 };
    const stop = new AbortController();
    const reason = new Error("mine");
    const onProgress = (): void => stop.abort(reason);
    const gone = pool.select("hybrid", { ...options, signal: stop.signal, onProgress });
    const stays = pool.select("hybrid", options);
    await expect(gone).rejects.toBe(reason);
    expect((await stays).picks).toEqual((await fresh.select("hybrid", options)).picks);
    // Nor by one that was given once its call had come back.
    const late = new AbortController();
    using again = await open();
    await again.select("hybrid", { ...options, signal: late.signal });
    late.abort();
    expect((await again.select("hybrid", options)).picks).toEqual((await stays).picks);
  });
});

/** What was told, cut where a stage begins, or begins anew. */
function runsOf(told: readonly Progress[]): Progress[][] {
  const runs: Progress[][] = [];
  told.forEach((progress, i) => {
    const before = told[i - 1];
    if (before?.stage === progress.stage && before.rows <= progress.rows) runs.at(-1)!.push(progress);
    else runs.push([progress]);
  });
  return runs;
}
