/** A head at work in float64, a block of rows at a time: logits, and by back-propagation the gradient of its weights. */
import { activations } from "../activations.ts";
import { exp, log } from "../elementary.ts";
import type { Activation, Head, Layer } from "../head.ts";
import type { Features } from "../matrix.ts";
import { keepsUnit } from "../random.ts";
import { multiply, multiplyTransposed, roomFor } from "./design.ts";

/** What dropout draws from: `keepsUnit` with the place of a row in its pass, `first` being that of the block's first. */
export interface Masks {
  readonly rate: number;
  readonly seed: number;
  readonly pass: number;
  readonly first: number;
}

export interface Network {
  /** Of every layer [outputs, inputs + 1], the bias last in each row; layers end to end. */
  readonly weights: Float64Array;
  /** Of the same shape: what the last `backward` found. */
  readonly gradient: Float64Array;
  /**
   * Logits [rows, classes] of some rows of the features, at most `room`. With masks, hidden units are left out and the
   * others scaled by 1 / (1 − rate). The array is the network's own, to be read before the next call.
   */
  forward(features: Features, rows: ArrayLike<number>, masks?: Masks): Float64Array;
  /** Works out the gradient, where the derivatives of the loss by the logits stand in the place of the logits. */
  backward(): void;
  /** The weights, rounded to float32. */
  layers(): Layer[];
}

interface Stage {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float64Array;
  readonly gradient: Float64Array;
  /** What comes in, [room, inputs + 1], with ones at the end. */
  readonly x: Float64Array;
  /** What comes out before the activation, [room, outputs]; on the way back the derivatives of the loss by it. */
  readonly sums: Float64Array;
  /** What dropout multiplies each output by, [room, outputs]. */
  readonly gains: Float64Array;
}

/** A network that starts with the weights of `layers` and takes up to `room` rows at a time. */
export function makeNetwork(layers: readonly Layer[], activation: Activation, room: number): Network {
  const { value, slope } = activations[activation];
  const size = layers.reduce((total, { inputs, outputs }) => total + outputs * (inputs + 1), 0);
  const weights = new Float64Array(size);
  const gradient = new Float64Array(size);
  let end = 0;
  const stages = layers.map(({ weight, bias, inputs, outputs }): Stage => {
    const start = end;
    for (let k = 0; k < outputs; k++) {
      weights.set(weight.subarray(k * inputs, (k + 1) * inputs), end);
      weights[end + inputs] = bias[k];
      end += inputs + 1;
    }
    return {
      inputs,
      outputs,
      weights: weights.subarray(start, end),
      gradient: gradient.subarray(start, end),
      x: new Float64Array(roomFor(room) * (inputs + 1)),
      sums: new Float64Array(roomFor(room) * outputs),
      gains: new Float64Array(roomFor(room) * outputs),
    };
  });
  const last = stages.length - 1;
  /** Rows of the block, rounded up to fours. Those beyond its end hold zeros throughout. */
  let padded = 0;

  function forward({ data, dims }: Features, rows: ArrayLike<number>, masks?: Masks): Float64Array {
    padded = roomFor(rows.length);
    const { x } = stages[0];
    for (let i = 0; i < rows.length; i++) {
      for (let j = 0, from = rows[i] * dims, to = i * (dims + 1); j < dims; j++) x[to + j] = data[from + j];
    }
    stages.forEach((stage, l) => {
      const { inputs, outputs, sums } = stage;
      const cols = inputs + 1;
      for (let i = 0; i < rows.length; i++) stage.x[i * cols + inputs] = 1;
      stage.x.fill(0, rows.length * cols, padded * cols);
      multiply({ x: stage.x.subarray(0, padded * cols), cols }, stage.weights, outputs, sums);
      if (l < last) activate(l, rows.length, masks);
    });
    return stages[last].sums.subarray(0, rows.length * stages[last].outputs);
  }

  function activate(l: number, rows: number, masks: Masks | undefined): void {
    const { outputs, sums, gains } = stages[l];
    const { x } = stages[l + 1];
    gains.fill(1);
    if (masks && masks.rate > 0) {
      const kept = 1 / (1 - masks.rate);
      for (let i = 0, at = 0; i < rows; i++) {
        for (let unit = 0; unit < outputs; unit++, at++)
          gains[at] = keepsUnit(masks.seed, l, masks.first + i, unit, masks.pass, masks.rate) ? kept : 0;
      }
    }
    for (let i = 0, at = 0, to = 0; i < rows; i++, to++)
      for (let unit = 0; unit < outputs; unit++, at++, to++) x[to] = value(sums[at]) * gains[at];
  }

  function backward(): void {
    for (let l = last; l >= 0; l--) {
      const { inputs, outputs, sums, x } = stages[l];
      const cols = inputs + 1;
      multiplyTransposed({ x: x.subarray(0, padded * cols), cols }, sums, outputs, stages[l].gradient);
      if (l === 0) return;
      // x is of no more use: it takes the derivatives by what came in.
      const byInput = x.subarray(0, padded * inputs);
      multiply({ x: sums.subarray(0, padded * outputs), cols: outputs }, turned(stages[l]), inputs, byInput);
      const before = stages[l - 1];
      for (let at = 0; at < byInput.length; at++)
        before.sums[at] = byInput[at] * before.gains[at] * slope(before.sums[at]);
    }
  }

  function layersNow(): Layer[] {
    return stages.map(({ inputs, outputs, weights: from }) => {
      const weight = new Float32Array(outputs * inputs);
      const bias = new Float32Array(outputs);
      for (let k = 0; k < outputs; k++) {
        const start = k * (inputs + 1);
        weight.set(from.subarray(start, start + inputs), k * inputs);
        bias[k] = from[start + inputs];
      }
      return { weight, bias, inputs, outputs };
    });
  }

  return { weights, gradient, forward, backward, layers: layersNow };
}

/** The weights without the biases, [inputs, outputs]. */
function turned({ inputs, outputs, weights }: Stage): Float64Array {
  const out = new Float64Array(inputs * outputs);
  for (let k = 0; k < outputs; k++)
    for (let j = 0; j < inputs; j++) out[j * outputs + k] = weights[k * (inputs + 1) + j];
  return out;
}

/** Turns a row of logits into probabilities, and gives the logarithm of the sum of their exponentials. */
export function softmax(row: Float64Array): number {
  let max = -Infinity;
  for (let k = 0; k < row.length; k++) max = Math.max(max, row[k]);
  let total = 0;
  for (let k = 0; k < row.length; k++) total += row[k] = exp(row[k] - max);
  for (let k = 0; k < row.length; k++) row[k] /= total;
  return max + log(total);
}

/** Calls back with the logits of every row of the features in turn, without dropout; the array serves all rows. */
export function eachLogits(head: Head, features: Features, use: (logits: Float64Array, row: number) => void): void {
  const room = Math.min(features.rows, 256);
  const network = makeNetwork(head.layers, head.activation, room);
  const { outputs } = head.layers[head.layers.length - 1];
  for (let first = 0; first < features.rows; first += room) {
    const rows = Uint32Array.from({ length: Math.min(room, features.rows - first) }, (_, i) => first + i);
    const logits = network.forward(features, rows);
    for (let i = 0; i < rows.length; i++) use(logits.subarray(i * outputs, (i + 1) * outputs), first + i);
  }
}
