/** The least distance of all, where a sample tells what is worth a look, is that of all rows looked at. */
import { Pace } from "../../src/pace.ts";
import { expect, test } from "vitest";
import { SimdDistances } from "../../src/backends/cpu/simdDistances.ts";
import type { PointData } from "../../src/backends/distances.ts";
import { Sweeps } from "../../src/batches/sweeps.ts";
import { embeddingSpace } from "../../src/distance.ts";
import { randomUniform } from "../../src/random.ts";
import { vectorsIn } from "../../src/vectors.ts";

/** More than a sample takes: every third row is in it. */
const ROWS = 6000;
const LABELLED = 200;

test.each([
  [1, false],
  [1, true],
  [8, false],
  [8, true],
])("%d dims, in groups: %s", async (dims, inGroups) => {
  for (let seed = 0; seed < 6; seed++) {
    // In clusters, about a unit apart where dims are many, so that groups are worth their while.
    const data = Float32Array.from(
      { length: ROWS * dims },
      (_, i) => 8 * ((Math.floor(i / dims) * 7) % 40) + ((i % dims) + 1) * randomUniform(seed, 2, i),
    );
    const labelled = Uint32Array.from({ length: LABELLED }, (_, i) => i * 30);
    const free = Uint32Array.from({ length: ROWS }, (_, row) => row).filter((row) => row % 30 !== 0);
    // Some row out of the sample is nearest to its label, by a hair: the next one is in the sample.
    const near = 31 + 30 * seed;
    for (const [row, apart] of [
      [near, 1e-6],
      [free[3 * (seed + 50)], 1.00001e-6],
    ]) {
      const label = Math.floor(row / 30) * 30;
      for (let d = 0; d < dims; d++) data[row * dims + d] = data[label * dims + d] = 0;
      data[row * dims] = apart;
    }
    const squared = (a: number, b: number): number => {
      let sum = 0;
      for (let d = 0; d < dims; d++) sum += (data[a * dims + d] - data[b * dims + d]) ** 2;
      return sum;
    };
    const expected = free.reduce(
      (least, row) => labelled.reduce((found, label) => Math.min(found, squared(row, label)), least),
      Infinity,
    );
    const points: PointData = { ...vectorsIn(data, dims), metric: "euclidean" };
    const host = await SimdDistances.open(points);
    const space = embeddingSpace(points, "euclidean");
    const sweeps = new Sweeps({ space, points, host, device: undefined, pace: new Pace(), groupsFrom: 0 }, labelled);
    if (inGroups) await sweeps.group(free, 100);
    expect(await sweeps.leastOf(free)).toBe(expected);
  }
});
