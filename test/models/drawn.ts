/** Labelled rows made up for tests of models, the same on every run. */
import { expect } from "vitest";
import { randomUniform } from "../../src/random.ts";

export const features = (values: ArrayLike<number>, dims: number) => {
  const data = Float32Array.from(values);
  return { data, rows: data.length / dims, dims };
};

/** Rows that fall into classes by a noisy linear rule. */
export function drawn(rows: number, dims: number, classes: number, seed = 1) {
  const noise = (row: number, unit: number) => randomUniform(seed, 9, row, unit) - 0.5;
  const x = features(
    Float32Array.from({ length: rows * dims }, (_, i) => 4 * noise(Math.floor(i / dims), i % dims)),
    dims,
  );
  const labels = Array.from({ length: rows }, (_, row) => {
    const lean = x.data[row * dims] + x.data[row * dims + 1] / 2 + 2 * noise(row, dims + 1);
    return Math.min(classes - 1, Math.max(0, Math.floor(((lean + 3) / 6) * classes)));
  });
  return { features: x, labels };
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}
