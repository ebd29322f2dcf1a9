/** Pools to pick from: seeded, so that every run, backend and peer works on the same bits. */
import type { PoolData } from "../../src/index.ts";
import type { PointStorage } from "../../src/vectors.ts";
import type { BatchCase } from "./cases.ts";
import { mnistPixels } from "./mnist.ts";

/** What a case has none of is empty. */
export interface BatchPool {
  /** [rows, dims] */
  readonly embeddings: Float32Array;
  /** [rows]: of a rule that goes by distance. */
  readonly scores: Float32Array;
  /** [rows, classes], or [passes, rows, classes]: of a rule that works from predictions. */
  readonly logits: Float32Array;
  /** Rows that have a label, evenly spread. */
  readonly labelled: Uint32Array;
}

/** Seeds of their own, so that a number is never used for two things. */
const seeds = { embeddings: 12_345, scores: 99, logits: 4711 };
/** Standard deviation of logits: a softmax over them is sure in some rows and torn in others. */
const SPREAD = 2;

export function makePool(one: BatchCase): BatchPool {
  const { rows, classes, hidden } = one;
  return {
    embeddings: embeddingsOf(one),
    scores: classes ? new Float32Array() : Float32Array.from({ length: rows }, uniform(seeds.scores)),
    logits: classes && !hidden ? logitsOf(one, classes) : new Float32Array(),
    labelled: labelledOf(one),
  };
}

/** What the library is given. */
export function poolData(
  { rows, dims, storage, classes, passes }: BatchCase,
  pool: BatchPool,
): PoolData & { storage?: PointStorage } {
  const embeddings = dims > 0 ? { data: pool.embeddings, rows, dims } : undefined;
  if (!classes) return { scores: pool.scores, embeddings, storage };
  return { logits: { data: pool.logits, passes, rows, classes }, embeddings };
}

/** The first rows of a pool without predictions, as the pool of a case with so many. */
export function firstRows(one: BatchCase, { embeddings, scores, logits }: BatchPool): BatchPool {
  const { rows, dims } = one;
  return {
    embeddings: embeddings.subarray(0, rows * dims),
    scores: scores.subarray(0, rows),
    logits,
    labelled: labelledOf(one),
  };
}

const labelledOf = ({ rows, labelled }: BatchCase): Uint32Array =>
  Uint32Array.from({ length: labelled }, (_, i) => Math.floor((i * rows) / labelled));

/** Cases that follow each other often share their embeddings, and to draw them takes seconds. */
let last: { readonly key: string; readonly embeddings: Float32Array } | undefined;

function embeddingsOf({ family, rows, dims }: BatchCase): Float32Array {
  const key = `${family} ${rows}x${dims}`;
  if (last?.key !== key) last = { key, embeddings: family === "mnist" ? mnistPixels(rows) : drawn(family, rows, dims) };
  return last.embeddings;
}

function drawn(family: string, rows: number, dims: number): Float32Array {
  const lot = uniform(seeds.embeddings);
  const bell = bellOf(lot);
  const data = new Float32Array(rows * dims).map(bell);
  if (family === "heavy-tailed") {
    // Student's t of three degrees of freedom.
    for (let row = 0; row < rows; row++) {
      const spread = Math.sqrt((bell() ** 2 + bell() ** 2 + bell() ** 2) / 3);
      for (let d = 0; d < dims; d++) data[row * dims + d] /= spread;
    }
  } else if (family.endsWith("clusters")) {
    const clusters = Number.parseInt(family, 10);
    const centres = new Float32Array(clusters * dims).map(() => 4 * bell());
    for (let row = 0; row < rows; row++) {
      const own = Math.floor(lot() * clusters) * dims;
      for (let d = 0; d < dims; d++) data[row * dims + d] += centres[own + d];
    }
  }
  return data;
}

function logitsOf({ family, rows, passes = 1 }: BatchCase, classes: number): Float32Array {
  const lot = uniform(seeds.logits);
  const bell = bellOf(lot);
  const data = new Float32Array(passes * rows * classes);
  if (family !== "realistic passes") return data.map(() => SPREAD * bell());
  for (let row = 0; row < rows; row++) {
    // Nine rows of ten are sure of a class of theirs, and passes stay close to what they have in common.
    const sure = lot() < 0.9 ? Math.floor(lot() * classes) : -1;
    for (let c = 0; c < classes; c++) {
      const common = bell() + (c === sure ? 8 : 0);
      for (let pass = 0; pass < passes; pass++) data[(pass * rows + row) * classes + c] = common + 0.3 * bell();
    }
  }
  return data;
}

/** Marsaglia's xorshift: quick, and the same everywhere. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Box & Muller, one of each pair. */
const bellOf = (lot: () => number) => (): number =>
  Math.sqrt(-2 * Math.log(lot() + 1e-12)) * Math.cos(2 * Math.PI * lot());
