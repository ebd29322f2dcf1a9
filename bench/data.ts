/** Pools to time on: seeded, so that every run, backend and peer works on the same bits. */
import type { PoolInput } from "../src/backends/backend.ts";
import type { PoolData } from "../src/engine.ts";
import type { Head } from "../src/head.ts";
import { arraySource } from "../src/matrix.ts";
import { randomBits } from "../src/random.ts";
import type { Case } from "./cases.ts";

/** Seeds of their own, so that no number here is one that a strategy draws. */
const seeds = { values: 9001, scales: 9002, weights: 9003, biases: 9004 };

export interface Made {
  /** [rows, cols]. */
  readonly values: Float32Array;
  readonly head: Head | undefined;
  /** The same as the library is given it, and as its reference reads it. */
  readonly data: PoolData;
  readonly input: PoolInput;
}

/**
 * The pool of a case. Rows are scaled by a number of their own between ½ and 12, so that a softmax over them is torn in
 * some and sure in others: scores that are all alike would flatter every top-k, and exp would meet no range.
 */
export function makePool({ kind, rows, cols, classes }: Case): Made {
  const values = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    const scale = 0.5 + (11.5 * randomBits(seeds.scales, 0, row)) / 2 ** 32;
    for (let c = 0, at = row * cols; c < cols; c++) values[at + c] = scale * draw(seeds.values, row, c);
  }
  const source = arraySource(kind, values, rows, cols);
  const head = classes ? linearHead(cols, classes) : undefined;
  return { values, head, data: dataOf(kind, source, head), input: { kind, source, head } };
}

/** Between −1 and 1, with 0 the likeliest: the sum of two uniform numbers, 16 bits each. */
function draw(seed: number, row: number, unit: number): number {
  const bits = randomBits(seed, 0, row, unit);
  return ((bits >>> 16) + (bits & 0xffff)) / 65536 - 1;
}

/** Scaled like a trained layer: logits are about as large as the features. */
function linearHead(inputs: number, outputs: number): Head {
  const weight = Float32Array.from(
    { length: outputs * inputs },
    (_, i) => draw(seeds.weights, i, 0) * (6 / inputs) ** 0.5,
  );
  const bias = Float32Array.from({ length: outputs }, (_, c) => draw(seeds.biases, c, 0));
  return { layers: [{ weight, bias, inputs, outputs }], activation: "relu" };
}

function dataOf(kind: Case["kind"], source: PoolInput["source"], head: Head | undefined): PoolData {
  if (head) return { features: source, head };
  return kind === "scores" ? { scores: source } : { logits: source };
}
