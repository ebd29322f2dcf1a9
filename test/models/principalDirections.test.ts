/** Principal directions against numpy's SVD, and what they do with rows that are none, too many or all alike. */
import { describe, expect, test } from "vitest";
import { InputError, principalDirections, type Progress } from "../../src/index.ts";
import golden from "../golden/principal.json" with { type: "json" };
import { drawn, features, largestDifference } from "./drawn.ts";

const { unit, cases } = golden;

describe("against numpy", () => {
  test.each(cases)("$name", async ({ values, dims, count, ...expected }) => {
    const found = await principalDirections(
      features(
        values.map((value) => value / unit),
        dims,
      ),
      { count },
    );
    expect(found.converged).toBe(true);
    expect(found.measuredOn).toBe(expected.rows);
    expect(largestDifference(found.mean, expected.mean)).toBeLessThan(1e-9);
    expect(largestDifference(found.directions, expected.directions)).toBeLessThan(1e-8);
    expect(largestDifference(found.variances, expected.variances)).toBeLessThan(1e-9 * expected.variances[0]);
    expect(largestDifference(found.shares, expected.shares)).toBeLessThan(1e-9);
    const widest = Math.max(...expected.points.map(Math.abs));
    expect(largestDifference(found.points, expected.points)).toBeLessThan(1e-6 * widest);
  });
});

test("a source that is read in blocks gives what an array gives, and tells of two readings", async () => {
  const x = drawn(100_000, 6, 3).features;
  const told: Progress[] = [];
  const source = {
    name: "rows.npy",
    rows: x.rows,
    cols: x.dims,
    read: (start: number, count: number, into: Float32Array) =>
      into.set(x.data.subarray(start * x.dims, (start + count) * x.dims)),
  };
  const found = await principalDirections(source, { onProgress: (progress) => told.push(progress) });
  expect(found).toEqual(await principalDirections(x));
  const ends = told.filter(({ rows, of }) => rows === of);
  expect(ends).toEqual(Array.from({ length: 2 }, () => ({ stage: "reading", rows: x.rows, of: x.rows })));
});

test("rows that are all alike have directions, and no variance along them", async () => {
  const { directions, variances, shares, points } = await principalDirections(features(Array(30).fill(7), 3));
  expect([...variances, ...shares]).toEqual([0, 0, 0, 0]);
  expect([...directions.subarray(0, 3)].reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 12);
  expect(points.every((value) => value === 0)).toBe(true);
});

test("an invalid row is named, or left out and has no place", async () => {
  const { data, dims } = drawn(50, 4, 2).features;
  const rest = features([...data.subarray(0, 30 * dims), ...data.subarray(31 * dims)], dims);
  for (const bad of [NaN, Infinity, 2 ** 51]) {
    data[30 * dims + 2] = bad;
    const refused = principalDirections(features(data, dims));
    await expect(refused).rejects.toThrow(`embeddings: row 30: dim 2 is ${bad}: correct it, or leave such rows out`);
    await expect(refused).rejects.toThrow(InputError);
    const found = await principalDirections(features(data, dims), { invalid: "skip" });
    const without = await principalDirections(rest);
    expect(found.measuredOn).toBe(49);
    expect(largestDifference(found.directions, without.directions)).toBeLessThan(1e-9);
    expect([...found.points.subarray(60, 62)]).toEqual([NaN, NaN]);
    expect(largestDifference(found.points.filter(Number.isFinite), without.points)).toBeLessThan(1e-6);
  }
});

test("many rows of many dims are sampled, and lie along the directions all the same", async () => {
  const dims = 1500; // 2,048 rows of these are more than 2³¹ products
  const rows = 3000;
  const lean = drawn(rows, 2, 2).features.data;
  const data = Float32Array.from({ length: rows * dims }, (_, i) => {
    const [row, d] = [Math.floor(i / dims), i % dims];
    return d < 2 ? (2 - d) * lean[2 * row + d] : 0;
  });
  const { measuredOn, directions, points } = await principalDirections({ data, rows, dims });
  expect(measuredOn).toBeGreaterThan(1900);
  expect(measuredOn).toBeLessThan(2200);
  expect(Math.abs(directions[0])).toBeGreaterThan(0.99);
  expect(Math.abs(directions[dims + 1])).toBeGreaterThan(0.99);
  expect(points.length).toBe(2 * rows);
  expect(points.every(Number.isFinite)).toBe(true);
});

test("where most rows are left out, all of the others count", async () => {
  const dims = 1500;
  const rows = 3000;
  const data = Float32Array.from({ length: rows * dims }, (_, i) => (Math.floor(i / dims) % 30 === 7 ? i % 7 : NaN));
  const { measuredOn } = await principalDirections({ data, rows, dims }, { invalid: "skip" });
  expect(measuredOn).toBe(rows / 30);
});

test("of a matrix of low rank the other directions are found at once, and have no variance", async () => {
  const [rows, dims] = [30, 300];
  const low = drawn(rows, dims, 4).features;
  const { variances, directions, converged } = await principalDirections(low, { count: 40 });
  expect(converged).toBe(true);
  expect(Math.max(...variances.subarray(rows))).toBeLessThan(1e-10 * variances[0]);
  for (let i = 0; i < 40; i++) {
    const own = directions.subarray(i * dims, (i + 1) * dims);
    expect(own.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 10);
  }
});

test("too few dims, or too many, are one line", async () => {
  await expect(principalDirections(features([1, 2, 3], 1))).rejects.toThrow(
    "embeddings: count must be a whole number from 1 to 1, the dims, got 2",
  );
  const wide = { name: "wide", rows: 1, cols: 9000, read() {} };
  await expect(principalDirections(wide)).rejects.toThrow("wide: principal directions are of at most 8192 dims");
});

test("a signal ends it", async () => {
  const controller = new AbortController();
  const work = principalDirections(drawn(1000, 3, 2).features, {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await expect(work).rejects.toThrow("enough");
});
