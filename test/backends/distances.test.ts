/** Distance kernels, held to float64: what a sweep makes of rows is a bound, close to the truth, and no more was looked at. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inOrder } from "../../src/backends/cpu/centreOrder.ts";
import { SimdDistances } from "../../src/backends/cpu/simdDistances.ts";
import {
  narrowed,
  pointOf,
  TILE,
  widened,
  type DistanceKernel,
  type PointData,
  type Sweep,
} from "../../src/backends/distances.ts";
import { DevicePoints } from "../../src/backends/webgpu/devicePoints.ts";
import { DeviceDistances } from "../../src/backends/webgpu/distances.ts";
import { Gpu } from "../../src/backends/webgpu/gpu.ts";
import { tunings, type Tuning } from "../../src/backends/webgpu/tuning.ts";
import { metricNames, type Metric } from "../../src/distance.ts";
import { randomBits } from "../../src/random.ts";
import { testDevice } from "../support/gpu.ts";
import { bell, makePool } from "../support/pools.ts";
import { type PointStorage, vectorsIn } from "../../src/vectors.ts";

let gpu: Gpu;
beforeAll(async () => {
  gpu = new Gpu(await testDevice(), true);
});
afterAll(() => gpu?.close());

const ROWS = 300;
/** Centres are rows of the pool: centre c is row 7 c + 2. */
const CENTRES = 41;
const rowOf = (centre: number): number => 7 * centre + 2;

const tiny = { ...tunings.software, pointBytes: 4096, chunkProducts: 1, maxGroups: 1 };
const onDevice =
  (tuning: Tuning, storage?: PointStorage) =>
  async (points: PointData): Promise<DistanceKernel> =>
    (await DeviceDistances.open(await DevicePoints.open(gpu, tuning, points, storage), CENTRES))!;

const kinds: Record<string, (points: PointData) => Promise<DistanceKernel>> = {
  cpu: SimdDistances.open,
  webgpu: onDevice(tunings.gpu),
  "webgpu, points in many buffers, a tile a submit": onDevice(tiny),
  "webgpu, float16": onDevice(tunings.gpu, "float16"),
  "webgpu, int8": onDevice(tunings.gpu, "int8"),
  "webgpu, points brought by each sweep": onDevice({ ...tunings.gpu, allPointBytes: 0 }),
  "webgpu, float16 brought by each sweep, a tile a part": onDevice({ ...tiny, allPointBytes: 0 }, "float16"),
  "webgpu, int8 in many buffers": onDevice(tiny, "int8"),
  "webgpu, int8 brought by each sweep, two tiles a part": onDevice(
    { ...tunings.gpu, allPointBytes: 0, sweepBytes: 2 * 64 * 4 * (10 + 17) },
    "int8",
  ),
};

/** Every fifth row is a copy of row 2. */
const pointsOf = (dims: number, metric: Metric): PointData => ({
  ...vectorsIn(makePool("points", ROWS, dims, (row, d) => bell(41, 3)(row % 5 === 0 ? 2 : row, d) + 0.25).data, dims),
  metric,
});

/** Of a row and a centre, or any two points: in float64, from the rows as they are given. */
function squaredBetween({ data, dims, metric }: PointData, a: number, b: number): number {
  const values = (row: number): number[] => {
    const own = [...data.subarray(row * dims, (row + 1) * dims)];
    const length = metric === "cosine" ? Math.sqrt(own.reduce((sum, x) => sum + x * x, 0)) : 1;
    return own.map((x) => x / length);
  };
  const [p, q] = [values(a), values(b)];
  return p.reduce((sum, x, d) => sum + (x - q[d]) ** 2, 0);
}

