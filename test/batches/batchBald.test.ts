/** BatchBALD against joint entropies by brute force. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { JointLabels } from "../../src/batches/jointLabels.ts";
import { rowPasses, type RowPasses } from "../../src/batches/rowPasses.ts";
import { openEngine } from "../../src/index.ts";
import { beliefsOf, bell } from "../support/pools.ts";

const engine = await openEngine({ backend: "cpu" });

/** p[pass][row][class]. */
type Beliefs = number[][][];

/** H(y₁ … y_b) − Σ mean H(p_t): every combination of labels, one after the other. */
function informationOf(p: Beliefs, rows: readonly number[]): number {
  const classes = p[0][0].length;
  let joint = 0;
  for (let combination = 0; combination < classes ** rows.length; combination++) {
    const labels = rows.map((_, i) => Math.floor(combination / classes ** i) % classes);
    const probability =
      p.reduce((sum, pass) => sum + rows.reduce((product, row, i) => product * pass[row][labels[i]], 1), 0) / p.length;
    if (probability > 0) joint -= probability * Math.log(probability);
  }
  const own = rows.map(
    (row) =>
      p.reduce((sum, pass) => sum - pass[row].reduce((s, q) => s + (q > 0 ? q * Math.log(q) : 0), 0), 0) / p.length,
  );
  return joint - own.reduce((a, b) => a + b, 0);
}

const softmax = (z: number[]): number[] => {
  const exps = z.map((x) => Math.exp(x - Math.max(...z)));
  return exps.map((e) => e / exps.reduce((a, b) => a + b));
};

const pools = fc
  .record({
    passes: fc.integer({ min: 2, max: 4 }),
    rows: fc.integer({ min: 1, max: 6 }),
    classes: fc.integer({ min: 2, max: 3 }),
  })
  .chain(({ passes, rows, classes }) => {
    const size = passes * rows * classes;
    return fc.record({
      logits: fc.array(
        fc.integer({ min: -24, max: 24 }).map((value) => value / 8),
        { minLength: size, maxLength: size },
      ),
      shape: fc.constant({ passes, rows, classes }),
      share: fc.nat({ max: 100 }),
    });
  });

test("every pick gains most, and gains what brute force says", async () => {
  await fc.assert(
    fc.asyncProperty(pools, async ({ logits, shape, share }) => {
      const { passes, rows, classes } = shape;
      const pool = await engine.load({ logits: { data: Float32Array.from(logits), ...shape } });
      const k = 1 + Math.floor(((Math.min(rows, 4) - 1) * share) / 100);
      const { picks, jointInformation, strategy } = await pool.select("batchbald", { k });
      expect(strategy).toBe("bald");
      const p: Beliefs = Array.from({ length: passes }, (_, t) =>
        Array.from({ length: rows }, (_unused, row) =>
          softmax(logits.slice((t * rows + row) * classes, (t * rows + row + 1) * classes)),
        ),
      );
      const chosen: number[] = [];
      for (const { row, score, standardError } of picks) {
        const before = informationOf(p, chosen);
        const gain = (other: number): number => informationOf(p, [...chosen, other]) - before;
        const left = [...Array(rows).keys()].filter((other) => !chosen.includes(other));
        expect(standardError).toBeUndefined();
        expect(Math.abs(score - gain(row))).toBeLessThan(1e-12);
        expect(gain(row)).toBeGreaterThan(Math.max(...left.map(gain)) - 1e-12);
        chosen.push(row);
      }
      expect(Math.abs(jointInformation! - informationOf(p, chosen))).toBeLessThan(1e-11);
    }),
    { numRuns: 500 },
  );
});

const passes = 5;
const classes = 10;
const rowOf = (row: number): RowPasses => {
  const each = Array.from({ length: passes }, (_, t) =>
    softmax(Array.from({ length: classes }, (_unused, c) => bell(61, 2)(row * passes + t, c))),
  ).flat();
  return rowPasses({ passes, classes, each: Float64Array.from(each), logEach: Float64Array.from(each, Math.log) });
};

