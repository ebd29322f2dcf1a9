/**
 * Expected gradient length in closed form, in float64. A dense layer a = W h + b has ‖∇W‖² + ‖∇b‖² =
 * ‖δ‖² (‖h‖² + 1), where δ is the gradient by a: p − e_y at the last layer, φ′(a) ⊙ Wᵀδ one layer down. Wᵀp is shared
 * by all labels, so no label needs a backward pass of its own through the last layer.
 */
import { activations } from "../../activations.ts";
import { square } from "../../elementary.ts";
import type { Head } from "../../head.ts";
import type { GradientLayers } from "../backend.ts";
import type { Forward } from "./forward.ts";

/** Fills ‖∇ℓ(x, y)‖ for each label y, [classes], from a forward pass that has just been made, and its p. */
export type GradientNorms = (p: Float64Array, into: Float64Array) => void;

export function gradientNorms({ activation }: Head, forward: Forward, which: GradientLayers): GradientNorms {
  const { layers, inputs, sums } = forward;
  const last = layers.length - 1;
  const { slope } = activations[activation];
  const slopes = sums.map(({ length }) => new Float64Array(length));
  const shared = new Float64Array(layers[last].inputs);
  /** δ of a label at each hidden layer. */
  const deltas = sums.map(({ length }) => new Float64Array(length));

  return (p, into) => {
    const classes = p.length;
    const lengths = inputs.map((h) => squares(h) + 1);
    const total = squares(p);
    // ‖p − e_y‖²; where p_y is past ½ the others are summed by themselves, for what is left of 1 − p_y cancels.
    for (let y = 0; y < classes; y++) {
      const others = p[y] > 0.5 ? squaresWithout(p, y) : total - p[y] * p[y];
      const missing = p[y] > 0.5 ? sumWithout(p, y) : 1 - p[y];
      into[y] = (others + square(missing)) * lengths[last];
    }
    if (which === "all" && last > 0) {
      for (let l = 0; l < last; l++) for (let j = 0; j < sums[l].length; j++) slopes[l][j] = slope(sums[l][j]);
      const { weight } = layers[last];
      const top = deltas[last - 1];
      shared.fill(0);
      for (let c = 0; c < classes; c++) addTimes(p[c], weight, c, shared);
      for (let y = 0; y < classes; y++) {
        pullFrom(weight, y, p, shared, top);
        for (let j = 0; j < top.length; j++) top[j] *= slopes[last - 1][j];
        into[y] += squares(top) * lengths[last - 1];
        for (let l = last - 2; l >= 0; l--) {
          pullBack(layers[l + 1].weight, deltas[l + 1], deltas[l]);
          for (let j = 0; j < deltas[l].length; j++) deltas[l][j] *= slopes[l][j];
          into[y] += squares(deltas[l]) * lengths[l];
        }
      }
    }
    for (let y = 0; y < classes; y++) into[y] = Math.sqrt(into[y]);
  };
}

/** into = Wᵀp − w_y; where p_y is past ½ by the differences to the others, for what is left of the two cancels. */
function pullFrom(weight: Float64Array, y: number, p: Float64Array, shared: Float64Array, into: Float64Array): void {
  const width = into.length;
  const own = y * width;
  if (p[y] <= 0.5) {
    for (let j = 0; j < width; j++) into[j] = shared[j] - weight[own + j];
    return;
  }
  into.fill(0);
  for (let c = 0; c < p.length; c++)
    for (let j = 0; j < width; j++) into[j] += p[c] * (weight[c * width + j] - weight[own + j]);
}

/** Adds so many times a row of weights. */
function addTimes(share: number, weight: Float64Array, row: number, into: Float64Array): void {
  const first = row * into.length;
  for (let j = 0; j < into.length; j++) into[j] += share * weight[first + j];
}

/** into = weightᵀ · delta. */
function pullBack(weight: Float64Array, delta: Float64Array, into: Float64Array): void {
  into.fill(0);
  for (let o = 0, w = 0; o < delta.length; o++) for (let j = 0; j < into.length; j++) into[j] += weight[w++] * delta[o];
}

function squares(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

function sumWithout(values: Float64Array, left: number): number {
  let sum = 0;
  for (let c = 0; c < values.length; c++) if (c !== left) sum += values[c];
  return sum;
}

function squaresWithout(values: Float64Array, left: number): number {
  let sum = 0;
  for (let c = 0; c < values.length; c++) if (c !== left) sum += values[c] * values[c];
  return sum;
}