/** Tiles of 64, 17 and 1 rows, each with a stretch of its own; nothing is known of any row. */
function sweepOf(list: number[][], rows: number[][]): Sweep {
  const places = rows.length * TILE;
  const ends = list.map((_, i) => list.slice(0, i + 1).flat().length);
  const sweep: Sweep = {
    tiles: Uint32Array.from(rows.flatMap((own, i) => [ends[i] - list[i].length, ends[i], own.length])),
    list: Uint32Array.from(list.flat()),
    near: new Float32Array(ends[ends.length - 1]),
    rows: new Uint32Array(places),
    reach: new Float32Array(places).fill(2 ** 100),
    enough: new Float32Array(places),
    seen: new Uint32Array(places),
    met: new Uint32Array(places),
    depth: new Float32Array(places),
    least: new Float32Array(places).fill(2 ** 127),
    reached: new Uint32Array(places),
  };
  rows.forEach((own, tile) => sweep.rows.set(own, tile * TILE));
  return sweep;
}

const range = (from: number, end: number): number[] => Array.from({ length: end - from }, (_, i) => from + i);
const rowsOfTiles = [range(0, 64), range(70, 87), [299]];
const placesOf = (rows: number[][]): { row: number; place: number; tile: number }[] =>
  rows.flatMap((own, tile) => own.map((row, i) => ({ row, place: tile * TILE + i, tile })));

async function opened(kind: string, points: PointData): Promise<DistanceKernel> {
  const kernel = await kinds[kind](points);
  for (let c = 0; c < CENTRES; c++) kernel.addCentres(pointOf(points, rowOf(c)));
  return kernel;
}

