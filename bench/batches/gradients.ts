/** The gradients that BADGE goes by, as their definition reads. */
import type { BatchCase } from "./cases.ts";
import type { BatchPool } from "./data.ts";
import { softmax } from "./gains.ts";

/** The first pick is the row with the longest gradient. */
export function longestFault(one: BatchCase, pool: BatchPool, first: number, tolerance: number): string | undefined {
  let longest = 0;
  for (let row = 0; row < one.rows; row++) {
    const { q, h } = halves(one, pool, row);
    longest = Math.max(longest, Math.sqrt(squaredLength(q) * squaredLength(h)));
  }
  // Written so that NaN is wrong too.
  return Math.abs(first - longest) <= tolerance * longest
    ? undefined
    : `the first gradient is ${first} long and the longest ${longest}`;
}

/** g = (p − e_ŷ) ⊗ h, [classes · dims]. */
export const gradientOf =
  (one: BatchCase, pool: BatchPool) =>
  (row: number): Float64Array => {
    const { q, h } = halves(one, pool, row);
    return Float64Array.from([...q].flatMap((each) => Array.from(h, (x) => each * x)));
  };

function halves({ classes = 0, dims }: BatchCase, { logits, embeddings }: BatchPool, row: number) {
  const own = logits.subarray(row * classes, (row + 1) * classes);
  const q = softmax(own);
  q[own.indexOf(Math.max(...own))] -= 1;
  return { q, h: embeddings.subarray(row * dims, (row + 1) * dims) };
}

const squaredLength = (v: Float64Array | Float32Array): number => {
  let sum = 0;
  for (const x of v) sum += x * x;
  return sum;
};
