/**
 * Features as an optimiser likes them: columns centred and scaled, a column of ones at the end for the intercept.
 *
 * Both changes are undone on the way out, so the model fitted is that of the raw features: centring only moves the
 * unpenalised intercept, scaling only changes the unit in which a weight is measured.
 */
import { square } from "../elementary.ts";
import type { Features } from "../matrix.ts";

/** What the products below multiply. */
export interface Block {
  /** Values a row. */
  readonly cols: number;
  /** [rows rounded up to fours, cols]. The rows added are zeros, so that no product below has a remainder. */
  readonly x: Float64Array;
}

/** Features and the column of ones: `cols` is dims + 1. */
export interface Design extends Block {
  readonly rows: number;
  readonly dims: number;
  /** Mean of each feature, [dims]. */
  readonly mean: Float64Array;
  /** What each column was divided by, [cols]. */
  readonly scale: Float64Array;
}

/**
 * Centres and scales. `curvature` is how strongly one unit of variance bends the loss: a column is divided by
 * √(penalty + curvature · variance), the penalty being 1 for a weight and 0 for the intercept, so that the diagonal of
 * the Hessian starts at about 1 whatever the units of the features.
 */
export function makeDesign({ data, rows, dims }: Features, curvature: number): Design {
  const cols = dims + 1;
  const x = new Float64Array(roomFor(rows) * cols);
  const mean = new Float64Array(dims);
  const scale = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < dims; j++) mean[j] += data[i * dims + j] / rows;
  for (let i = 0; i < rows; i++) for (let j = 0; j < dims; j++) scale[j] += square(data[i * dims + j] - mean[j]) / rows;
  for (let j = 0; j < dims; j++) scale[j] = Math.sqrt(1 + curvature * scale[j]);
  scale[dims] = Math.sqrt(curvature);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < dims; j++) x[i * cols + j] = (data[i * dims + j] - mean[j]) / scale[j];
    x[i * cols + dims] = 1 / scale[dims];
  }
  return { rows, dims, cols, x, mean, scale };
}

/** Weights of the design as weights of the raw features, [dims + 1] with the intercept last. */
export function toRaw({ dims, mean, scale }: Design, weights: Float64Array, into: Float64Array): void {
  into[dims] = weights[dims] / scale[dims];
  for (let j = 0; j < dims; j++) {
    into[j] = weights[j] / scale[j];
    into[dims] -= into[j] * mean[j];
  }
}

/** The way back. */
export function fromRaw({ dims, mean, scale }: Design, raw: Float64Array, into: Float64Array): void {
  let intercept = raw[dims];
  for (let j = 0; j < dims; j++) {
    intercept += raw[j] * mean[j];
    into[j] = raw[j] * scale[j];
  }
  into[dims] = intercept * scale[dims];
}

/** Rows of room that a matrix beside the design needs. */
export function roomFor(rows: number): number {
  return Math.ceil(rows / 4) * 4;
}

// The products below take four rows and two outputs at a time: eight sums fit the registers, and each value of x read
// serves twice. An odd last output is its own partner and is worked out twice, to the same end.

/** out[i, k] = x[i] · weights[k], for weights [outputs, cols] and out [roomFor(rows), outputs]. */
export function multiply({ x, cols }: Block, weights: Float64Array, outputs: number, out: Float64Array): void {
  for (let start = 0, o = 0; start < x.length; start += 4 * cols, o += 4 * outputs) {
    for (let k = 0; k < outputs; k += 2) {
      const next = k + 1 < outputs ? 1 : 0;
      let a0 = 0, a1 = 0, a2 = 0, a3 = 0; // prettier-ignore
      let b0 = 0, b1 = 0, b2 = 0, b3 = 0; // prettier-ignore
      for (let i = start, a = k * cols, b = a + next * cols; i < start + cols; i++, a++, b++) {
        const x0 = x[i];
        const x1 = x[i + cols];
        const x2 = x[i + 2 * cols];
        const x3 = x[i + 3 * cols];
        const wa = weights[a];
        const wb = weights[b];
        a0 += wa * x0;
        a1 += wa * x1;
        a2 += wa * x2;
        a3 += wa * x3;
        b0 += wb * x0;
        b1 += wb * x1;
        b2 += wb * x2;
        b3 += wb * x3;
      }
      out[o + k] = a0;
      out[o + k + outputs] = a1;
      out[o + k + 2 * outputs] = a2;
      out[o + k + 3 * outputs] = a3;
      out[o + k + next] = b0;
      out[o + k + next + outputs] = b1;
      out[o + k + next + 2 * outputs] = b2;
      out[o + k + next + 3 * outputs] = b3;
    }
  }
}

/** out[k] = Σᵢ by[i, k] · x[i], for by [roomFor(rows), outputs] and out [outputs, cols]. */
export function multiplyTransposed({ x, cols }: Block, by: Float64Array, outputs: number, out: Float64Array): void {
  out.fill(0);
  for (let start = 0, o = 0; start < x.length; start += 4 * cols, o += 4 * outputs) {
    for (let k = 0; k < outputs; k += 2) {
      const next = k + 1 < outputs ? 1 : 0;
      const a0 = by[o + k];
      const a1 = by[o + k + outputs];
      const a2 = by[o + k + 2 * outputs];
      const a3 = by[o + k + 3 * outputs];
      const b0 = by[o + k + next];
      const b1 = by[o + k + next + outputs];
      const b2 = by[o + k + next + 2 * outputs];
      const b3 = by[o + k + next + 3 * outputs];
      for (let i = start, a = k * cols, b = a + next * cols; i < start + cols; i++, a++, b++) {
        const x0 = x[i];
        const x1 = x[i + cols];
        const x2 = x[i + 2 * cols];
        const x3 = x[i + 3 * cols];
        const sumA = out[a] + (a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3);
        const sumB = out[b] + (b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3);
        out[a] = sumA;
        out[b] = sumB;
      }
    }
  }
}

/** out[k, j] = Σᵢ by[i, k] · x[i, j]², shaped as `multiplyTransposed`. */
export function multiplySquares({ x, cols, rows }: Design, by: Float64Array, outputs: number, out: Float64Array): void {
  out.fill(0);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < outputs; k++) {
      const weight = by[i * outputs + k];
      for (let j = 0; j < cols; j++) out[k * cols + j] += weight * square(x[i * cols + j]);
    }
  }
}
