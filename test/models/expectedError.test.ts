/** Expected error against scikit-learn's refits, and the look-ahead against the exact form. */
import { describe, expect, test } from "vitest";
import {
  expectedError,
  fitLogistic,
  InputError,
  lookaheadCorrelation,
  type ExpectedErrorOptions,
  type Features,
} from "../../src/index.ts";
import golden from "../golden/expectedError.json" with { type: "json" };
import { makeBlobs } from "../support/blobs.ts";

const { unit, cases } = golden;

const pointsOf = (values: readonly number[], dims: number): Features => ({
  data: Float32Array.from(values, (value) => value / unit),
  rows: values.length / dims,
  dims,
});

describe("as scikit-learn has it", () => {
  test.each(cases)("of $classes classes", ({ classes, dims, labels, scores, ...points }) => {
    const options = {
      features: pointsOf(points.features, dims),
      labels,
      candidates: pointsOf(points.candidates, dims),
      evaluation: pointsOf(points.evaluation, dims),
    };
    for (const loss of ["log", "0/1"] as const) {
      const expected = scores[loss];
      const found = expectedError({ ...options, loss });
      found.forEach((value, i) => expect(value, `${loss} ${i}`).toBeCloseTo(expected[i], 5));
      // Classes that are declared and never seen change nothing.
      const declared = expectedError({ ...options, loss, classes: classes + 2 });
      declared.forEach((value, i) => expect(value).toBeCloseTo(found[i], 6));
    }
  });
});

/** w with A w = b, by elimination. */
function solved(a: number[][], b: number[]): number[] {
  const rows = a.map((row, i) => [...row, b[i]]);
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row, j) => (Math.abs(row[i]) > Math.abs(rows[best][i]) ? i + j : best), i);
    [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const factor = rows[j][i] / rows[i][i];
      for (let k = i; k <= n; k++) rows[j][k] -= factor * rows[i][k];
    }
  }
  return rows.map((row, i) => row[n] / row[i]);
}

const rowOf = ({ data, dims }: Features, row: number): number[] => [...data.subarray(row * dims, (row + 1) * dims), 1];

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

describe("the look-ahead", () => {
  const known = makeBlobs(1, 20, 2, 3, 1.5);
  const candidates = makeBlobs(2, 12, 2, 3, 1.5);
  const evaluation = makeBlobs(3, 30, 2, 3, 1.5);

  test("of two classes is one step of Newton's on the loss with the new row", () => {
    const { weights } = fitLogistic({ features: known.features, labels: known.labels, tolerance: 1e-10 });
    const w = [...weights.subarray(4)];
    const found = expectedError({
      features: known.features,
      labels: known.labels,
      candidates: candidates.features,
      evaluation: evaluation.features,
      form: "lookahead",
    });
    found.forEach((value, candidate) => {
      const x = rowOf(candidates.features, candidate);
      const p = sigmoid(dot(w, x));
      let expected = 0;
      for (const label of [0, 1]) {
        const rows = [...Array.from({ length: 20 }, (_, row) => rowOf(known.features, row)), x];
        const truth = [...known.labels, label];
        const hessian = w.map((_, i) => w.map((__, j) => (i === j && i < 3 ? 1 : 0)));
        const gradient = w.map((weight, i) => (i < 3 ? weight : 0));
        rows.forEach((row, r) => {
          const q = sigmoid(dot(w, row));
          row.forEach((value_, i) => {
            gradient[i] += (q - truth[r]) * value_;
            row.forEach((other, j) => (hessian[i][j] += q * (1 - q) * value_ * other));
          });
        });
        const step = solved(hessian, gradient);
        const moved = w.map((weight, i) => weight - step[i]);
        let loss = 0;
        for (let row = 0; row < 30; row++) {
          const q = sigmoid(dot(moved, rowOf(evaluation.features, row)));
          loss -= (q * Math.log(q) + (1 - q) * Math.log(1 - q)) / 30;
        }
        expected += (label === 1 ? p : 1 - p) * loss;
      }
      expect(value, `candidate ${candidate}`).toBeCloseTo(-expected, 6);
    });
  });

  test("says how it ranks beside the exact form, which it is told apart from", () => {
    const [train, asked, others] = [1, 2, 3].map((seed) => makeBlobs(seed, 60, 4, 5, 1.5));
    const options = {
      features: train.features,
      labels: train.labels,
      candidates: asked.features,
      evaluation: others.features,
    };
    const found = lookaheadCorrelation(options);
    expect(found).toBeGreaterThan(0.5);
    expect(found).toBeLessThan(1);
  });
});

describe("refuses", () => {
  const { features, labels } = makeBlobs(1, 10, 2, 3, 1);
  const options = { features, labels, candidates: features, evaluation: features };
  test.each<[what: string, options: object, message: RegExp]>([
    ["one class", { labels: labels.map(() => 1) }, /^expectedError: one class is known so far/],
    ["another form", { form: "quick" }, /^form must be exact or lookahead, got quick$/],
    ["another loss", { loss: "hinge" }, /^loss must be log or 0\/1, got hinge$/],
    ["labels that do not fit", { labels: [0, 1] }, /labels/],
  ])("%s", (_, wrong, message) => {
    const work = (): unknown => expectedError({ ...options, ...wrong } as ExpectedErrorOptions);
    expect(work).toThrow(InputError);
    expect(work).toThrow(message);
  });
});
