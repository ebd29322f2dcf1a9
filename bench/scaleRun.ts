/**
 * One size of `bench/scale.ts` in a process of its own, for the peak of a process never falls: prints JSON.
 * `node --import tsx bench/scaleRun.ts WORK`, a `ScaleWork` as JSON.
 */
import {
  openEngine,
  type MemoryBudget,
  type MemoryNeeds,
  type PointStorage,
  type Timings,
  type Whereabouts,
} from "../src/index.ts";
import { openNpy } from "../src/node.ts";
import { PLANTED, sourceOf } from "./scaleRows.ts";

/** A selection by k-center where `k` is given, and else the top-k out of rows that are made, or lie in a file. */
export interface ScaleWork {
  readonly rows: number;
  readonly backend: "cpu" | "webgpu";
  /** A .npy file. */
  readonly file?: string;
  readonly k?: number;
  readonly memory?: MemoryBudget;
  readonly storage?: PointStorage;
}

export interface ScaleResult {
  readonly picks: readonly number[];
  readonly run: ScaleRun;
}

export interface ScaleRun {
  readonly seconds: number;
  readonly timings: Timings;
  readonly needs: MemoryNeeds;
  readonly embeddings?: Whereabouts;
  /** Bytes that the process took at most. */
  readonly peak: number;
}

// Where it is imported, it is for its types.
if (import.meta.filename === process.argv[1]) console.log(JSON.stringify(await run(JSON.parse(process.argv[2]))));

async function run({ rows, backend, file, k, memory, storage }: ScaleWork): Promise<ScaleResult> {
  const opened = file === undefined ? undefined : await openNpy(file);
  await using engine = await openEngine({ backend, memory });
  try {
    // The compiler's work is no part of what a row costs.
    using first = await engine.load({ logits: sourceOf(200_000) });
    await first.select("top-k", { k: PLANTED, strategy: "entropy" });
    const source = opened?.source() ?? sourceOf(rows);
    using pool = await engine.load(k === undefined ? { logits: source } : { embeddings: source, storage });
    const batch = k === undefined ? "top-k" : "k-center";
    const needs = pool.memoryFor({ batch });
    const began = performance.now();
    const { picks, timings, embeddings } = await pool.select(batch, { k: k ?? PLANTED });
    const seconds = (performance.now() - began) / 1000;
    const peak = process.resourceUsage().maxRSS * 1024;
    return { picks: picks.map(({ row }) => row), run: { seconds, timings, needs, embeddings, peak } };
  } finally {
    await opened?.close();
  }
}
