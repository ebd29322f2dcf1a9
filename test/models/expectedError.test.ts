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

/** A + weight · x xᵀ */
const plusOuter = (a: number[][], x: readonly number[], weight: number): number[][] =>
  a.map((row, i) => row.map((value, j) => value + weight * x[i] * x[j]));

const slopeOf = (z: number): number => sigmoid(z) * (1 - sigmoid(z));

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

describe("the look-ahead", () => {
  const known = makeBlobs(1, 20, 2, 3, 1.5);
  const candidates = makeBlobs(2, 12, 2, 3, 1.5);
  const evaluation = makeBlobs(3, 30, 2, 3, 1.5);

  test("of two classes is a step beside the row's own loss, and Newton's from there", () => {
    const { weights } = fitLogistic({ features: known.features, labels: known.labels, tolerance: 1e-10 });
    const w = [...weights.subarray(4)];
    const found = expectedError({
      features: known.features,
      labels: known.labels,
      candidates: candidates.features,
      evaluation: evaluation.features,
      form: "lookahead",
    });
    const rows = Array.from({ length: 20 }, (_, row) => rowOf(known.features, row));
    const ridge: number[][] = w.map((_, i) => w.map((__, j) => (i === j && i < 3 ? 1 : 0)));
    const bent = rows.reduce<number[][]>((matrix, row) => plusOuter(matrix, row, slopeOf(dot(w, row))), ridge);
    found.forEach((value, candidate) => {
      const x = rowOf(candidates.features, candidate);
      const p = sigmoid(dot(w, x));
      const direction = solved(bent, x);
      const reach = dot(direction, x);
      let expected = 0;
      for (const label of [0, 1]) {
        // z = z0 − reach (σ(z) − label) has one root, between these two.
        let [low, high] = [dot(w, x) - reach, dot(w, x) + reach];
        for (let i = 0; i < 100; i++) {
          const z = (low + high) / 2;
          if (z - dot(w, x) + reach * (sigmoid(z) - label) > 0) high = z;
          else low = z;
        }
        const first = w.map((weight, i) => weight - (sigmoid(low) - label) * direction[i]);
        const all = [...rows, x];
        const truth = [...known.labels, label];
        const gradient = first.map((weight, i) => (i < 3 ? weight : 0));
        all.forEach((row, r) =>
          row.forEach((entry, i) => (gradient[i] += (sigmoid(dot(first, row)) - truth[r]) * entry)),
        );
        const second = solved(plusOuter(bent, x, slopeOf(low)), gradient);
        const moved = first.map((weight, i) => weight - second[i]);
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

  // Measured: 0.91 to 0.99.
  test.each([
    [2, 3, 20],
    [2, 5, 60],
    [3, 2, 12],
    [4, 5, 60],
    [10, 8, 80],
  ])("ranks as the exact form does, nearly: %i classes, %i dims, %i rows", (classes, dims, rows) => {
    for (const seed of [1, 11]) {
      const [train, asked, others] = [0, 1, 2].map((i) => makeBlobs(seed + i, rows, classes, dims, 1.5));
      const options = {
        features: train.features,
        labels: train.labels,
        candidates: asked.features,
        evaluation: others.features,
      };
      for (const loss of ["log", "0/1"] as const) {
        const found = lookaheadCorrelation({ ...options, loss });
        expect(found, `${loss}, seed ${seed}`).toBeGreaterThan(0.85);
        expect(found, "the forms are told apart").toBeLessThan(1);
      }
    }
  });

  test("of a label that is all but impossible goes no further than the exact form", () => {
    const far = { data: Float32Array.of(30, 30, 30), rows: 1, dims: 3 };
    const options = {
      features: known.features,
      labels: known.labels,
      candidates: far,
      evaluation: evaluation.features,
    };
    const [exact, ahead] = (["exact", "lookahead"] as const).map((form) => expectedError({ ...options, form })[0]);
    expect(Math.abs(ahead - exact)).toBeLessThan(0.02);
  });

  test("of candidates that are all alike has no correlation", () => {
    const same = { data: new Float32Array(9).fill(1), rows: 3, dims: 3 };
    const options = { features: known.features, labels: known.labels, evaluation: evaluation.features };
    expect(lookaheadCorrelation({ ...options, candidates: same })).toBeNaN();
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
