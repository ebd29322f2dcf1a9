/** What the sources of batch rules prove of them, on pools so small that every batch there is can be tried. */
import { expect, test } from "vitest";
import { openEngine, type Batch } from "../../src/index.ts";
import { beliefsOf, bell, makeCommittee } from "../support/pools.ts";

const engine = await openEngine({ backend: "cpu" });

const asEmbeddings = (points: readonly number[][]) => ({
  data: Float32Array.from(points.flat()),
  rows: points.length,
  dims: points[0].length,
});

const rowsOf = ({ picks }: Batch): number[] => picks.map(({ row }) => row);

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const meanOf = (values: readonly number[]): number => sumOf(values) / values.length;

/** Every set of so many of these. */
function* setsOf<T>(all: readonly T[], size: number): Iterable<T[]> {
  if (size === 0) yield [];
  else
    for (let i = 0; i <= all.length - size; i++)
      for (const rest of setsOf(all.slice(i + 1), size - 1)) yield [all[i], ...rest];
}

const squaredDistance = (a: readonly number[], b: readonly number[]): number => sumOf(a.map((x, d) => (x - b[d]) ** 2));

/** Squared distance of each point to the nearest of these rows. */
const squaresTo = (points: readonly number[][], centres: readonly number[]): number[] =>
  points.map((point) => Math.min(...centres.map((centre) => squaredDistance(point, points[centre]))));

test("k-center leaves no row farther than twice the least radius there can be (Gonzalez 1985)", async () => {
  for (let seed = 0; seed < 100; seed++) {
    const points = Array.from({ length: 10 }, (_, row) => [0, 1].map((d) => Math.fround(bell(seed, 1)(row, d))));
    const pool = await engine.load({ embeddings: asEmbeddings(points) });
    // With rows that have a label already: Sener & Savarese 2018.
    for (const labelled of [new Set<number>(), new Set([2, 7])]) {
      const radiusOf = (batch: readonly number[]): number =>
        Math.sqrt(Math.max(...squaresTo(points, [...labelled, ...batch])));
      const batch = await pool.select("k-center", { k: 3, labelled });
      expect(batch.radius).toBeCloseTo(radiusOf(rowsOf(batch)), 12);
      const free = [...points.keys()].filter((row) => !labelled.has(row));
      const least = Math.min(...Array.from(setsOf(free, 3), radiusOf));
      expect(batch.radius).toBeLessThanOrEqual(2 * least);
    }
  }
  // Twice is what it may come to: from row 0, where row 1 would be half as far from all.
  const line = await engine.load({ embeddings: asEmbeddings([[0], [1], [2]]) });
  expect((await line.select("k-center", { k: 1 })).radius).toBe(2);
});

/** The least Σ d² to the mean of each of k clusters, of all ways to part these points. */
function leastCost(points: readonly number[][], k: number): number {
  let least = Infinity;
  for (let way = 0; way < k ** points.length; way++) {
    let cost = 0;
    for (let c = 0; c < k; c++) {
      const own = points.filter((_, i) => Math.floor(way / k ** i) % k === c);
      const mean = points[0].map((_, d) => meanOf(own.map((point) => point[d])));
      cost += sumOf(own.map((point) => squaredDistance(point, mean)));
    }
    least = Math.min(least, cost);
  }
  return least;
}

test("kmeans costs 8 (ln k + 2) times the least there can be at most, on average (Arthur & Vassilvitskii 2007)", async () => {
  const k = 3;
  const together = [0, 1, 2].flatMap((x) => [0, 1].map((y) => [x, y]));
  const points = [...together, [100, 0], [100, 2], [0, -90]];
  // The row nearest a mean is no farther from it than rows are on average: in its place it costs twice as much at most.
  const bound = 2 * 8 * (Math.log(k) + 2) * leastCost(points, k);
  const costOf = (centres: readonly number[]): number => sumOf(squaresTo(points, centres));
  const pool = await engine.load({ embeddings: asEmbeddings(points) });
  const costs: number[] = [];
  for (let seed = 0; seed < 1000; seed++) costs.push(costOf(rowsOf(await pool.select("kmeans", { k, seed }))));
  expect(meanOf(costs)).toBeLessThan(bound);
  // Rows drawn evenly cost more.
  expect(meanOf(Array.from(setsOf([...points.keys()], k), costOf))).toBeGreaterThan(bound);
});

