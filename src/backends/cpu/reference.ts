/**
 * The textbook in float64: what a row's values mean, and whether they are valid. The CPU backend scores with it, and
 * the referee settles with it what kernels could not separate.
 */
import { exp, log, log1p } from "../../elementary.ts";
import { passesIn, type PassOptions, type PoolInput } from "../backend.ts";
import { classesOf } from "../../head.ts";
import { FEATURE_LIMIT } from "../../matrix.ts";
import type { RowBeliefs } from "../../strategy.ts";
import { meanOver } from "../../passes.ts";
import { forwardOf, type Forward } from "./forward.ts";
import { gradientNorms } from "./gradients.ts";

/**
 * Reads row `row`, whose values begin at `at`; those of its next pass lie `stride` further on. The result is the same
 * object every time, filled anew.
 */
export type ReadBeliefs = (values: Float32Array, at: number, row: number, stride: number) => RowBeliefs;

/** `gradients` says that they are wanted; the forward pass is then the deterministic one. */
export function beliefsReader(input: PoolInput, options: PassOptions, gradients = false): ReadBeliefs {
  const { kind, source, head } = input;
  const { temperature, seed } = options;
  const classes = head ? classesOf(head) : source.cols;
  const passes = gradients ? 1 : passesIn(input, options);
  const forward = head && forwardOf(head);
  const lastInput = forward && (() => lastInputOf(forward, passes, new Float64Array(classes)));
  const beliefs = { ...emptyBeliefs(classes, passes, gradients ? classes : 0, seed), ...(lastInput && { lastInput }) };
  const { each, logEach } = beliefs;
  const norms = head && forward && gradients ? gradientNorms(head, forward, options.eglLayers) : undefined;
  const direct = kind === "probabilities" && temperature === 1;
  const dropout = { rate: options.dropout, seed };
  const logits = new Float64Array(classes);

  return (values, at, row, stride) => {
    beliefs.row = row;
    beliefs.votes.fill(0);
    forward?.read(values, at);
    for (let pass = 0, i = 0; pass < passes; pass++, i += classes) {
      if (forward) {
        if (passes === 1) forward.logits(logits);
        else forward.sample(pass, row, dropout, logits);
      } else {
        const from = at + pass * stride;
        for (let c = 0; c < classes; c++) logits[c] = values[from + c];
      }
      beliefs.votes[likeliest(logits)]++;
      if (direct) {
        for (let c = 0; c < classes; c++) {
          each[i + c] = logits[c];
          logEach[i + c] = log(logits[c]);
        }
      } else {
        if (kind === "probabilities") for (let c = 0; c < classes; c++) logits[c] = log(logits[c]);
        logSoftmax(logits, temperature, each, logEach, i);
      }
    }
    if (passes > 1) averagePasses(beliefs, direct);
    norms?.(beliefs.p, beliefs.gradients);
    return beliefs;
  };
}

/** Of the row that was read. One pass without dropout has been there already. */
function lastInputOf({ inputs, logits }: Forward, passes: number, into: Float64Array): Float64Array {
  if (passes > 1) logits(into);
  return inputs[inputs.length - 1];
}

function emptyBeliefs(classes: number, passes: number, labels: number, seed: number): RowBeliefs {
  const each = new Float64Array(passes * classes);
  const logEach = new Float64Array(passes * classes);
  return {
    classes,
    passes,
    p: passes === 1 ? each : new Float64Array(classes),
    logP: passes === 1 ? logEach : new Float64Array(classes),
    each,
    logEach,
    votes: new Float64Array(classes),
    gradients: new Float64Array(labels),
    row: 0,
    seed,
  };
}

/** Ties to the lowest class. */
function likeliest(values: Float64Array): number {
  let best = 0;
  for (let c = 1; c < values.length; c++) if (values[c] > values[best]) best = c;
  return best;
}

