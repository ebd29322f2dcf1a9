/** What becomes of rows beside others is what every distance in float64 says, within its bound, for any number of either. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { addCloseness, nearestAmong, nearestTwo } from "../../src/backends/cpu/comparisons.ts";
import { Crew } from "../../src/backends/cpu/crew.ts";
import { SimdDistances } from "../../src/backends/cpu/simdDistances.ts";
import type { PointData } from "../../src/backends/distances.ts";
import { Pace } from "../../src/pace.ts";
import { vectorsIn } from "../../src/vectors.ts";
import { bell, makePool } from "../support/pools.ts";

/** Of rows, others and dims: fours, pairs, what is left of them, and points that are longer than one sum. */
const shapes = [1, 2, 3, 4, 5, 7, 8, 13, 600].flatMap((rows) =>
  [1, 2, 3, 4, 5, 9, 50].flatMap((others) => [1, 3, 4, 17, 128, 129, 300].map((dims) => ({ rows, others, dims }))),
);

let crew: Crew;
beforeAll(async () => (crew = await Crew.open(2)));
afterAll(() => crew.close());

interface Given {
  readonly host: SimdDistances;
  readonly rows: Uint32Array;
  distance(a: number, b: number): number;
  /** That a squared distance in float32 is as near to the true distance as it is said to be. */
  expectNear(squared: number, distance: number): void;
}

/** Rows are some of a pool, in which one in seven is there twice. */
async function among(all: number, rows: number, dims: number, work: (given: Given) => Promise<void>): Promise<void> {
  const { data } = makePool("points", all, dims, (row, d) => bell(35, 2)(row % 7 === 6 ? row - 1 : row, d));
  const points: PointData = { ...vectorsIn(data, dims), metric: "euclidean" };
  const host = await SimdDistances.open(points, crew);
  const distance = (a: number, b: number): number => {
    let sum = 0;
    for (let d = 0; d < dims; d++) sum += (data[a * dims + d] - data[b * dims + d]) ** 2;
    return Math.sqrt(sum);
  };
  const { relative, absolute } = host.error;
  await work({
    host,
    rows: Uint32Array.from({ length: rows }, (_, row) => row),
    distance,
    expectNear: (squared, right) =>
      expect(Math.abs(Math.sqrt(squared) - right)).toBeLessThanOrEqual(relative * right + absolute),
  });
  host.close();
}

test("the nearest two of some centres, and of fours of them the first", async () => {
  for (const { rows: count, others, dims } of shapes)
    await among(count + others, count, dims, async ({ host, rows, distance, expectNear }) => {
      const centres = Array.from({ length: others }, (_, i) => count + i);
      for (const row of centres) host.addCentres(host.points.data.subarray(row * dims, (row + 1) * dims));
      const found = {
        nearest: new Uint32Array(count),
        first: new Float32Array(count),
        second: new Float32Array(count),
      };
      await nearestTwo(host, rows, found);
      for (const row of rows) {
        const apart = centres.map((centre) => distance(row, centre));
        const [first, second = Infinity] = apart.toSorted((a, b) => a - b);
        expectNear(found.first[row], first);
        expectNear(found.first[row], apart[found.nearest[row]]);
        if (second < Infinity) expectNear(found.second[row], second);
        else expect(found.second[row]).toBeGreaterThan(1e30);
        // What is left of fours is summed up otherwise, and may have other bits.
        const twins = apart.flatMap((each, i) => (each === apart[found.nearest[row]] ? [i] : []));
        if (others < 4 || others % 4 === 0) expect(found.nearest[row]).toBe(twins[0]);
      }
    });
});

test("the least of the distances to each other", async () => {
  for (const { rows: count, others: kept, dims } of shapes) {
    if (kept >= count || count * dims > 11_000) continue;
    await among(count, count, dims, async ({ host, rows, distance, expectNear }) => {
      const best = new Float32Array(count * kept).fill(Infinity);
      await nearestAmong(host, rows, kept, best, new Pace());
      for (const row of rows) {
        const apart = Float64Array.from(rows, (other) => (other === row ? Infinity : distance(row, other))).sort();
        for (let i = 0; i < kept; i++) expectNear(best[row * kept + i], apart[i]);
      }
    });
  }
});

test("the sum of how close all are", async () => {
  for (const { rows: count, others, dims } of shapes)
    await among(count + others, count, dims, async ({ host, rows, distance }) => {
      const centres = Uint32Array.from({ length: others }, (_, i) => count + i);
      const sums = new Float64Array(count);
      const told: number[] = [];
      await addCloseness(host, rows, centres, sums, async (done) => void told.push(done));
      expect(told.at(-1)).toBe(count);
      for (const row of rows) {
        const right = centres.reduce((sum, other) => sum + 1 / (1 + distance(row, other)), 0);
        expect(Math.abs(sums[row] - right)).toBeLessThanOrEqual(1e-6 * others);
      }
    });
});