/** H(y_b | y₁ … y_{b−1}) − mean H(p_t), by recursion over the labels of the first rows. */
function exactGain(rows: readonly RowPasses[], next: RowPasses): number {
  let conditional = 0;
  const visit = (weights: number[], depth: number): void => {
    if (depth < rows.length) {
      for (let c = 0; c < classes; c++)
        visit(
          weights.map((w, t) => w * rows[depth].each[t * classes + c]),
          depth + 1,
        );
      return;
    }
    const total = weights.reduce((a, b) => a + b);
    for (let c = 0; c < classes; c++) {
      const p = weights.reduce((sum, w, t) => sum + w * next.each[t * classes + c], 0);
      conditional -= p * Math.log(p / total);
    }
  };
  visit(Array(passes).fill(1 / passes), 0);
  const within = next.each.reduce((sum, q) => sum - q * Math.log(q), 0) / passes;
  return conditional - within;
}

test("past what can be enumerated a gain is within its standard error of the truth", () => {
  const batch = Array.from({ length: 6 }, (_, row) => rowOf(row));
  const inBatch = new JointLabels(3);
  for (const row of batch) inBatch.add(row);
  let within = 0;
  for (let row = 6; row < 9; row++) {
    const { gain, error } = inBatch.gainOf(rowOf(row));
    const miss = Math.abs(gain - exactGain(batch, rowOf(row))) / error;
    expect(error).toBeLessThan(0.02);
    expect(miss).toBeLessThan(4);
    within += Number(miss < 2);
  }
  expect(within).toBeGreaterThanOrEqual(2);
  // Of four rows all 10,000 combinations are taken.
  const enumerated = new JointLabels(3);
  for (const row of batch.slice(0, 4)) enumerated.add(row);
  const { gain, error } = enumerated.gainOf(rowOf(7));
  expect(error).toBe(0);
  expect(gain).toBeCloseTo(exactGain(batch.slice(0, 4), rowOf(7)), 10);
});

test("a large batch says which of its scores are estimates", async () => {
  const rows = 16;
  const data = Float32Array.from({ length: 6 * rows * classes }, (_, i) =>
    bell(62, 2)(Math.floor(i / classes), i % classes),
  );
  const pool = await engine.load({ logits: { data, passes: 6, rows, classes } });
  const { picks } = await pool.select("batchbald", { k: 9, labelled: [4], seed: 5 });
  expect(new Set(picks.map(({ row }) => row)).size).toBe(9);
  expect(picks.map(({ standardError }) => standardError !== undefined)).toEqual([
    ...Array(5).fill(false),
    ...Array(4).fill(true),
  ]);
  expect(picks).toEqual((await pool.select("batchbald", { k: 9, labelled: [4], seed: 5 })).picks);
  await expect(pool.select("batchbald", { k: 2, strategy: "entropy" })).rejects.toThrow(
    "batchbald works from bald: leave the strategy out",
  );
});

test("probabilities that sum to a little more or less than 1 are taken as if they did to 1", async () => {
  const shape = { rows: 60, passes: 3, classes: 3 };
  const random = bell(91, 1);
  const given = new Float32Array(shape.passes * shape.rows * shape.classes);
  const scaled = new Float32Array(given.length);
  for (let pass = 0; pass < shape.passes; pass++)
    for (let row = 0; row < shape.rows; row++) {
      const { p } = beliefsOf(Array.from({ length: shape.classes }, (_, c) => 3 * random(pass * shape.rows + row, c)));
      // Up to 9e-4 off, another way in every pass, and some exactly impossible.
      const off = 1 + 9e-4 * Math.sin(17 * row + 5 * pass);
      if (row % 4 === 0) p[2] = 0;
      const sum = p.reduce((a, b) => a + b, 0);
      p.forEach((pc, c) => {
        given[(pass * shape.rows + row) * shape.classes + c] = (pc / sum) * off;
        scaled[(pass * shape.rows + row) * shape.classes + c] = pc / sum;
      });
    }
  const found = await (await engine.load({ probabilities: { data: given, ...shape } })).select("batchbald", { k: 8 });
  const expected = await (
    await engine.load({ probabilities: { data: scaled, ...shape } })
  ).select("batchbald", { k: 8 });
  expect(found.picks.map(({ row }) => row)).toEqual(expected.picks.map(({ row }) => row));
  found.picks.forEach(({ score }, i) => {
    expect(score).toBeCloseTo(expected.picks[i].score, 6);
    if (i > 0) expect(score).toBeLessThanOrEqual(found.picks[i - 1].score + 1e-12);
  });
  expect(found.jointInformation).toBeLessThanOrEqual(Math.log(shape.passes) + 1e-12);
});
