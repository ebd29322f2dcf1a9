/**
 * Rules by distance on pools that are large enough for all that saves distances to be at work: levels, sweeps in several
 * rounds, groups, what a row has met. Held to the definitions with the least distances kept. Coordinates are whole 64ths,
 * so that sums of squares are exact, and picks must be equal whatever is summed up first.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { engineNames, openTestEngine } from "../support/engines.ts";
import { bell } from "../support/pools.ts";

const ROWS = 10_000;
/** A software device in a browser on a busy machine. */
const PATIENCE = 180_000;
const DIMS = 7;
const LABELLED = Array.from({ length: 40 }, (_, i) => 241 * i + 3);
const scores = Float32Array.from({ length: ROWS }, (_, row) => ((row * 7919) % 4093) / 4096);

/** Rows around some centres; every 40th row is a copy of row 40. */
function pointsOf(clusters: number, spread: number, noise: number): Float32Array {
  const centre = bell(51, spread);
  const own = bell(52, noise);
  return Float32Array.from({ length: ROWS * DIMS }, (_, at) => {
    const row = Math.floor(at / DIMS) % 40 === 0 ? 40 : Math.floor(at / DIMS);
    const d = at % DIMS;
    return Math.round(64 * (centre((row * 31) % clusters, d) + own(row, d))) / 64;
  });
}

const pools = {
  "one cloud": pointsOf(1, 0, 2),
  "30 clusters": pointsOf(30, 9, 0.5),
  "900 clusters": pointsOf(900, 9, 0.3),
};
/** Distances of rows · k that each rule may take, a little more than it does: picks would not notice a bound that fails. */
const shares: Record<string, Record<keyof typeof worths, readonly [cpu: number, webgpu: number]>> = {
  "one cloud": { "k-center": [0.33, 0.36], hybrid: [0.26, 0.53], ranked: [0.48, 0.73] },
  "30 clusters": { "k-center": [0.28, 0.25], hybrid: [0.28, 0.285], ranked: [0.28, 0.36] },
  "900 clusters": { "k-center": [0.35, 0.46], hybrid: [0.45, 0.78], ranked: [0.37, 0.69] },
};

/** What a row is worth at a step, by its distance and the extremes of all: of score and distance. */
type Worth = (row: number, distance: number, low: number, high: number, picked: number) => number;

/** Enough for many rounds; fewer where a software device plays a GPU. */
const picksOn = (kind: string): number => (kind === "cpu" ? 1000 : 120);
const [least, most] = scores.reduce(
  ([a, b], s, row) => (LABELLED.includes(row) ? [a, b] : [Math.min(a, s), Math.max(b, s)]),
  [1, 0],
);
const worths: Record<"k-center" | "hybrid" | "ranked", Worth> = {
  "k-center": (_, distance) => distance,
  hybrid: (row, distance, low, high) =>
    0.5 * ((scores[row] - least) / (most - least + 1e-10)) + 0.5 * ((distance - low) / (high - low + 1e-10)),
  ranked(row, distance, _low, _high, picked) {
    const alpha = (ROWS - LABELLED.length - picked) / ROWS;
    return alpha * (1 - 1 / (1 + distance)) + (1 - alpha) * scores[row];
  },
};

/** The definition: every row and every pick, in turn. */
function picksOf(points: Float32Array, worth: Worth, k: number): number[] {
  const squared = new Float64Array(ROWS).fill(Infinity);
  const isTaken = new Uint8Array(ROWS);
  const isLabelled = new Uint8Array(ROWS);
  const add = (centre: number): void => {
    isTaken[centre] = 1;
    for (let row = 0; row < ROWS; row++) {
      let sum = 0;
      for (let d = 0; d < DIMS; d++) sum += (points[row * DIMS + d] - points[centre * DIMS + d]) ** 2;
      if (sum < squared[row]) squared[row] = sum;
    }
  };
  for (const row of LABELLED) {
    add(row);
    isLabelled[row] = 1;
  }
  const picks: number[] = [];
  while (picks.length < k) {
    let [low, high] = [Infinity, 0];
    for (let row = 0; row < ROWS; row++) {
      if (isLabelled[row]) continue;
      low = Math.min(low, squared[row]);
      high = Math.max(high, squared[row]);
    }
    let best = -1;
    let pick = 0;
    for (let row = 0; row < ROWS; row++) {
      if (isTaken[row]) continue;
      const value = worth(row, Math.sqrt(squared[row]), Math.sqrt(low), Math.sqrt(high), picks.length);
      if (value > best) [best, pick] = [value, row];
    }
    picks.push(pick);
    add(pick);
  }
  return picks;
}

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  test.each(Object.keys(pools) as (keyof typeof pools)[])(
    "%s",
    async (name) => {
      const data = pools[name];
      using pool = await engine.load({ scores, embeddings: { data, rows: ROWS, dims: DIMS } });
      for (const rule of Object.keys(worths) as (keyof typeof worths)[]) {
        const { picks, evaluationShare } = await pool.select(rule, { k: picksOn(kind), labelled: LABELLED });
        expect(
          picks.map(({ row }) => row),
          rule,
        ).toEqual(expectedOf(name, rule, picksOn(kind)));
        expect(evaluationShare, rule).toBeLessThan(shares[name][rule][kind === "cpu" ? 0 : 1]);
      }
    },
    PATIENCE,
  );
});

const known = new Map<string, number[]>();

function expectedOf(name: keyof typeof pools, rule: keyof typeof worths, k: number): number[] {
  const key = `${name} ${rule} ${k}`;
  const picks = known.get(key) ?? picksOf(pools[name], worths[rule], k);
  known.set(key, picks);
  return picks;
}
