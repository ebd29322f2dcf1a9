/** Rules that weigh distances, against their definitions on thousands of small pools, ties and duplicates included. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Metric } from "../../src/distance.ts";
import { openEngine, type BatchName, type SelectOptions } from "../../src/index.ts";
import {
  hybridOracle,
  kCenterOracle,
  powerOracle,
  rankedOracle,
  type OracleCase,
  type OraclePicks,
} from "../support/batchOracle.ts";
import { bell } from "../support/pools.ts";

const engine = await openEngine({ backend: "cpu" });

/** Few values, so that distances tie and rows repeat, or any float32. */
const values = fc.oneof(
  fc.constantFrom(fc.integer({ min: -2, max: 2 }), fc.constantFrom(0, 0.5, 4)),
  fc.constant(fc.float({ min: -8, max: 8, noNaN: true })),
);

/** A pool, with or without scores. At least one row can be picked. */
const pools = (scored: boolean, metric?: Metric): fc.Arbitrary<OracleCase> =>
  fc
    .record({ rows: fc.integer({ min: 1, max: 24 }), dims: fc.integer({ min: 1, max: 20 }), value: values })
    .chain(({ rows, dims, value }) =>
      fc.record({
        // Under a cosine no row may be all zeros.
        points: fc.array(
          fc.array(value, { minLength: dims, maxLength: dims }).map((p) => (metric === "cosine" ? [1, ...p] : p)),
          { minLength: rows, maxLength: rows },
        ),
        scores: scored
          ? fc.array(fc.oneof(fc.constantFrom(0, 0.25, 0.5), fc.float({ min: 0, max: 1, noNaN: true })), {
              minLength: rows,
              maxLength: rows,
            })
          : fc.constant(undefined),
        order: fc.shuffledSubarray([...Array(rows).keys()], { minLength: 1 }),
        share: fc.nat({ max: 100 }),
        metric: fc.constant(metric),
      }),
    )
    .map(({ order, share, ...pool }) => {
      // The subarray is cut into what is labelled and how many of the rest to pick.
      const labelled = order.slice(0, order.length - 1 > 0 ? Math.floor((share * (order.length - 1)) / 100) : 0);
      const left = pool.points.length - labelled.length;
      return { ...pool, labelled, k: 1 + Math.floor((left - 1) * (((share * 37) % 101) / 100)) };
    });

async function picksOf(batch: BatchName, given: OracleCase, options: Partial<SelectOptions> = {}) {
  const { points, scores, labelled, k, metric } = given;
  const embeddings = { data: Float32Array.from(points.flat()), rows: points.length, dims: points[0].length };
  const data = scores ? { scores: Float32Array.from(scores), embeddings } : { embeddings };
  const pool = await engine.load(data);
  return pool.select(batch, { k, labelled, ...(metric && { metric }), ...options });
}

type Found = Awaited<ReturnType<typeof picksOf>>;

/** Sums of squares are exact for small halves; all else is rounded, and what is equal in truth may differ at the end. */
const along = (given: OracleCase, { picks }: Found): OracleCase =>
  given.metric !== "cosine" && given.points.flat().every((value) => Number.isInteger(2 * value))
    ? given
    : { ...given, follow: picks.map(({ row }) => row) };

function expectSame(found: Found, expected: OraclePicks): void {
  expect(found.picks.map(({ row }) => row)).toEqual(expected.rows);
  found.picks.forEach(({ score }, i) => {
    if (Number.isFinite(score))
      expect(Math.abs(score - expected.worths[i])).toBeLessThanOrEqual(1e-9 + expected.slacks[i]);
  });
}

const RUNS = { numRuns: 1500 };

describe.each([undefined, "squared", "cosine"] as const)("distances: %s", (metric) => {
  test.each([false, true])("k-center is Gonzalez (with scores: %s)", async (scored) => {
    await fc.assert(
      fc.asyncProperty(pools(scored, metric), async (given) => {
        const found = await picksOf("k-center", given);
        const expected = kCenterOracle(along(given, found));
        expectSame(found, expected);
        expect(found.radius).toBeCloseTo(expected.radius, 9);
      }),
      RUNS,
    );
  });

  test("hybrid is its definition", async () => {
    await fc.assert(
      fc.asyncProperty(pools(true, metric), fc.constantFrom(0, 0.25, 0.5, 0.9, 1), async (given, alpha) => {
        const found = await picksOf("hybrid", given, { alpha });
        expectSame(found, hybridOracle(along(given, found), alpha));
      }),
      RUNS,
    );
  });

  test("ranked is its definition", async () => {
    await fc.assert(
      fc.asyncProperty(pools(true, metric), async (given) => {
        const found = await picksOf("ranked", given);
        expectSame(found, rankedOracle(along(given, found)));
      }),
      RUNS,
    );
  });
});

test("power is its definition", async () => {
  await fc.assert(
    fc.asyncProperty(
      pools(true),
      fc.constantFrom(0.1, 1, 10),
      fc.nat({ max: 5 }),
      async (given, powerTemperature, seed) => {
        const found = await picksOf("power", given, { powerTemperature, seed });
        expectSame(found, powerOracle(given, powerTemperature, seed));
      },
    ),
    RUNS,
  );
});

/** Rows around some centres, of which the last is repeated in every tenth row. */
function clustered(rows: number, dims: number, clusters: number, spread: number): number[][] {
  const centre = bell(11, spread);
  const noise = bell(12, 1);
  return Array.from({ length: rows }, (_, row) => {
    const own = row % 10 === 0 ? 0 : row;
    return Array.from({ length: dims }, (_unused, d) =>
      Math.fround(centre((own * 7919) % clusters, d) + noise(own, d)),
    );
  });
}

/** Gonzalez with the least distances kept, for pools that the plain oracle is too slow for. */
function quickKCenter(points: number[][], labelled: number[], k: number): number[] {
  const least = points.map(() => Infinity);
  const add = (centre: number): void =>
    points.forEach((point, row) => {
      const squared = point.reduce((sum, x, d) => sum + (x - points[centre][d]) ** 2, 0);
      least[row] = Math.min(least[row], squared);
    });
  labelled.forEach(add);
  const free = [...points.keys()].filter((row) => !labelled.includes(row));
  const picks: number[] = [];
  while (picks.length < k) {
    const row = free
      .filter((other) => !picks.includes(other))
      .reduce((best, other) => (least[other] > least[best] ? other : best));
    picks.push(row);
    add(row);
  }
  return picks;
}

describe("what the bounds save", () => {
  test.each([
    ["one cloud", 1, 0, 0.6],
    ["20 clusters", 20, 6, 0.45],
    ["200 clusters", 200, 6, 0.5],
  ])("picks do not notice: %s", async (_, clusters, spread, most) => {
    const points = clustered(3000, 16, clusters, spread);
    const labelled = [5, 77, 1234];
    const found = await picksOf("k-center", { points, labelled, k: 250 });
    expect(found.picks.map(({ row }) => row)).toEqual(quickKCenter(points, labelled, 250));
    expect(found.evaluationShare).toBeLessThan(most);
    expect(found.evaluations! / (3000 * 250)).toBe(found.evaluationShare);
  });
});