describe.each(Object.keys(kinds))("%s", (kind) => {
  test.each([1, 3, 64, 70, 200].flatMap((dims) => metricNames.map((metric) => [dims, metric] as const)))(
    "%i dims, %s: the least of each stretch, to within the bound",
    async (dims, metric) => {
      const points = pointsOf(dims, metric);
      const kernel = await opened(kind, points);
      const lists = [range(0, CENTRES), range(3, 20), [40, 0, 39]];
      const sweep = sweepOf(lists, rowsOfTiles);
      await kernel.lower(sweep)();
      let equal = 0;
      for (const { row, place, tile } of placesOf(rowsOfTiles)) {
        const truth = Math.min(...lists[tile].map((c) => squaredBetween(points, row, rowOf(c))));
        const found = sweep.least[place];
        expect(sweep.reached[place]).toBe(lists[tile].length);
        expect(widened(found, kernel.error)).toBeGreaterThanOrEqual(truth);
        expect(narrowed(found, kernel.error)).toBeLessThanOrEqual(truth);
        if (truth === 0) {
          equal++;
          if (!/float16|int8/.test(kind)) expect(found).toBe(0);
        }
      }
      expect(equal).toBeGreaterThan(10);
      const most = placesOf(rowsOfTiles).reduce((sum, { tile }) => sum + 4 * Math.ceil(lists[tile].length / 4), 0);
      expect(kernel.evaluations).toBeGreaterThan(0);
      expect(kernel.evaluations).toBeLessThanOrEqual(most);
      kernel.close();
    },
  );

  test("centres may come between sweeps, and what is known is not looked at again", async () => {
    const points = pointsOf(5, "euclidean");
    const kernel = await kinds[kind](points);
    const rows = [range(0, 64)];
    const sweep = sweepOf([[0, 1, 2, 3]], rows);
    for (let c = 0; c < 4; c++) kernel.addCentres(pointOf(points, rowOf(c)));
    await kernel.lower(sweep)();
    const before = kernel.evaluations;
    const next = sweepOf([range(0, CENTRES)], rows);
    next.least.set(sweep.least);
    next.seen.fill(4);
    for (let c = 4; c < CENTRES; c++) kernel.addCentres(pointOf(points, rowOf(c)));
    await kernel.lower(next)();
    for (const { row, place } of placesOf(rows)) {
      const truth = Math.min(...range(0, CENTRES).map((c) => squaredBetween(points, row, rowOf(c))));
      expect(widened(next.least[place], kernel.error)).toBeGreaterThanOrEqual(truth);
      expect(narrowed(next.least[place], kernel.error)).toBeLessThanOrEqual(truth);
    }
    expect(kernel.evaluations - before).toBeLessThanOrEqual(64 * 40);
    // All of it is known: by number, or by number and distance.
    for (const known of [{ seen: CENTRES }, { met: CENTRES, depth: 1 }]) {
      const last = sweepOf([range(0, CENTRES)], rows);
      last.seen.fill(known.seen ?? 0);
      last.met.fill(known.met ?? 0);
      last.depth.fill(known.depth ?? 0);
      const evaluations = kernel.evaluations;
      await kernel.lower(last)();
      expect(kernel.evaluations).toBe(evaluations);
      expect(last.least[0]).toBe(2 ** 127);
      expect(last.reached[0]).toBe(CENTRES);
    }
    kernel.close();
  });

  test("a row stops when it is near enough, and says where", async () => {
    const points = pointsOf(8, "euclidean");
    const kernel = await opened(kind, points);
    const rows = [range(0, 64)];
    const sweep = sweepOf([range(0, CENTRES)], rows);
    sweep.enough.fill(60);
    await kernel.lower(sweep)();
    let stopped = 0;
    for (const { row, place } of placesOf(rows)) {
      const distances = range(0, CENTRES).map((c) => squaredBetween(points, row, rowOf(c)));
      const reached = sweep.reached[place];
      const least = Math.min(...distances.slice(0, reached));
      expect(widened(sweep.least[place], kernel.error)).toBeGreaterThanOrEqual(least);
      expect(narrowed(sweep.least[place], kernel.error)).toBeLessThanOrEqual(least);
      if (reached === CENTRES) continue;
      stopped++;
      expect(sweep.least[place]).toBeLessThan(60);
      // One more might have been looked at for every three that come along with it.
      const before = Math.min(...distances.slice(0, Math.max(0, reached - 4)), 2 ** 127);
      expect(before).toBeGreaterThanOrEqual(narrowed(60, kernel.error));
    }
    expect(stopped).toBeGreaterThan(30);
    kernel.close();
  });

  test("what the triangle inequality rules out is left out, and changes nothing", async () => {
    // Two clouds, 100 apart; anchors in their middles.
    const data = makePool("clouds", ROWS, 4, (row, d) => bell(42, 1)(row, d) + (row % 2) * 50).data;
    const points: PointData = { ...vectorsIn(data, 4), metric: "euclidean" };
    const kernel = await opened(kind, points);
    const rows = [range(0, 64).map((i) => 2 * i), range(0, 64).map((i) => 2 * i + 1)];
    const anchored = rows.map((_, cloud) => {
      const anchor = [cloud * 50, cloud * 50, cloud * 50, cloud * 50];
      const to = (row: number): number => Math.hypot(...anchor.map((a, d) => a - data[row * 4 + d]));
      const list = range(0, CENTRES).sort((a, b) => to(rowOf(a)) - to(rowOf(b)));
      return {
        list,
        near: list.map((c) => to(rowOf(c)) * (1 - 1e-6)),
        reach: rows[cloud].map((r) => to(r) * (1 + 1e-6)),
      };
    });
    const sweep = sweepOf(
      anchored.map(({ list }) => list),
      rows,
    );
    sweep.near.set(anchored.flatMap(({ near }) => near));
    anchored.forEach(({ reach }, tile) => sweep.reach.set(reach, tile * TILE));
    await kernel.lower(sweep)();
    for (const { row, place } of placesOf(rows)) {
      const truth = Math.min(...range(0, CENTRES).map((c) => squaredBetween(points, row, rowOf(c))));
      expect(widened(sweep.least[place], kernel.error)).toBeGreaterThanOrEqual(truth);
      expect(narrowed(sweep.least[place], kernel.error)).toBeLessThanOrEqual(truth);
      expect(sweep.reached[place]).toBe(CENTRES);
    }
    // At least the centres of the other cloud.
    expect(kernel.evaluations).toBeLessThan(128 * 24);
    kernel.close();
  });
});

async function orderOf(kernel: SimdDistances, point: Float32Array, from: number, horizon: number) {
  const ordered = inOrder(kernel, [{ point, from, horizon }]);
  await ordered.ready();
  const { list, near } = ordered.of(0);
  const found = { list: list.slice(), near: near.slice() };
  await ordered.close();
  return found;
}