const surprise = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);

/** H(y₁ … y_b) − Σ mean H(p_t) of p[row][pass][class], over every combination of labels. */
function informationOf(p: readonly number[][][]): number {
  const [passes, classes] = [p[0].length, p[0][0].length];
  let joint = 0;
  for (let labels = 0; labels < classes ** p.length; labels++) {
    const labelOf = (i: number): number => Math.floor(labels / classes ** i) % classes;
    const each = Array.from({ length: passes }, (_, t) => p.reduce((q, row, i) => q * row[t][labelOf(i)], 1));
    joint += surprise(meanOf(each));
  }
  return joint - sumOf(p.flat(2).map(surprise)) / passes;
}

test("batchbald tells at least 1 − 1/e of what the best batch tells (Kirsch et al. 2019)", async () => {
  const [passes, rows, classes, k] = [4, 8, 3, 3];
  for (let seed = 0; seed < 60; seed++) {
    // Every other row is a copy of the first: to take it again tells little.
    const logits = makeCommittee("copies", passes, rows, classes, (t, row, c) =>
      bell(seed, 2)(t * rows + (row % 2 === 0 ? 0 : row), c),
    );
    const beliefs = (row: number, t: number): number[] =>
      beliefsOf(logits.data.subarray((t * rows + row) * classes).subarray(0, classes)).p;
    const p = Array.from({ length: rows }, (_row, row) =>
      Array.from({ length: passes }, (_pass, t) => beliefs(row, t)),
    );
    const pool = await engine.load({ logits });
    const batch = await pool.select("batchbald", { k });
    const picked = rowsOf(batch).map((row) => p[row]);
    expect(batch.jointInformation).toBeCloseTo(informationOf(picked), 12);
    const best = Math.max(...Array.from(setsOf(p, k), informationOf));
    expect(batch.jointInformation).toBeGreaterThanOrEqual((1 - 1 / Math.E) * best);
    // Together rows tell no more than each by itself, which is what BALD adds up.
    const alone = picked.map((row) => informationOf([row]));
    expect(batch.jointInformation).toBeLessThanOrEqual(sumOf(alone) + 1e-12);
  }
});

test("batchbald does not ask again what it has asked, as bald does (Kirsch et al. 2019)", async () => {
  // Eight passes, and rows that each tell one bit of the number of the pass.
  const bits = [0, 0, 0, 1, 1, 2];
  const sure = Array.from({ length: 8 }, (_, pass) =>
    bits.map((bit) => [0, 1].map((label) => Number(((pass >> bit) & 1) === label))),
  );
  const data = Float32Array.from(sure.flat(2));
  const pool = await engine.load({ probabilities: { data, passes: 8, rows: bits.length, classes: 2 } });
  expect(rowsOf(await pool.select("top-k", { k: 3, strategy: "bald" }))).toEqual([0, 1, 2]);
  const batch = await pool.select("batchbald", { k: 3 });
  expect(rowsOf(batch)).toEqual([0, 3, 5]);
  // All there is to know of which pass it is.
  expect(batch.jointInformation).toBeCloseTo(Math.log(8), 12);
});

test("power draws one row after the other in proportion to s^(1/temperature) (Kirsch et al. 2021)", async () => {
  const scores = Float32Array.of(0.25, 0.5, 0.75, 1);
  const weights = Array.from(scores, (score) => score ** 2);
  const total = sumOf(weights);
  const pool = await engine.load({ scores });
  const runs = 4000;
  const counts = new Map<string, number>();
  for (let seed = 0; seed < runs; seed++) {
    const drawn = rowsOf(await pool.select("power", { k: 2, powerTemperature: 0.5, seed })).join();
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  for (const [a, b] of [...setsOf([0, 1, 2, 3], 2), ...setsOf([3, 2, 1, 0], 2)]) {
    const share = (weights[a] / total) * (weights[b] / (total - weights[a]));
    const miss = (counts.get(`${a},${b}`) ?? 0) / runs - share;
    expect(Math.abs(miss), `${a}, then ${b}`).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / runs));
  }
});
