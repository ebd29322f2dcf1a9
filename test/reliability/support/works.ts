/** What a pool may be asked, a work of each kind, small enough to be done at every fault there may be. */
import type { Tuning } from "../../../src/backends/webgpu/tuning.ts";
import type { BatchName, Engine, PoolData, SelectOptions } from "../../../src/index.ts";
import { bell, makePool, ordinaryHead } from "../../support/pools.ts";

/** Scores, or rows that were picked. */
export type Answer = readonly number[];
export type Work = (engine: Engine) => Promise<Answer>;

const [ROWS, CLASSES, DIMS] = [130, 5, 7];
const logits = { data: makePool("logits", ROWS, CLASSES, bell(1, 2)).data, rows: ROWS, classes: CLASSES };
const features = { data: makePool("features", ROWS, DIMS, bell(2, 1)).data, rows: ROWS, dims: DIMS };
const embeddings = { data: makePool("embeddings", ROWS, 3, bell(3, 1)).data, rows: ROWS, dims: 3 };
const head = ordinaryHead([DIMS, 8, CLASSES], "relu");
const dropout = { passes: 3, dropout: 0.5, seed: 4 };

const select =
  (batch: BatchName, data: PoolData, options: Partial<SelectOptions> = {}): Work =>
  async (engine) => {
    using pool = await engine.load(data);
    return (await pool.select(batch, { k: 3, ...options })).picks.map(({ row }) => row);
  };

export const works: Record<string, Work> = {
  // To three digits, which all backends share.
  scores: async (engine) => {
    using pool = await engine.load({ logits });
    const found = await pool.score(["entropy", "margin"]);
    return found.flatMap(({ values }) => Array.from(values, (value) => Math.round(1000 * value)));
  },
  "top-k": select("top-k", { logits }, { strategy: "margin" }),
  "top-k of bald with dropout": select("top-k", { features, head }, { strategy: "bald", ...dropout }),
  "top-k of egl": select("top-k", { features, head }, { strategy: "egl" }),
  "k-center": select("k-center", { embeddings }),
  kmeans: select("kmeans", { embeddings }),
  hybrid: select("hybrid", { logits, embeddings }),
  badge: select("badge", { features, head }),
  batchbald: select("batchbald", { features, head }, dropout),
};
export const workNames = Object.keys(works);

/** Several chunks and segments: each is uploaded, computed on and read back by itself, and the first stays. */
export const smallSizes: Partial<Tuning> = {
  adapterClass: "software",
  maxGroups: 2,
  chunkBytes: 64 * CLASSES * 4,
  residentBytes: 64 * CLASSES * 4,
  segmentBytes: 2 * 64 * 4,
  scratchBytes: 2 ** 13,
  sweepBytes: 2 ** 14,
};

const PATIENCE_MS = 30_000;

/** What a promise gives, or an error where that is nothing for long. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing after ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
