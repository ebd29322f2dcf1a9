/** Questions made up: they lie on the border, and learning from them finds it. */
import { expect, test } from "vitest";
import { fitLogistic, InputError, synthesiseQueries, type Features } from "../../src/index.ts";

const features: Features = { data: Float32Array.of(0, 0, 4, 1, 1, 3, -2, 5), rows: 4, dims: 2 };
/** x + 2y = 3 is the border. */
const truth = (x: number, y: number): number => (x + 2 * y > 3 ? 1 : 0);

test("points are where the model's mind changes, between rows of two classes", async () => {
  const labels = [0, 1, 1, 1];
  const fitted = fitLogistic({ features, labels });
  const { data, rows, dims } = await synthesiseQueries({ fitted, features, k: 20, seed: 1 });
  expect([rows, dims]).toEqual([20, 2]);
  const [a, b, c] = [...fitted.weights.subarray(3)];
  for (let i = 0; i < 20; i++) {
    const [x, y] = data.subarray(2 * i, 2 * i + 2);
    // The logit's difference, as a distance.
    expect(Math.abs(a * x + b * y + c) / Math.hypot(a, b)).toBeLessThan(6e-4);
  }
});

test("a border is found with few labels, where an oracle can label any point", async () => {
  let known: Features = { data: Float32Array.of(-3, -3, 5, 4), rows: 2, dims: 2 };
  let labels = [0, 1];
  for (let round = 0; round < 8; round++) {
    const fitted = fitLogistic({ features: known, labels, C: 1e4 });
    const made = await synthesiseQueries({ fitted, features: known, k: 3, seed: round });
    // Off the border to either side, so that there is something to learn.
    const moved = made.data.map((value, at) => value + (Math.sin(at + 7 * round) * 4) / (round + 1));
    known = { data: Float32Array.of(...known.data, ...moved), rows: known.rows + 3, dims: 2 };
    labels = Array.from({ length: known.rows }, (_, row) => truth(known.data[2 * row], known.data[2 * row + 1]));
  }
  const { weights } = fitLogistic({ features: known, labels, C: 1e4 });
  const [a, b, c] = weights.subarray(3);
  expect(b / a).toBeCloseTo(2, 0);
  expect(c / a).toBeCloseTo(-3, 0);
});

test("a model that takes all rows for one class has no border", async () => {
  const fitted = {
    predict: ({ rows }: Features) => ({ data: new Float32Array(2 * rows).map((_, i) => i % 2), rows, classes: 2 }),
  };
  await expect(synthesiseQueries({ fitted, features, k: 1 })).rejects.toThrow(
    new InputError("synthesis: the model takes all 4 rows for class 1, and there is no border between them"),
  );
});
