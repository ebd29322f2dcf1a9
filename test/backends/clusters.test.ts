/** k-means on every backend: the same to the bit as all distances in float64 and sums in whole numbers make it. */
import { Pace } from "../../src/pace.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend, BackendPool } from "../../src/backends/backend.ts";
import { HostClusters } from "../../src/backends/cpu/clusters.ts";
import { cluster } from "../../src/batches/clusters.ts";
import { embeddingSpace } from "../../src/distance.ts";
import { Engine } from "../../src/engine.ts";
import { arraySource } from "../../src/matrix.ts";
import { engineKinds, openTestBackend } from "../support/engines.ts";
import {
  clusterMarginOracle,
  kMeansOracle,
  lloydOracle,
  typiClustOracle,
  type ClusterCase,
} from "../support/clusterOracle.ts";
import { bell, makePool, scoresOf } from "../support/pools.ts";
import { vectorsIn } from "../../src/vectors.ts";

const kinds = {
  ...engineKinds,
  "webgpu, few rows a dispatch": { adapterClass: "gpu", pointBytes: 2 ** 11, chunkProducts: 2 ** 13, maxGroups: 1 },
} as const;

const ROWS = 700;

interface Shape {
  readonly k: number;
  readonly dims: number;
  readonly value: (row: number, d: number) => number;
  readonly metric?: ClusterCase["metric"];
  readonly rows?: (row: number) => boolean;
  readonly seed?: number;
}

const noise = bell(51, 1);
const grid = (row: number, d: number): number => Math.round(1.5 * noise(row, d));
const clouds = (row: number, d: number): number => bell(52, 8)(row % 9, d) + noise(row, d);
const equalTwice = (row: number, d: number): number => noise(row >> 1, d);

const shapes: Record<string, Shape> = {
  "a cloud": { k: 25, dims: 6, value: noise },
  "a cloud, by another seed": { k: 25, dims: 6, value: noise, seed: 77 },
  "many clouds": { k: 9, dims: 13, value: clouds },
  "clouds, by cosine": { k: 12, dims: 13, value: clouds, metric: "cosine" },
  "squared distances": { k: 12, dims: 5, value: clouds, metric: "squared" },
  "a grid full of ties": { k: 7, dims: 2, value: grid },
  "a grid full of ties, in many clusters": { k: 60, dims: 3, value: grid, seed: 4 },
  "one dim": { k: 6, dims: 1, value: noise },
  "one dim of few values": { k: 6, dims: 1, value: grid },
  "one cluster": { k: 1, dims: 7, value: (row, d) => 3 + noise(row, d) },
  "one cluster, of negative values": { k: 1, dims: 4, value: (row, d) => -3 + noise(row, d) },
  "pairs of equal rows": { k: 40, dims: 8, value: equalTwice },
  "more clusters than points": { k: 30, dims: 3, value: (row, d) => noise(row % 11, d) },
  "rows that are all equal": { k: 5, dims: 4, value: (_, d) => d + 0.1 },
  "as many clusters as rows": { k: 41, dims: 5, value: equalTwice, rows: (row) => row % 17 === 3 && row < 697 },
  "some of the rows": { k: 10, dims: 6, value: clouds, rows: (row) => row % 3 === 1 && (row < 100 || row > 350) },
  "far from the origin, where float32 is coarse": { k: 12, dims: 5, value: (row, d) => 5000 + 0.05 * noise(row, d) },
  "huge values": { k: 8, dims: 5, value: (row, d) => 2 ** 40 * noise(row, d) },
  "tiny values": { k: 8, dims: 5, value: (row, d) => 2 ** -120 * noise(row, d) },
  "one coordinate far larger than all others": {
    k: 8,
    dims: 3,
    value: (row, d) => noise(row, d) * (d === 1 ? 2 ** 20 : 1),
  },
};

const caseOf = ({ k, dims, value, metric = "euclidean", rows = () => true, seed = 3 }: Shape): ClusterCase => ({
  data: makePool("points", ROWS, dims, value).data,
  dims,
  metric,
  rows: Uint32Array.from({ length: ROWS }, (_, row) => row).filter(rows),
  k,
  seed,
});

const logits = makePool("logits", ROWS, 3, bell(53, 2));
const labelled = [5, 6, 350, 699];

/** What the oracle says is the same for every kind. */
const said = new Map<string, unknown>();
function once<T>(name: string, ask: () => T): T {
  if (!said.has(name)) said.set(name, ask());
  return said.get(name) as T;
}

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])("%s", (kind) => {
  let backend: Backend;
  let engine: Engine;
  beforeAll(async () => {
    backend = await openTestBackend(kinds[kind]);
    engine = new Engine(backend, "test");
  });
  afterAll(() => engine?.close());

  test.each(Object.keys(shapes))("%s", async (name) => {
    const given = caseOf(shapes[name]);
    const { data, dims, metric, rows, k, seed } = given;
    const pool: BackendPool = backend.load({ kind: "embeddings", source: arraySource("points", data, ROWS, dims) });
    const points = { ...vectorsIn(data, dims), metric };
    const context = {
      pace: new Pace(),
      space: () => embeddingSpace(points, metric),
      clusters: async () => {
        const kernel = await pool.clusters?.(points, rows, k);
        expect(kernel === undefined).toBe(backend.name === "cpu");
        return kernel ?? HostClusters.open(points, rows, k);
      },
    };
    const found = await cluster(context, rows, k, seed);
    const expected = once(name, () => lloydOracle(given));
    expect([...found.own]).toEqual(expected.own);
    expect([...found.centres]).toEqual(expected.centres.flatMap((centre) => [...centre]));
    expect([...found.squared]).toEqual(expected.squared);
    pool.close();
  });

  test.each([
    ["a cloud", 12],
    ["many clouds", 9],
    ["clouds, by cosine", 7],
    ["a grid full of ties", 10],
    ["pairs of equal rows", 20],
  ] as const)("picks are those of the definitions: %s, k = %i", async (name, k) => {
    const { metric = "euclidean", ...given } = { ...caseOf(shapes[name]), k };
    using pool = await engine.load({ logits, embeddings: { data: given.data, rows: ROWS, dims: given.dims } });
    for (const seed of [0, 8]) {
      const picksOf = async (batch: "kmeans" | "typiclust" | "cluster-margin"): Promise<number[]> =>
        (await pool.select(batch, { k, seed, metric, labelled })).picks.map(({ row }) => row);
      const free = { ...given, metric, seed, rows: given.rows.filter((row) => !labelled.includes(row)) };
      const expected = once(`${name}, ${seed}`, () => ({
        kmeans: kMeansOracle(free),
        "cluster-margin": clusterMarginOracle(free, scoresOf(logits, "margin")),
        typiclust: typiClustOracle({ ...given, metric, seed }, labelled),
      }));
      expect(await picksOf("kmeans")).toEqual(expected.kmeans);
      expect(await picksOf("cluster-margin")).toEqual(expected["cluster-margin"]);
      expect(await picksOf("typiclust")).toEqual(expected.typiclust);
    }
  });
});
