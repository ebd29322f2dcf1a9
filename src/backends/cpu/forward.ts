/** A head in float64: logits of a row, with or without dropout, and what its gradient needs of the way there. */
import { activations } from "../../activations.ts";
import type { Head } from "../../head.ts";
import { keepsUnit } from "../../random.ts";

export interface Float64Layer {
  /** [outputs, inputs]. */
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  readonly inputs: number;
}

/** What dropout draws from. */
export interface Dropout {
  readonly rate: number;
  readonly seed: number;
}

export interface Forward {
  readonly layers: readonly Float64Layer[];
  /** Input of each layer, [inputs]: the features, then activations. */
  readonly inputs: readonly Float64Array[];
  /** Pre-activations of each hidden layer. */
  readonly sums: readonly Float64Array[];
  /** Takes in a row of features; nothing of it depends on the pass. */
  read(values: Float32Array, at: number): void;
  /** Logits of the row that was read, without dropout. */
  logits(into: Float64Array): void;
  /** Logits in one pass of MC dropout: every hidden unit kept or left out, and what is kept scaled by 1 / (1 − rate). */
  sample(pass: number, row: number, dropout: Dropout, into: Float64Array): void;
}

/** Weights are converted once: products of a Float32Array would be converted at every step. */
export function forwardOf({ layers: given, activation }: Head): Forward {
  const layers = given.map(({ weight, bias, inputs }) => ({
    weight: Float64Array.from(weight),
    bias: Float64Array.from(bias),
    inputs,
  }));
  const last = layers.length - 1;
  const inputs = layers.map((layer) => new Float64Array(layer.inputs));
  const sums = layers.slice(0, last).map(({ bias }) => new Float64Array(bias.length));
  const sampled = layers.map((layer) => new Float64Array(layer.inputs));
  const { value } = activations[activation];
  /** From the sums of a hidden layer to the inputs of the next. */
  const activate = (from: Float64Array, to: Float64Array) => {
    for (let j = 0; j < from.length; j++) to[j] = value(from[j]);
  };

  return {
    layers,
    inputs,
    sums,
    read(values, at) {
      for (let d = 0; d < inputs[0].length; d++) inputs[0][d] = values[at + d];
      if (last === 0) return;
      dense(layers[0], inputs[0], sums[0]);
      activate(sums[0], inputs[1]);
    },
    logits(into) {
      for (let l = 1; l < last; l++) {
        dense(layers[l], inputs[l], sums[l]);
        activate(sums[l], inputs[l + 1]);
      }
      dense(layers[last], inputs[last], into);
    },
    sample(pass, row, { rate, seed }, into) {
      const scale = 1 / (1 - rate);
      for (let l = 1; l <= last; l++) {
        const kept = sampled[l];
        const from = l === 1 ? inputs[1] : kept;
        for (let j = 0; j < kept.length; j++)
          kept[j] = keepsUnit(seed, l - 1, row, j, pass, rate) ? from[j] * scale : 0;
        if (l === last) continue;
        dense(layers[l], kept, sums[l]);
        activate(sums[l], sampled[l + 1]);
      }
      dense(layers[last], sampled[last], into);
    },
  };
}

/**
 * into = weight · x + bias, each summed in the order of the inputs. Four outputs go side by side: one sum alone waits
 * for itself at every step.
 */
function dense({ weight, bias, inputs }: Float64Layer, x: Float64Array, into: Float64Array): void {
  const outputs = bias.length;
  let c = 0;
  for (; c + 4 <= outputs; c += 4) {
    let [w0, w1, w2, w3] = [c * inputs, (c + 1) * inputs, (c + 2) * inputs, (c + 3) * inputs];
    let [sum0, sum1, sum2, sum3] = [bias[c], bias[c + 1], bias[c + 2], bias[c + 3]];
    for (let d = 0; d < inputs; d++) {
      const value = x[d];
      sum0 += weight[w0++] * value;
      sum1 += weight[w1++] * value;
      sum2 += weight[w2++] * value;
      sum3 += weight[w3++] * value;
    }
    into[c] = sum0;
    into[c + 1] = sum1;
    into[c + 2] = sum2;
    into[c + 3] = sum3;
  }
  for (; c < outputs; c++) {
    let sum = bias[c];
    for (let d = 0, w = c * inputs; d < inputs; d++) sum += weight[w++] * x[d];
    into[c] = sum;
  }
}