/** ln p and p of a pass. The maximum and ln Z stay apart: folded together they lose digits. */
function logSoftmax(
  logits: Float64Array,
  temperature: number,
  p: Float64Array,
  logP: Float64Array,
  first: number,
): void {
  const classes = logits.length;
  let top = -Infinity;
  for (let c = 0; c < classes; c++) if (logits[c] > top) top = logits[c];
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const d = (logits[c] - top) / temperature;
    logP[first + c] = d;
    sum += p[first + c] = exp(d);
  }
  const logSum = log(sum);
  for (let c = 0; c < classes; c++) {
    logP[first + c] -= logSum;
    p[first + c] /= sum;
  }
}

/**
 * p̄ and ln p̄. Where passes agree on a class, both are exactly theirs, so that a committee of equals disagrees about
 * nothing. The logarithm of a mean past ½ comes from what the others leave of 1, unless probabilities are taken as they
 * are given.
 */
function averagePasses({ classes, passes, p, logP, each, logEach }: RowBeliefs, direct: boolean): void {
  let top = 0;
  for (let c = 0; c < classes; c++) {
    p[c] = meanOver(passes, (pass) => each[pass * classes + c]);
    logP[c] =
      p[c] === each[c] && agree(each, classes, passes, c) ? logEach[c] : logOfMean(p[c], logEach, classes, passes, c);
    if (p[c] > p[top]) top = c;
  }
  if (direct || p[top] <= 0.5 || agree(each, classes, passes, top)) return;
  let rest = 0;
  for (let c = 0; c < classes; c++) if (c !== top) rest += p[c];
  logP[top] = log1p(-rest);
}

/** Below it a mean over passes may have lost digits, or be 0 where the passes are not. */
const SMALLEST_MEAN = 1e-290;

/** ln p̄ of a class; of a mean too small for float64 from the logarithms of the passes. */
function logOfMean(mean: number, logEach: Float64Array, classes: number, passes: number, c: number): number {
  if (mean >= SMALLEST_MEAN) return log(mean);
  let top = -Infinity;
  for (let i = c; i < passes * classes; i += classes) top = Math.max(top, logEach[i]);
  if (top === -Infinity) return top;
  let sum = 0;
  for (let i = c; i < passes * classes; i += classes) sum += exp(logEach[i] - top);
  return top + log(sum / passes);
}

function agree(each: Float64Array, classes: number, passes: number, c: number): boolean {
  for (let i = c + classes; i < passes * classes; i += classes) if (each[i] !== each[c]) return false;
  return true;
}

/**
 * Probabilities are added up in whole units of 2⁻³⁰, what is less cut off: integers have one sum in any order, so every
 * backend comes to the same verdict on a row that misses 1 by nearly the tolerance.
 */
const UNITS = 2 ** 30;
/** How far a pass of given probabilities may be from 1 in sum. */
export const SUM_TOLERANCE = 1e-3;
const TOLERANCE_UNITS = Math.floor(SUM_TOLERANCE * UNITS);
const inUnits = (p: number): number => Math.floor(Math.min(p, 1.5) * UNITS);

/** Whether one pass of a row may be scored: exactly when `faultIn` finds nothing. */
export function validityCheck({ kind, source: { cols } }: PoolInput): (values: Float32Array, at: number) => boolean {
  if (kind === "probabilities") {
    return (values, at) => {
      let sum = 0;
      for (let c = at; c < at + cols; c++) sum += values[c] >= 0 ? inUnits(values[c]) : NaN;
      return Math.abs(sum - UNITS) <= TOLERANCE_UNITS;
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

const columnNames = {
  logits: "class",
  probabilities: "class",
  features: "column",
  scores: "value",
  embeddings: "column",
};

/** What is wrong with one pass of a row, with the column where there is one; undefined when nothing is. */
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
  if (kind === "probabilities" && Math.abs(units - UNITS) > TOLERANCE_UNITS) {
    return `its probabilities sum to ${Number(sum.toPrecision(7))}`;
  }
  return undefined;
}
