/** Density against its definition, and the outliers that it keeps from being asked. */
import { Pace } from "../../src/pace.ts";
import { describe, expect, test } from "vitest";
import { InputError, openEngine, type Engine } from "../../src/index.ts";
import { DENSITY_ROWS, DENSITY_SAMPLE, densityOf } from "../../src/remedies/density.ts";
import { randomUniform } from "../../src/random.ts";
import { engineNames, openTestEngine } from "../support/engines.ts";
import { vectorsIn } from "../../src/vectors.ts";

const pointsOf = (seed: number, rows: number, dims: number): Float32Array =>
  Float32Array.from({ length: rows * dims }, (_, i) => 4 * randomUniform(seed, 2, i) ** 2 - 1);

/** Mean over the others of 1 / (1 + d), or of the cosine, by the definition. */
function oracle(data: Float32Array, dims: number, row: number, others: readonly number[], metric: string): number {
  let sum = 0;
  for (const other of others) {
    let [squares, product, own, its] = [0, 0, 0, 0];
    for (let d = 0; d < dims; d++) {
      const [a, b] = [data[row * dims + d], data[other * dims + d]];
      squares += (a - b) ** 2;
      product += a * b;
      own += a * a;
      its += b * b;
    }
    sum += metric === "cosine" ? product / Math.sqrt(own * its) : 1 / (1 + Math.sqrt(squares));
  }
  return metric === "cosine" ? Math.max(0, sum / others.length) : sum / others.length;
}

describe.each(["euclidean", "cosine"] as const)("%s", (metric) => {
  test.each([
    [2, 1],
    [50, 3],
    [2500, 5],
    [300, 150],
  ])("of %d rows of %d dims", async (rows, dims) => {
    const data = pointsOf(rows, rows, dims);
    // Two in one place, and one without a place.
    if (rows > 2) data.copyWithin(dims, 0, dims);
    const invalid = rows > 2 ? Uint32Array.of(7) : new Uint32Array();
    if (rows > 2) data[7 * dims] = NaN;
    const found = await densityOf({ ...vectorsIn(data, dims), metric }, invalid, new Pace());
    const points = [...Array(rows).keys()].filter((row) => rows === 2 || row !== 7);
    expect(found.measuredOn).toBe(points.length - 1);
    const asked = points.filter((_, i) => i % Math.ceil(points.length / 40) === 0);
    const exact = await found.exact(Uint32Array.from(asked), new Pace());
    asked.forEach((row, i) => {
      const expected = oracle(
        data,
        dims,
        row,
        points.filter((other) => other !== row),
        metric,
      );
      expect(exact[i], `row ${row}`).toBeCloseTo(expected, 12);
      expect(found.lowest[row]).toBeLessThanOrEqual(exact[i]);
      expect(found.highest[row]).toBeGreaterThanOrEqual(exact[i]);
      expect(found.highest[row] - found.lowest[row]).toBeLessThan(1e-4);
    });
    if (rows > 2) expect(found.lowest[7]).toBeNaN();
  });
});

test("of many rows is a mean over a sample, within its standard error of the mean over all", async () => {
  const [rows, dims] = [DENSITY_ROWS + 500, 2];
  const data = pointsOf(4, rows, dims);
  const found = await densityOf({ ...vectorsIn(data, dims), metric: "euclidean" }, new Uint32Array(), new Pace());
  expect(found.measuredOn).toBe(DENSITY_SAMPLE);
  const asked = Uint32Array.from({ length: 60 }, (_, i) => i * 301);
  const pace = new Pace();
  const [exact, errors] = [await found.exact(asked, pace), await found.standardError(asked, pace)];
  let within = 0;
  asked.forEach((row, i) => {
    const others = [...Array(rows).keys()].filter((other) => other !== row);
    const off = Math.abs(exact[i] - oracle(data, dims, row, others, "euclidean"));
    expect(errors[i]).toBeGreaterThan(0);
    expect(off).toBeLessThan(5 * errors[i]);
    if (off < 2 * errors[i]) within++;
  });
  // One sample for all rows: their errors go together, so this is no binomial count.
  expect(within).toBeGreaterThan(30);
});

