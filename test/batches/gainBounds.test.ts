/** Gains in float32 beside those in float64, and picks beside those of a loop that leaves nothing out. */
import { Pace } from "../../src/pace.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { entropyError, SimdEntropy } from "../../src/backends/cpu/simdEntropy.ts";
import type { BatchContext } from "../../src/batches/batch.ts";
import { batchBald } from "../../src/batches/batchBald.ts";
import { GainBounds } from "../../src/batches/gainBounds.ts";
import { JointLabels } from "../../src/batches/jointLabels.ts";
import { bundled } from "../../src/batches/mixtures.ts";
import { rowPasses } from "../../src/batches/rowPasses.ts";
import type { RowBeliefs } from "../../src/strategy.ts";
import { beliefsOf, poolOf, shapes, sum } from "../support/passes.ts";
import { bell } from "../support/pools.ts";

const tiles = fc.record({
  seed: fc.nat(1e6),
  passes: fc.integer({ min: 1, max: 60 }),
  classes: fc.integer({ min: 2, max: 40 }),
  batch: fc.integer({ min: 0, max: 5 }),
  kinds: fc.array(fc.constantFrom(...shapes), { minLength: 1, maxLength: 3 }),
});

const batchOf = (beliefs: readonly RowBeliefs[], seed: number): JointLabels => {
  const labels = new JointLabels(seed);
  for (const row of beliefs) labels.add(rowPasses(row));
  return labels;
};

test("gains in float32 are off by no more than is said, and bounds are none too low", async () => {
  let sampled = 0;
  await fc.assert(
    fc.asyncProperty(tiles, async ({ seed, passes, classes, batch, kinds }) => {
      const pool = poolOf(seed, batch + 5, passes, classes, (row) => kinds[row % kinds.length]);
      const labels = batchOf(pool.slice(0, batch), seed);
      sampled += Number(labels.areSampled);
      const rows = pool.slice(batch).map(rowPasses);
      const gains = rows.map((row) => labels.gainOf(row).gain);
      const mixtures = labels.mixtures(passes);
      const kernel = await SimdEntropy.open();
      kernel.mix(passes, mixtures.weights, mixtures.masses);
      kernel.of(rows).forEach((entropy, i) => {
        const gain = Math.max(0, entropy - rows[i].within);
        expect(Math.abs(gain - gains[i])).toBeLessThan(entropyError(passes, classes) + 1e-12);
      });
      const bald = pool.map((row) => new JointLabels(0).gainOf(rowPasses(row)).gain);
      const bounds = await GainBounds.open(Float64Array.from(bald));
      bounds.mix(mixtures);
      const unread = pool.map(({ row }) => bounds.blind(row, classes));
      pool.forEach((beliefs) => bounds.see(beliefs.row, rowPasses(beliefs)));
      gains.forEach((gain, i) => {
        const { row } = pool[batch + i];
        expect(unread[row]).toBeGreaterThanOrEqual(gain);
        expect(bounds.blind(row, classes)).toBeGreaterThanOrEqual(gain);
        expect(bounds.blind(row, classes)).toBeLessThanOrEqual(unread[row]);
        for (let look = 1; look <= bounds.looks; look++) expect(bounds.at(look, rows)[i]).toBeGreaterThanOrEqual(gain);
      });
    }),
    { numRuns: 100 },
  );
  // A quarter of them, in the mean.
  expect(sampled).toBeGreaterThan(5);
});

test("what is known of a row bounds what it adds, whatever passes weigh", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ seed: fc.nat(1e6), shape: fc.constantFrom(...shapes) }),
      fc.array(fc.array(fc.nat(100), { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      async ({ seed, shape }, shares) => {
        const [passes, classes] = [4, 3];
        const [{ each }] = poolOf(seed, 1, passes, classes, () => shape);
        // One pass that is torn between all classes, where others may be sure.
        const beliefs = beliefsOf(0, passes, classes, each.fill(1 / classes, 0, classes));
        const row = rowPasses(beliefs);
        const weights = Float64Array.from(shares.flatMap((own) => own.map((w) => (w + 1) / (4 + sum(own)))));
        const masses = new Float64Array(shares.length).fill(1 / shares.length);
        const bounds = await GainBounds.open(Float64Array.of(new JointLabels(0).gainOf(row).gain));
        bounds.mix({ passes, weights, masses });
        let gain = -row.within;
        masses.forEach((mass, s) => {
          for (let c = 0; c < classes; c++) {
            const q = sum(Array.from({ length: passes }, (_, t) => weights[s * passes + t] * each[t * classes + c]));
            gain -= mass * (q > 0 ? q * Math.log(q) : 0);
          }
        });
        expect(bounds.blind(0, classes)).toBeGreaterThanOrEqual(gain);
        bounds.see(beliefs.row, rowPasses(beliefs));
        expect(bounds.blind(0, classes)).toBeGreaterThanOrEqual(gain);
        expect(bounds.at(1, [row])[0]).toBeGreaterThanOrEqual(gain);
      },
    ),
    { numRuns: 300 },
  );
});

