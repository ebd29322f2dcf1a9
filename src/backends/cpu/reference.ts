/**
 * The textbook in float64: what a row's values mean, and whether they are valid. The CPU backend scores with it, and
 * the referee settles with it what kernels could not separate.
 */
import type { PassOptions, PoolInput } from "../backend.ts";
import { classesOf, type Head } from "../../head.ts";
import { FEATURE_LIMIT } from "../../matrix.ts";
import type { RowBeliefs } from "../../strategy.ts";

/** Reads row `row`, whose values begin at `at`. The result is the same object every time, filled anew. */
export type ReadBeliefs = (values: Float32Array, at: number, row: number) => RowBeliefs;

export function beliefsReader({ kind, source, head }: PoolInput, { temperature, seed }: PassOptions): ReadBeliefs {
  const classes = head ? classesOf(head) : source.cols;
  const p = new Float64Array(classes);
  const logP = new Float64Array(classes);
  const beliefs = { classes, p, logP, row: 0, seed };
  const logits = logP;

  const direct = kind === "probabilities" && temperature === 1;
  const weights = head && float64Layer(head);
  return (values, at, row) => {
    beliefs.row = row;
    if (direct) {
      for (let c = 0; c < classes; c++) {
        p[c] = values[at + c];
        logP[c] = Math.log(p[c]);
      }
      return beliefs;
    }
    if (weights) linear(weights, values, at, logits);
    else if (kind === "probabilities") for (let c = 0; c < classes; c++) logits[c] = Math.log(values[at + c]);
    else for (let c = 0; c < classes; c++) logits[c] = values[at + c];
    logSoftmax(logits, temperature, p);
    return beliefs;
  };
}

/** Turns logits into ln p in place, with p beside it. The maximum and ln Z stay apart: folded together they lose digits. */
function logSoftmax(logits: Float64Array, temperature: number, p: Float64Array): void {
  let top = -Infinity;
  for (let c = 0; c < logits.length; c++) if (logits[c] > top) top = logits[c];
  let sum = 0;
  for (let c = 0; c < logits.length; c++) {
    const d = (logits[c] - top) / temperature;
    logits[c] = d;
    sum += p[c] = Math.exp(d);
  }
  const logSum = Math.log(sum);
  for (let c = 0; c < logits.length; c++) {
    logits[c] -= logSum;
    p[c] /= sum;
  }
}

interface Float64Layer {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  readonly inputs: number;
}

/** The only layer of a linear head, in float64: products of a Float32Array would be converted at every step. */
function float64Layer({ layers: [{ weight, bias, inputs }] }: Head): Float64Layer {
  return { weight: Float64Array.from(weight), bias: Float64Array.from(bias), inputs };
}

/**
 * logits = weight · x + bias, each summed in the order of the dims. Four classes go side by side: one sum alone waits
 * for itself at every step.
 */
function linear({ weight, bias, inputs }: Float64Layer, values: Float32Array, at: number, logits: Float64Array): void {
  const classes = bias.length;
  let c = 0;
  for (; c + 4 <= classes; c += 4) {
    let [w0, w1, w2, w3] = [c * inputs, (c + 1) * inputs, (c + 2) * inputs, (c + 3) * inputs];
    let [sum0, sum1, sum2, sum3] = [bias[c], bias[c + 1], bias[c + 2], bias[c + 3]];
    for (let d = at; d < at + inputs; d++) {
      const x = values[d];
      sum0 += weight[w0++] * x;
      sum1 += weight[w1++] * x;
      sum2 += weight[w2++] * x;
      sum3 += weight[w3++] * x;
    }
    logits[c] = sum0;
    logits[c + 1] = sum1;
    logits[c + 2] = sum2;
    logits[c + 3] = sum3;
  }
  for (; c < classes; c++) {
    let sum = bias[c];
    for (let d = 0, w = c * inputs; d < inputs; d++) sum += weight[w++] * values[at + d];
    logits[c] = sum;
  }
}

/**
 * Probabilities are added up in whole units of 2⁻³⁰, what is less cut off: integers have one sum in any order, so every
 * backend comes to the same verdict on a row that misses 1 by nearly the tolerance.
 */
const UNITS = 2 ** 30;
const SUM_TOLERANCE = Math.floor(1e-3 * UNITS);
const inUnits = (p: number): number => Math.floor(Math.min(p, 1.5) * UNITS);

/** Whether a row may be scored: exactly when `faultIn` finds nothing. */
export function validityCheck({ kind, source: { cols } }: PoolInput): (values: Float32Array, at: number) => boolean {
  if (kind === "probabilities") {
    return (values, at) => {
      let sum = 0;
      for (let c = at; c < at + cols; c++) sum += values[c] >= 0 ? inUnits(values[c]) : NaN;
      return Math.abs(sum - UNITS) <= SUM_TOLERANCE;
    };
  }
  if (kind === "features") {
    return (values, at) => {
      let largest = 0;
      // Math.max gives NaN for NaN, and NaN is below no limit.
      for (let c = at; c < at + cols; c++) largest = Math.max(largest, Math.abs(values[c]));
      return largest < FEATURE_LIMIT;
    };
  }
  return (values, at) => {
    let sum = 0;
    // No sum of float32 overflows a float64, so it is finite exactly when all of them are.
    for (let c = at; c < at + cols; c++) sum += values[c];
    return Number.isFinite(sum);
  };
}

const columnNames = { logits: "class", probabilities: "class", features: "column", scores: "value" };

/** What is wrong with a row, with the column where there is one; undefined when nothing is. */
export function faultIn({ kind, source: { cols } }: PoolInput, values: Float32Array, at: number): string | undefined {
  let sum = 0;
  let units = 0;
  for (let c = 0; c < cols; c++) {
    const value = values[at + c];
    const column = `${columnNames[kind]} ${c}`;
    if (Number.isNaN(value)) return `${column} is NaN`;
    if (!Number.isFinite(value)) return `${column} is ${value}, or beyond float32`;
    if (kind === "features" && Math.abs(value) >= FEATURE_LIMIT)
      return `${column} is ${value}, beyond ±${FEATURE_LIMIT}`;
    if (kind === "probabilities" && value < 0) return `${column} has probability ${value}`;
    sum += value;
    units += inUnits(value);
  }
  if (kind === "probabilities" && Math.abs(units - UNITS) > SUM_TOLERANCE) {
    return `its probabilities sum to ${Number(sum.toPrecision(7))}`;
  }
  return undefined;
}