describe.each(engineNames)("picks on %s", (kind) => {
  const [rows, dims] = [400, 3];
  const data = pointsOf(9, rows, dims);
  const logits = Float32Array.from({ length: rows * 3 }, (_, i) => 3 * randomUniform(5, 2, i));
  const entropy = (row: number): number => {
    const e = [...logits.subarray(3 * row, 3 * row + 3)].map(Math.exp);
    const sum = e.reduce((a, b) => a + b);
    return -e.reduce((total, value) => total + (value / sum) * Math.log(value / sum), 0);
  };

  test.each([0.5, 1, 3])("are the highest scores times density to the power %d", async (density) => {
    const engine: Engine = await openTestEngine(kind);
    using pool = await engine.load({ logits: { data: logits, rows, classes: 3 }, embeddings: { data, rows, dims } });
    const labelled = [3, 200];
    const found = await pool.select("top-k", { k: 25, density, labelled });
    const all = [...Array(rows).keys()];
    const worth = (row: number): number =>
      entropy(row) *
      oracle(
        data,
        dims,
        row,
        all.filter((other) => other !== row),
        "euclidean",
      ) **
        density;
    const expected = all
      .filter((row) => !labelled.includes(row))
      .map((row) => ({ row, score: worth(row) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 25);
    expect(found.picks.map(({ row }) => row)).toEqual(expected.map(({ row }) => row));
    found.picks.forEach(({ score }, i) => expect(score).toBeCloseTo(expected[i].score, 12));
    expect(found.density).toEqual({ measuredOn: rows - 1, standardError: 0 });
    // A rule that weighs scores with distances takes them as they are now.
    const hybrid = await pool.select("hybrid", { k: 5, density, alpha: 1, labelled });
    expect(hybrid.picks.map(({ row }) => row)).toEqual(expected.slice(0, 5).map(({ row }) => row));
    await engine.close();
  });
});

test("far outliers that a model is unsure of are not asked about", async () => {
  // A cloud on both sides of the border, and ten rows far out along it.
  const rows = 510;
  const data = Float32Array.from({ length: 2 * rows }, (_, at) =>
    at >> 1 < 500 ? 2 * randomUniform(1, 2, at) - 1 : at & 1 ? 100 + (at >> 1) : 0,
  );
  const head = {
    layers: [{ weight: Float32Array.of(2, 0), bias: Float32Array.of(0), inputs: 2, outputs: 1 }],
    activation: "relu" as const,
  };
  const two = {
    ...head,
    layers: [{ ...head.layers[0], weight: Float32Array.of(0, 0, 2, 0), bias: Float32Array.of(0, 0), outputs: 2 }],
  };
  await using engine = await openEngine({ backend: "cpu" });
  using pool = await engine.load({ features: { data, rows, dims: 2 }, head: two });
  const outliers = async (density: number): Promise<number> =>
    (await pool.select("top-k", { k: 10, density })).picks.filter(({ row }) => row >= 500).length;
  expect(await outliers(0)).toBe(10);
  expect(await outliers(1)).toBe(0);
});

describe("refuses", () => {
  const embeddings = { data: pointsOf(1, 10, 2), rows: 10, dims: 2 };
  test.each<[what: string, pool: object, batch: "top-k" | "k-center" | "badge", density: number, message: string]>([
    [
      "a negative power",
      { scores: new Float32Array(10), embeddings },
      "top-k",
      -1,
      "density must be a power between 0 and 100, got -1",
    ],
    [
      "a rule without scores",
      { scores: new Float32Array(10), embeddings },
      "k-center",
      1,
      "scores: density weighs scores, and k-center does not go by them: leave it out",
    ],
    [
      "a pool without embeddings",
      { scores: new Float32Array(10) },
      "top-k",
      1,
      "scores: density measures distances: load embeddings beside it",
    ],
    [
      "scores below 0",
      { scores: new Float32Array(10).fill(-1), embeddings },
      "top-k",
      1,
      "density multiplies scores, and row 0 has one below 0: leave density out",
    ],
  ])("%s", async (_, data, batch, density, message) => {
    await using engine = await openEngine({ backend: "cpu" });
    using pool = await engine.load(data as never);
    await expect(pool.select(batch, { k: 2, density })).rejects.toThrow(new InputError(message));
  });
});
