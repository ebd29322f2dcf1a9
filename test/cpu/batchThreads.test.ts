/** Picks by distance, clusters and densities are the same bits for any number of threads. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Crew } from "../../src/backends/cpu/crew.ts";
import { HostClusters } from "../../src/backends/cpu/clusters.ts";
import { addCloseness, nearestAmong } from "../../src/backends/cpu/comparisons.ts";
import { SimdDistances } from "../../src/backends/cpu/simdDistances.ts";
import type { PointData } from "../../src/backends/distances.ts";
import { cluster } from "../../src/batches/clusters.ts";
import { embeddingSpace } from "../../src/distance.ts";
import { openEngine, type BatchName } from "../../src/index.ts";
import { Pace } from "../../src/pace.ts";
import { densityOf } from "../../src/remedies/density.ts";
import { vectorsIn } from "../../src/vectors.ts";
import { bell, makePool } from "../support/pools.ts";
import { alive, startedWorkers } from "../support/workers.ts";

const [ROWS, DIMS, CLASSES] = [9001, 10, 4];
/** Forty clouds. */
const data = makePool("points", ROWS, DIMS, (row, d) => bell(31, 9)(row % 40, d) + bell(32, 1)(row, d)).data;
const logits = makePool("logits", ROWS, CLASSES, bell(33, 2)).data;
const points: PointData = { ...vectorsIn(data, DIMS), metric: "euclidean" };
const all = Uint32Array.from({ length: ROWS }, (_, row) => row);

let crews: Crew[];
beforeAll(async () => {
  crews = await Promise.all([1, 2, 3].map((threads) => Crew.open(threads)));
  for (const crew of crews) await crew.wake();
});
afterAll(() => Promise.all(crews.map((crew) => crew.close())));

/** That all crews come to the same, and to what there is without one. */
async function alike<T>(of: (crew: Crew | undefined) => Promise<T>): Promise<void> {
  const alone = await of(undefined);
  for (const crew of crews) expect(await of(crew)).toEqual(alone);
}

test.each(["k-center", "hybrid", "ranked", "badge", "typiclust", "kmeans", "cluster-margin"] as const)(
  "%s: picks and distances taken",
  async (batch: BatchName) => {
    const found = [];
    for (const threads of [1, 2, 3]) {
      await using engine = await openEngine({ backend: "cpu", threads });
      using pool = await engine.load({
        logits: { data: logits, rows: ROWS, classes: CLASSES },
        embeddings: { data, rows: ROWS, dims: DIMS },
      });
      // Workers wake up on the way, and are awake the second time.
      for (let i = 0; i < 2; i++) {
        const { picks, evaluations } = await pool.select(batch, { k: 120, labelled: [3, 500, 7000] });
        found.push({ picks, evaluations });
      }
    }
    for (const other of found) expect(other).toEqual(found[0]);
  },
);

test("clusters", () =>
  alike(async (crew) => {
    const context = {
      pace: new Pace(),
      space: () => embeddingSpace(points, "euclidean"),
      clusters: (rows: Uint32Array, k: number) => HostClusters.open(points, rows, k, crew),
    };
    return await cluster(context, all, 50, 1);
  }));

test("densities", () =>
  alike(async (crew) => {
    const { lowest, highest } = await densityOf(points, new Uint32Array(), new Pace(), crew);
    return { lowest, highest };
  }));

test("the nearest others", () =>
  alike(async (crew) => {
    const best = new Float32Array(ROWS * 5).fill(Infinity);
    const host = await SimdDistances.open(points, crew);
    await nearestAmong(host, all, 5, best, new Pace());
    host.close();
    return best;
  }));

const turn = async (): Promise<void> => {};

test("workers start once there is work enough, and all memory is given back", async () => {
  const workers = startedWorkers();
  const crew = await Crew.open(2);
  const before = crew.allocate(64);
  crew.free(before, 64);
  const host = await SimdDistances.open(points, crew);
  await addCloseness(host, all.subarray(0, 100), all.subarray(0, 100), new Float64Array(100), turn);
  expect(workers.length).toBe(0);
  await addCloseness(host, all, all, new Float64Array(ROWS), turn);
  expect(alive(workers)).toBe(1);
  host.close();
  expect(crew.allocate(crew.memory.buffer.byteLength - before)).toBe(before);
  await crew.close();
});
