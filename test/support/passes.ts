/** Rows as a model with several passes believes them, peaked, torn, alike or with zeros. */
import type { RowBeliefs } from "../../src/strategy.ts";
import { bell } from "./pools.ts";

export type Shape = "peaked" | "uniform" | "alike" | "zeros" | "spread";
export const shapes: readonly Shape[] = ["peaked", "uniform", "alike", "zeros", "spread"];

export const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

const unasked = new Float64Array();

/** `each` is [passes, classes]. */
export function beliefsOf(row: number, passes: number, classes: number, each: Float64Array): RowBeliefs {
  const p = new Float64Array(classes);
  each.forEach((probability, i) => (p[i % classes] += probability / passes));
  const [logEach, logP] = [each.map(Math.log), p.map(Math.log)];
  return { row, seed: 0, passes, classes, each, logEach, p, logP, votes: unasked, gradients: unasked };
}

/** Rows of one pool; what is no softmax has probabilities of exactly 0. */
export function poolOf(
  seed: number,
  rows: number,
  passes: number,
  classes: number,
  shapeOf: (row: number) => Shape,
): RowBeliefs[] {
  const draw = bell(seed, 1);
  return Array.from({ length: rows }, (_unused, row) => {
    const shape = shapeOf(row);
    const each = Float64Array.from({ length: passes * classes }, (_, i) => {
      const z = draw(row * passes + (shape === "alike" ? 0 : Math.floor(i / classes)), i % classes);
      if (shape === "uniform") return 1;
      if (shape === "zeros") return Number(z > 0.5 || i % classes === 0);
      return Math.exp((shape === "peaked" ? 20 : 2) * z);
    });
    for (let t = 0; t < passes; t++) {
      const own = each.subarray(t * classes, (t + 1) * classes);
      const total = sum(own);
      own.forEach((value, c) => (own[c] = value / total));
    }
    return beliefsOf(row, passes, classes, each);
  });
}
