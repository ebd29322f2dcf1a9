/** A contest against all rows looked at, where what bounds a worth says little of it. */
import { Pace } from "../../src/pace.ts";
import { expect, test } from "vitest";
import { SimdDistances } from "../../src/backends/cpu/simdDistances.ts";
import type { PointData } from "../../src/backends/distances.ts";
import { Contest, type Weights } from "../../src/batches/contest.ts";
import { Sweeps } from "../../src/batches/sweeps.ts";
import { embeddingSpace } from "../../src/distance.ts";
import { randomUniform } from "../../src/random.ts";
import { vectorsIn } from "../../src/vectors.ts";

/** More than come into view at first. */
const ROWS = 12_000;
const PICKS = 40;

const bySum: Weights = {
  worth: (score, distance) => score + distance,
  distance: (score, worth) => worth - score,
};
const byDistance: Weights = { worth: (_, distance) => distance, distance: (_, worth) => worth };
const byScore: Weights = {
  worth: (score) => score,
  distance: (score, worth) => (score >= worth ? -1 : Infinity),
};

test.each([
  ["distance", byDistance],
  ["score", byScore],
])("a row out of view is found where its %s alone counts, and bounds are by both", async (_, weights) => {
  // In steps, so that there are ties; the labelled row 0 is at 0.
  const data = Float32Array.from({ length: ROWS }, (_row, row) => Math.ceil(4096 * randomUniform(1, 2, row)) / 4096);
  data[0] = 0;
  const scores = Float64Array.from({ length: ROWS }, (_row, row) => Math.floor(512 * randomUniform(3, 2, row)) / 512);
  const points: PointData = { ...vectorsIn(data, 1), metric: "euclidean" };
  const space = embeddingSpace(points, "euclidean");
  const sweeps = new Sweeps(
    { space, points, host: await SimdDistances.open(points), device: undefined, pace: new Pace() },
    Uint32Array.of(0),
  );
  const exact = async (rows: Uint32Array): Promise<Float64Array> => Float64Array.from(rows, (row) => scores[row]);
  const rows = Uint32Array.from({ length: ROWS - 1 }, (_row, i) => i + 1);
  const contest = new Contest(sweeps, { lowest: scores.slice(), highest: scores.slice(), exact }, rows);
  contest.boundBy(bySum);

  const worth = (row: number): number => weights.worth(scores[row], data[row]);
  const expected = [...rows].sort((a, b) => worth(b) - worth(a) || a - b).slice(0, PICKS);
  const found: number[] = [];
  while (found.length < PICKS) found.push((await contest.pick(weights)).row);
  expect(found).toEqual(expected);
});
