/** Temperatures against those of scipy, and what they mend. */
import { describe, expect, test } from "vitest";
import {
  agreementOf,
  fitLogistic,
  fitTemperature,
  InputError,
  openEngine,
  quality,
  type Predictions,
} from "../../src/index.ts";
import { predictions } from "../../src/loop/metrics.ts";
import golden from "../golden/calibration.json" with { type: "json" };
import { makeBlobs } from "../support/blobs.ts";

const { unit, temperatures, qualities } = golden;

describe("against scipy and scikit-learn", () => {
  test.each(temperatures)("$name", ({ logits, labels, passes, rows, classes, ...expected }) => {
    const data = Float32Array.from(logits, (value) => value / unit);
    const found = fitTemperature({ data, passes, rows, classes }, labels);
    expect(found.temperature / expected.temperature).toBeCloseTo(1, 6);
    expect(found.before.nll).toBeCloseTo(expected.before.nll, 12);
    expect(found.before.ece).toBeCloseTo(expected.before.ece, 12);
    expect(found.after.nll).toBeLessThanOrEqual(expected.after.nll + 1e-13);
    expect(found.after.nll).toBeCloseTo(expected.after.nll, 12);
    expect(found.after.ece).toBeCloseTo(expected.after.ece, 5);
    expect(found.rows).toBe(rows);
  });

  test.each(qualities)(
    "quality of $classes classes",
    ({ probabilities, truth, classes, other, kappa, ...expected }) => {
      const data = Float32Array.from(probabilities);
      const columns = [...Array(classes).keys()];
      const found = quality(data, columns, truth);
      expect(found.accuracy).toBe(expected.accuracy);
      expect(found.macroF1).toBeCloseTo(expected.macroF1, 12);
      expect(found.logLoss).toBeCloseTo(expected.logLoss, 12);
      const agreement = agreementOf(predictions(data, columns), Uint32Array.from(other));
      expect(agreement.kappa).toBeCloseTo(kappa, 12);
    },
  );
});

test("is the derivative's zero to 1e-8 where the loss of one pass is convex", () => {
  const { logits, labels, rows, classes } = temperatures[0];
  const data = Float32Array.from(logits, (value) => value / unit);
  const { temperature } = fitTemperature({ data, rows, classes }, labels);
  const slope = (inverse: number): number => {
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const z = [...data.subarray(row * classes, row * classes + classes)];
      const e = z.map((value) => Math.exp(inverse * value));
      const total = e.reduce((a, b) => a + b);
      sum += z.reduce((mean, value, c) => mean + (value * e[c]) / total, 0) - z[labels[row]];
    }
    return sum;
  };
  expect(slope((1 / temperature) * (1 - 1e-8))).toBeLessThan(0);
  expect(slope((1 / temperature) * (1 + 1e-8))).toBeGreaterThan(0);
});

test("a model that is always right is made as sure as can be, one that is always wrong as unsure", () => {
  const data = Float32Array.of(1, 0, 0, 1);
  const sure = fitTemperature({ data, rows: 2, classes: 2 }, [0, 1]);
  expect(sure.temperature).toBeLessThan(0.03);
  expect(sure.after.nll).toBeLessThan(1e-12);
  expect(fitTemperature({ data, rows: 2, classes: 2 }, [1, 0]).temperature).toBeCloseTo(1e3, 3);
});

test("an overconfident model is mended, and other rows are picked", async () => {
  // Few rows of many dims, hardly penalised: a logistic regression that is sure of everything.
  const [train, held, pool] = [1, 2, 3].map((seed) => makeBlobs(seed, 120 * seed, 4, 20, 0.9));
  const { head } = fitLogistic({ features: train.features, labels: train.labels, C: 1000 });
  await using engine = await openEngine({ backend: "cpu" });
  const logitsOf = ({ data, rows, dims }: typeof held.features): Predictions => {
    const [{ weight, bias }] = head.layers;
    const logits = Float32Array.from({ length: rows * 4 }, (_, at) => {
      const [row, c] = [at >> 2, at & 3];
      let sum = bias[c];
      for (let d = 0; d < dims; d++) sum += weight[c * dims + d] * data[row * dims + d];
      return sum;
    });
    return { data: logits, rows, classes: 4 };
  };
  const { temperature, before, after } = fitTemperature(logitsOf(held.features), held.labels);
  expect(temperature).toBeGreaterThan(2);
  expect(after.ece).toBeLessThan(before.ece / 3);
  expect(after.nll).toBeLessThan(before.nll);
  // On rows that it was not set by, too.
  const fresh = fitTemperature(logitsOf(pool.features), pool.labels);
  expect(Math.abs(Math.log(fresh.temperature / temperature))).toBeLessThan(0.3);
  using loaded = await engine.load({ features: pool.features, head });
  const rows = async (t: number) =>
    new Set((await loaded.select("top-k", { k: 30, temperature: t })).picks.map(({ row }) => row));
  const [plain, mended] = [await rows(1), await rows(temperature)];
  expect([...mended].filter((row) => !plain.has(row)).length).toBeGreaterThan(0);
});

describe("refuses", () => {
  const logits = { data: Float32Array.of(0, 1, 2, 3), rows: 2, classes: 2 };
  test.each<[what: string, predictions: Predictions, labels: number[], message: string]>([
    ["too few labels", logits, [0], "labels: there are 1 for 2 rows"],
    ["a label out of range", logits, [0, 2], "labels: row 1 is 2, a class must be a whole number from 0 to 1"],
    [
      "NaN",
      { ...logits, data: Float32Array.of(0, NaN, 2, 3) },
      [0, 1],
      "predictions: row 0: class 1 is NaN: correct it",
    ],
    [
      "no rows",
      { data: new Float32Array(), rows: 0, classes: 2 },
      [],
      "calibration: there are no rows: keep some labelled ones",
    ],
    [
      "a label of probability 0",
      { ...logits, data: Float32Array.of(0, -Infinity, 2, 3) },
      [1, 1],
      "predictions: row 0: its class 1 has probability 0, which no temperature mends",
    ],
  ])("%s", (_, predicted, labels, message) => {
    expect(() => fitTemperature(predicted, labels)).toThrow(new InputError(message));
  });
});
