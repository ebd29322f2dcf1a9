/** Pools to time on: seeded, so that every run, backend and peer works on the same bits. */
import type { PoolInput } from "../backends/backend.ts";
import type { PoolData } from "../poolInput.ts";
import type { Head, Layer } from "../head.ts";
import { arraySource, type RowSource } from "../matrix.ts";
import { randomBits } from "../random.ts";
import type { Case } from "./cases.ts";

/** Seeds of their own, so that no number here is one that a strategy draws. */
const seeds = { values: 9001, scales: 9002, weights: 9003, biases: 9004, members: 9005, judged: 9006 };

export interface Made {
  /** [rows, cols], or [passes, rows, cols] of stored passes. */
  readonly values: Float32Array;
  readonly head: Head | undefined;
  /** As its reference reads it. */
  readonly input: PoolInput;
}

/**
 * The pool of a case. Rows are scaled by a number of their own between ½ and 12, so that a softmax over them is torn in
 * some and sure in others: scores that are all alike would flatter every top-k, and exp would meet no range. Stored
 * passes are as many opinions, half as far from the common one as that is from 0.
 */
export function makePool({ kind, rows, cols, passes = 1, hidden, classes }: Case): Made {
  const stored = kind === "logits" ? passes : 1;
  const values = new Float32Array(stored * rows * cols);
  for (let row = 0; row < rows; row++) {
    const scale = 0.5 + (11.5 * randomBits(seeds.scales, 0, row)) / 2 ** 32;
    for (let c = 0; c < cols; c++) {
      const common = draw(seeds.values, row, c);
      for (let pass = 0; pass < stored; pass++) {
        const own = stored > 1 ? draw(seeds.members, row, c, pass) / 2 : 0;
        values[(pass * rows + row) * cols + c] = scale * (common + own);
      }
    }
  }
  const head = classes ? headOf([cols, ...(hidden ? [hidden] : []), classes]) : undefined;
  return { values, head, input: { kind, source: arraySource(kind, values, rows, cols, stored), head } };
}

/** What the library is given: the pool's first `rows`. */
export function dataOf({ input: { kind, source: all, head } }: Made, rows: number): PoolData {
  const source: RowSource = rows === all.rows ? all : { ...all, rows, data: undefined };
  if (head) return { features: source, head };
  return kind === "scores" ? { scores: source } : { logits: source };
}

/** `count` of `rows` rows, ascending: one of each of as many equal stretches, at random. All of them if it is all. */
export function sampleRows(rows: number, count: number): Uint32Array {
  const firstOf = (stretch: number): number => Math.floor((stretch * rows) / count);
  return Uint32Array.from({ length: count }, (_, i) => {
    const first = firstOf(i);
    return first + (randomBits(seeds.judged, 0, i) % (firstOf(i + 1) - first));
  });
}

/** Between −1 and 1, with 0 the likeliest: the sum of two uniform numbers, 16 bits each. */
function draw(seed: number, row: number, unit: number, pass = 0): number {
  const bits = randomBits(seed, 0, row, unit, pass);
  return ((bits >>> 16) + (bits & 0xffff)) / 65536 - 1;
}

/** Layers between as many widths, scaled like trained ones: logits are about as large as the features. */
function headOf(widths: readonly number[]): Head {
  const layers = widths.slice(1).map((outputs, l): Layer => {
    const inputs = widths[l];
    const weight = Float32Array.from(
      { length: outputs * inputs },
      (_, i) => draw(seeds.weights, i, l) * Math.sqrt(6 / inputs),
    );
    const bias = Float32Array.from({ length: outputs }, (_, c) => draw(seeds.biases, c, l));
    return { weight, bias, inputs, outputs };
  });
  return { layers, activation: "relu" };
}
