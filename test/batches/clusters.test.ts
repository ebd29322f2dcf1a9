/** k-means: the fixed point that Lloyd's steps end in, and the rules that pick from clusters. */
import { Pace } from "../../src/pace.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HostClusters } from "../../src/backends/cpu/clusters.ts";
import { cluster, type Clustering } from "../../src/batches/clusters.ts";
import { embeddingSpace, squaredDistance } from "../../src/distance.ts";
import { openEngine } from "../../src/index.ts";
import { bell, makePool } from "../support/pools.ts";
import { vectorsIn } from "../../src/vectors.ts";

const engine = await openEngine({ backend: "cpu" });
const rows = 600;
const dims = 5;
/** Seven clouds of different sizes. */
const cloudOf = (row: number): number => Math.floor(Math.sqrt(row) / 3.6);
const data = makePool("clouds", rows, dims, (row, d) => bell(71, 20)(cloudOf(row), d) + bell(72, 1)(row, d)).data;

const clustering = (points: Float32Array, width: number): Clustering => ({
  pace: new Pace(),
  space: () => embeddingSpace(vectorsIn(points, width), "euclidean"),
  clusters: (own, k) => HostClusters.open({ ...vectorsIn(points, width), metric: "euclidean" }, own, k),
});

/** Rows and centres, all distances in full. */
function expectFixedPoint(points: Float32Array, width: number, found: Awaited<ReturnType<typeof cluster>>, k: number) {
  const { own, squared, centres } = found;
  const stride = centres.length / k;
  const sums = Array.from({ length: k }, () => Array(width).fill(0));
  const sizes = Array(k).fill(0);
  /** What a coordinate counts as may be so far from it. */
  const resolution = 2 ** -29 * points.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  own.forEach((c, row) => {
    const to = (centre: number): number => {
      const point = new Float64Array(stride);
      point.set(points.subarray(row * width, (row + 1) * width));
      return squaredDistance(point, 0, centres, centre * stride, stride, Infinity);
    };
    const all = Array.from({ length: k }, (_, centre) => to(centre));
    expect(to(c)).toBe(squared[row]);
    expect(squared[row]).toBe(Math.min(...all));
    sizes[c]++;
    for (let d = 0; d < width; d++) sums[c][d] += points[row * width + d];
  });
  for (let c = 0; c < k; c++)
    if (sizes[c] > 0)
      for (let d = 0; d < width; d++)
        expect(Math.abs(centres[c * stride + d] - sums[c][d] / sizes[c])).toBeLessThanOrEqual(resolution);
}

test.each([1, 2, 7, 30])("every row is with the nearest of %i centres, and every centre is a mean", async (k) => {
  const found = await cluster(
    clustering(data, dims),
    Uint32Array.from({ length: rows }, (_, row) => row),
    k,
    5,
  );
  expectFixedPoint(data, dims, found, k);
});

test("so it is for small pools with ties and repeats", async () => {
  const values = fc.constantFrom(-2, -1, 0, 1, 2);
  const pools = fc.integer({ min: 1, max: 14 }).chain((count) =>
    fc.record({
      points: fc.array(values, { minLength: 2 * count, maxLength: 2 * count }),
      k: fc.integer({ min: 1, max: count }),
      seed: fc.nat({ max: 50 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(pools, async ({ points, k, seed }) => {
      const all = Float32Array.from(points);
      const count = points.length / 2;
      const found = await cluster(
        clustering(all, 2),
        Uint32Array.from({ length: count }, (_, row) => row),
        k,
        seed,
      );
      expectFixedPoint(all, 2, found, k);
      const pool = await engine.load({ embeddings: { data: all, rows: count, dims: 2 } });
      const { picks } = await pool.select("kmeans", { k, seed });
      expect(new Set(picks.map(({ row }) => row)).size).toBe(k);
    }),
    { numRuns: 1000 },
  );
});

describe("picks", () => {
  test("kmeans: a row of each cloud, the largest first, near its middle", async () => {
    const pool = await engine.load({ embeddings: { data, rows, dims } });
    const { picks } = await pool.select("kmeans", { k: 7, seed: 1 });
    const sizes = Array.from({ length: 7 }, (_, c) => [...Array(rows).keys()].filter((r) => cloudOf(r) === c).length);
    const clouds = picks.map(({ row }) => cloudOf(row));
    expect([...clouds].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(clouds.map((c) => sizes[c])).toEqual([...sizes].sort((a, b) => b - a));
    for (const { score } of picks) expect(score).toBeLessThan(2);
  });

  test("cluster-margin: from the smallest clusters of small margins, in turn", async () => {
    // Margins are smallest in the last cloud, which top-k would take all of.
    const logits = makePool("logits", rows, 2, (row, c) => c * (7 - cloudOf(row) + row / 1000));
    const pool = await engine.load({ logits, embeddings: { data, rows, dims } });
    const { picks, strategy } = await pool.select("cluster-margin", { k: 40, seed: 1 });
    expect(strategy).toBe("margin");
    const clouds = new Set(picks.map(({ row }) => cloudOf(row)));
    const top = await pool.select("top-k", { k: 40, strategy: "margin" });
    expect(new Set(top.picks.map(({ row }) => cloudOf(row))).size).toBe(1);
    expect(clouds.size).toBeGreaterThan(2);
    const considered = await pool.select("top-k", { k: 400, strategy: "margin" });
    const margins = new Map(considered.picks.map(({ row, score }) => [row, score]));
    for (const { row, score } of picks) expect(margins.get(row)).toBe(score);
  });

  test("typiclust: the most typical rows of clouds without a label, by all distances in full", async () => {
    const pool = await engine.load({ embeddings: { data, rows, dims } });
    const labelled = [1, 20, 30, 100, 599];
    const known = new Set(labelled.map(cloudOf));
    const { picks } = await pool.select("typiclust", { k: 7 - labelled.length, labelled, seed: 1 });
    const clouds = picks.map(({ row }) => cloudOf(row));
    expect(clouds.filter((c) => known.has(c))).toEqual([]);
    const typicality = (row: number): number => {
      const distances = [...Array(rows).keys()]
        .filter((other) => other !== row && cloudOf(other) === cloudOf(row))
        .map((other) =>
          Math.hypot(...Array.from({ length: dims }, (_, d) => data[row * dims + d] - data[other * dims + d])),
        )
        .sort((a, b) => a - b);
      return 1 / (distances.slice(0, 20).reduce((a, b) => a + b) / Math.min(20, distances.length));
    };
    for (const { row, score } of picks) {
      expect(score).toBeCloseTo(typicality(row), 9);
      for (let other = 0; other < rows; other++)
        if (cloudOf(other) === cloudOf(row)) expect(typicality(other)).toBeLessThan(score + 1e-9);
    }
  });

  test("typiclust goes on where every cluster has a label, and takes every row in the end", async () => {
    const few = { data: data.subarray(0, 40 * dims), rows: 40, dims };
    const pool = await engine.load({ embeddings: few });
    const { picks } = await pool.select("typiclust", { k: 38, labelled: [0, 39], seed: 2 });
    expect(new Set(picks.map(({ row }) => row)).size).toBe(38);
  });
});