describe("centres in the order of their distance to a point", () => {
  test.each(metricNames)(
    "%s: all that are within a horizon, each at least so far, as a sort has them",
    async (metric) => {
      const points = pointsOf(6, metric);
      const kernel = await SimdDistances.open(points);
      for (let c = 0; c < CENTRES; c++) kernel.addCentres(pointOf(points, rowOf(c)));
      for (const row of [0, 33, 99]) {
        const truth = range(0, CENTRES).map((c) => Math.sqrt(squaredBetween(points, row, rowOf(c))));
        const from = randomBits(1, 2, row) % 9;
        const horizon = truth[20];
        const { list, near } = await orderOf(kernel, pointOf(points, row), from, horizon);
        expect(new Set(list).size).toBe(list.length);
        list.forEach((c, i) => {
          expect(c).toBeGreaterThanOrEqual(from);
          expect(near[i]).toBeLessThanOrEqual(truth[c]);
          expect(near[i]).toBeGreaterThanOrEqual(truth[c] * 0.99 - 1e-4);
          if (i > 0) expect(near[i]).toBeGreaterThanOrEqual(near[i - 1]);
        });
        for (let c = from; c < CENTRES; c++) if (truth[c] <= horizon) expect(list).toContain(c);
        expect(list.every((c) => truth[c] <= horizon * 1.02 + 1e-3)).toBe(true);
      }
    },
  );

  test("the same way in every call: what is farther in one is farther in another", async () => {
    const points = pointsOf(6, "euclidean");
    const kernel = await SimdDistances.open(points);
    for (let c = 0; c < CENTRES; c++) kernel.addCentres(pointOf(points, rowOf(c)));
    const all = await orderOf(kernel, pointOf(points, 1), 0, Infinity);
    const some = await orderOf(kernel, pointOf(points, 1), 17, Infinity);
    const nearOf = new Map(Array.from(all.list, (c, i) => [c, all.near[i]]));
    some.list.forEach((c, i) => expect(some.near[i]).toBe(nearOf.get(c)));
    expect(some.list.length).toBe(CENTRES - 17);
  });
});

test.each([
  ["float16", 2 ** -11],
  ["int8", 1 / 254],
] as const)("storing points as %s moves them as far as it says", async (storage, step) => {
  const dims = 24;
  const points = pointsOf(dims, "euclidean");
  const kernel = await onDevice(tunings.gpu, storage)(points);
  const largest = points.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // As far as every value might be moved at worst, and not by much less.
  expect(kernel.error.absolute).toBeLessThan(step * largest * Math.sqrt(dims));
  expect(kernel.error.absolute).toBeGreaterThan((step * largest * Math.sqrt(dims)) / 20);
  kernel.close();
});

const halves = (value: number): Promise<DevicePoints> => {
  const points: PointData = { ...vectorsIn(new Float32Array([1, value]), 1), metric: "euclidean" };
  return DevicePoints.open(gpu, tunings.gpu, points, "float16");
};

test("what float16 cannot hold is refused, but for rows that are no points", async () => {
  await expect(halves(65520)).rejects.toThrow("embeddings reach beyond ±65504");
  for (const value of [65504, 65519, 2 ** -14, 2 ** -24, 2 ** -130, NaN, Infinity, 2 ** 60])
    (await halves(value)).close();
});

test("more centres than one binding holds are not for the device", async () => {
  const points = pointsOf(64, "euclidean");
  const resident = await DevicePoints.open(gpu, tunings.gpu, points);
  const most = gpu.device.limits.maxStorageBufferBindingSize / 256;
  expect(await DeviceDistances.open(resident, most + 1)).toBeUndefined();
  resident.close();
});

test("what a call leaves in memory is no part of a centre that comes after it", async () => {
  const points = pointsOf(5, "euclidean");
  const kernel = await SimdDistances.open(points);
  for (let c = 0; c < 6; c++) kernel.addCentres(pointOf(points, rowOf(c)));
  kernel.fromRow(299, 0, 6);
  await orderOf(kernel, pointOf(points, 299), 0, Infinity);
  for (let c = 6; c < 20; c++) kernel.addCentres(pointOf(points, rowOf(c)));
  for (let c = 0; c < 20; c++) expect(kernel.fromRow(rowOf(c), c, c + 1)[0]).toBe(0);
});