test("the logarithm is off by no more than is said", async () => {
  // One pass and one mixture leave nothing else that rounds much.
  const kernel = await SimdEntropy.open();
  kernel.mix(1, Float64Array.of(1), Float64Array.of(1));
  for (let i = 1; i < 5000; i++) {
    const p = i < 2500 ? i / 2500 : 2 ** (-(i - 2500) / 15);
    const each = Float64Array.of(p, 1 - p);
    const exact = -sum(Array.from(each, (q) => (q > 0 ? q * Math.log(q) : 0)));
    expect(Math.abs(kernel.of([{ classes: 2, each }])[0] - exact)).toBeLessThan(4e-7);
  }
});

test("probabilities that miss 1 are within their bounds", async () => {
  const [first, second, ...rest] = poolOf(5, 10, 6, 5, () => "spread").map(({ row, each }) =>
    rowPasses(
      beliefsOf(
        row,
        6,
        5,
        each.map((p) => p * 1.0009),
      ),
    ),
  );
  const labels = new JointLabels(1);
  labels.add(first);
  labels.add(second);
  const bounds = await GainBounds.open(new Float64Array(10));
  bounds.mix(labels.mixtures(6));
  bounds.at(1, rest).forEach((bound, i) => expect(bound).toBeGreaterThanOrEqual(labels.gainOf(rest[i]).gain));
});

test("bundles are few, and mixtures that are the same lose nothing", () => {
  const labels = batchOf(
    poolOf(9, 6, 20, 10, () => "spread"),
    3,
  );
  const mixtures = labels.mixtures(20);
  const few = bundled(mixtures);
  expect(few.masses.length).toBeLessThan(mixtures.masses.length / 4);
  expect(sum(few.masses)).toBeCloseTo(1, 12);
  const same = { passes: 2, weights: Float64Array.from({ length: 2000 }, (_, i) => (i % 4 < 2 ? i % 2 : 0.5)) };
  const { weights, masses } = bundled({ ...same, masses: new Float64Array(1000).fill(0.001) });
  expect([...weights].sort()).toEqual([0, 0.5, 0.5, 1]);
  expect(masses.length).toBe(2);
});

/** A pool of nothing but beliefs. BALD is known as well as `blur` says. */
function contextOf(pool: readonly RowBeliefs[], k: number, seed: number, blur: number): BatchContext {
  const bald = Float64Array.from(pool, (row) => new JointLabels(0).gainOf(rowPasses(row)).gain);
  const asked: Partial<BatchContext> = {
    options: { k, seed, alpha: 0.5, powerTemperature: 1 },
    pace: new Pace(),
    sumSlack: 0,
    rows: pool.length,
    scores: async () => ({ lowest: bald, highest: bald.map((score) => score + blur), exact: async () => bald }),
    free: () => Uint32Array.from(pool.keys()),
    beliefs: async (rows, tell) => rows.forEach((row) => tell(pool[row])),
  };
  return asked as BatchContext;
}

/** Every gain at every pick. */
function greedy(pool: readonly RowBeliefs[], k: number, seed: number) {
  const rows = pool.map(rowPasses);
  const labels = new JointLabels(seed);
  const left = new Set(rows.keys());
  return Array.from({ length: k }, () => {
    let best = { row: -1, gain: -1, error: 0 };
    for (const row of left) {
      const found = labels.gainOf(rows[row]);
      if (found.gain > best.gain) best = { row, ...found };
    }
    left.delete(best.row);
    labels.add(rows[best.row]);
    return { row: best.row, score: best.gain, ...(best.error > 0 && { standardError: best.error }) };
  });
}

test.each([
  { rows: 40, passes: 7, classes: 4, k: 9, runs: 2 },
  { rows: 40, passes: 12, classes: 10, k: 6, runs: 2 },
  { rows: 20, passes: 3, classes: 2, k: 20, runs: 1 },
  { rows: 12, passes: 5, classes: 150, k: 4, runs: 1 },
  { rows: 1, passes: 4, classes: 3, k: 1, runs: 1 },
])("picks of $k from $passes passes, $rows rows, $classes classes are those of a plain loop", async (one) => {
  for (let seed = 1; seed <= one.runs; seed++) {
    // Some rows come twice, and some tell nothing at all.
    const drawn = poolOf(seed, one.rows, one.passes, one.classes, (row) => shapes[(row * seed) % shapes.length]);
    const pool = drawn.map((_, row) => ({ ...drawn[row % 7 === 6 ? row - 3 : row], row }));
    const { picks } = await batchBald.select(contextOf(pool, one.k, seed, seed % 2 ? 0 : 1e-4));
    expect(picks).toEqual(greedy(pool, one.k, seed));
  }
});

test("rows that float32 cannot tell apart are told apart", async () => {
  const [passes, classes] = [9, 4];
  const [model] = poolOf(3, 1, passes, classes, () => "spread");
  const pool = Array.from({ length: 60 }, (_unused, row) => {
    // A little nearer to no opinion at all, by less than a unit roundoff of float32.
    const share = 2e-8 * bell(7, 1)(row, 0) ** 2;
    const each = model.each.map((p) => p + share * (1 / classes - p));
    return beliefsOf(row, passes, classes, each);
  });
  const { picks } = await batchBald.select(contextOf(pool, 5, 2, 1e-6));
  expect(picks).toEqual(greedy(pool, 5, 2));
});

test("a thousand classes are sampled from the second pick on", async () => {
  const pool = poolOf(2, 40, 20, 1000, () => "spread");
  const { picks } = await batchBald.select(contextOf(pool, 3, 1, 0));
  expect(picks.map(({ standardError }) => standardError !== undefined)).toEqual([false, true, true]);
});
