/** What labels are expected to tell of the model, by going through all combinations of them. */
import type { BatchCase } from "./cases.ts";

/** Gone through at most. */
const COMBINATIONS = 10_000;

/** The score of a pick is what it adds to the information of all labels together, and no row adds more than the first. */
export function gainFault(
  one: BatchCase,
  logits: Float32Array,
  picks: readonly number[],
  scores: readonly number[],
  tolerance: number,
): string | undefined {
  const { rows, classes = 0, passes = 0 } = one;
  const beliefs = (row: number): Float64Array[] =>
    Array.from({ length: passes }, (_, pass) => {
      const first = (pass * rows + row) * classes;
      return softmax(logits.subarray(first, first + classes));
    });
  let most = 0;
  for (let row = 0; row < rows; row++) {
    const each = beliefs(row);
    most = Math.max(most, jointEntropy(added([new Float64Array(passes).fill(1)], each)) - meanEntropy(each));
  }
  if (!(scores[0] >= most - tolerance)) return `the first pick gains ${scores[0]}, and another row ${most}`;
  let combinations: readonly Float64Array[] = [new Float64Array(passes).fill(1)];
  let within = 0;
  let before = 0;
  for (let i = 0; i < scores.length && combinations.length * classes <= COMBINATIONS; i++) {
    const each = beliefs(picks[i]);
    combinations = added(combinations, each);
    within += meanEntropy(each);
    const information = jointEntropy(combinations) - within;
    if (!(Math.abs(scores[i] - (information - before)) <= tolerance))
      return `pick ${i}, row ${picks[i]}, gains ${information - before} and not ${scores[i]}`;
    before = information;
  }
  return undefined;
}

/** The probability of each combination in each pass, with the label of one more row; `each` is its [passes][classes]. */
const added = (combinations: readonly Float64Array[], each: readonly Float64Array[]): Float64Array[] =>
  combinations.flatMap((passes) => Array.from(each[0], (_, c) => passes.map((p, pass) => p * each[pass][c])));

const jointEntropy = (combinations: readonly Float64Array[]): number =>
  entropy(combinations.map((passes) => passes.reduce((sum, p) => sum + p, 0) / passes.length));

const meanEntropy = (each: readonly Float64Array[]): number =>
  each.reduce((sum, p) => sum + entropy(p), 0) / each.length;

const entropy = (p: ArrayLike<number> & Iterable<number>): number => {
  let sum = 0;
  for (const each of p) if (each > 0) sum -= each * Math.log(each);
  return sum;
};

export function softmax(logits: Float32Array): Float64Array {
  const top = Math.max(...logits);
  const e = Float64Array.from(logits, (z) => Math.exp(z - top));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((each) => each / sum);
}
