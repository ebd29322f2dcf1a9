/**
 * How far a head in float32 can be from float64: a running error analysis in norms (Higham 2002, chapter 3), in which
 * all is proportional to N = ‖(x, 1)‖ of a row.
 *
 * A sum of n products that are added up in a chain of m additions, bias included, is off by at most
 * γ · ‖(h, 1)‖ · ‖(w, b)‖ with γ = m·u / (1 − m·u), whatever their order.
 */
import { exp, log, square } from "../elementary.ts";
import type { Activation, Layer } from "../head.ts";
import { unitRoundoff } from "../strategy.ts";

/** Bounds by layer, each for every unit of N. */
export interface HeadError {
  /** Error of any one logit. */
  readonly logits: number;
  /** Error of any one pre-activation, by hidden layer. */
  readonly sums: readonly number[];
  /** Bound on the length of anything on the way. */
  readonly reach: number;
  /** ‖(h, 1)‖ of the input of each layer, and the error of h. */
  readonly inputs: readonly Vector[];
}

/** Bound on a vector's length, and on the length of its error. */
interface Vector {
  readonly length: number;
  readonly error: number;
}

/**
 * What a curve does to an error: its largest slope, how much the slope itself changes, and what evaluating it costs,
 * in units of u, relative to its argument and absolutely, as shaders/head/activation.wgsl does it.
 */
const curves: Record<Activation, { slope: number; bend: number; relative: number; absolute: number }> = {
  relu: { slope: 1, bend: 0, relative: 0, absolute: 0 },
  gelu: { slope: 1.13, bend: 0.8, relative: 24, absolute: 0 },
  tanh: { slope: 1, bend: 0.77, relative: 0, absolute: 20 },
};

/** Longest chain of additions in a product of n terms and a bias: stretches of 32, then one a stretch. */
const chain = (terms: number): number => Math.min(terms, 32) + Math.ceil(terms / 32) + 2;

function gamma(additions: number): number {
  const rounding = additions * unitRoundoff;
  return rounding / (1 - rounding);
}

/** What the analysis needs of a layer. */
export interface LayerNorms {
  readonly inputs: number;
  readonly outputs: number;
  /** The largest ‖w‖ of an output, and the largest ‖(w, b)‖. */
  readonly row: number;
  readonly biasedRow: number;
  /** Bounds on the largest singular value of W, and of (W, b). */
  readonly spectral: number;
  readonly biasedSpectral: number;
  /** ‖(W, b)‖ over all entries. */
  readonly frobenius: number;
}

export function normsOf(layer: Layer): LayerNorms {
  return {
    inputs: layer.inputs,
    outputs: layer.outputs,
    row: longestRow(layer, false),
    biasedRow: longestRow(layer, true),
    spectral: spectralNorm(layer, false),
    biasedSpectral: spectralNorm(layer, true),
    frobenius: frobenius(layer),
  };
}

/**
 * A unit without weights or bias lies on the kink of every row, where relu and its slope are 0. Below it they are 0, too,
 * and no row is in doubt.
 */
export function withoutKinks(layer: Layer): Layer {
  const { weight, bias, inputs } = layer;
  const dead = (unit: number): boolean => weight.subarray(unit * inputs, (unit + 1) * inputs).every((w) => w === 0);
  return { ...layer, bias: bias.map((value, unit) => (value === 0 && dead(unit) ? -1 : value)) };
}

/** `rate` is that of dropout: what is kept grows by 1 / (1 − rate). */
export function headError(layers: readonly LayerNorms[], activation: Activation, rate: number): HeadError {
  const curve = curves[activation];
  const inputs: Vector[] = [{ length: 1, error: 0 }];
  const sums: number[] = [];
  let reach = 1;
  layers.forEach((layer, l) => {
    const { length, error } = inputs[l];
    const product = gamma(chain(layer.inputs));
    sums.push(product * length * layer.biasedRow + error * layer.row);
    const sum = layer.biasedSpectral * length;
    reach = Math.max(reach, sum);
    const sumError = product * length * layer.frobenius + layer.spectral * error;
    const grown = 1 / (1 - rate);
    const own = (curve.relative + 2) * sum + curve.absolute * Math.sqrt(layer.outputs);
    inputs.push({
      length: Math.sqrt(square(grown * curve.slope * sum) + 1),
      error: grown * (curve.slope * sumError + (own + 2 * curve.slope * sum) * unitRoundoff),
    });
  });
  inputs.pop();
  // Bounds were taken of exact lengths, and N itself is rounded: a per cent covers both.
  const [logits] = sums.splice(-1);
  return { logits: 1.01 * logits, sums: sums.map((sum) => 1.01 * sum), reach, inputs };
}

/** Bounds on the gradients ‖∇ℓ(x, y)‖ that a kernel makes: the longest, and its error for each unit of N and of N². */
export interface GradientError {
  readonly longest: number;
  readonly perNorm: number;
  readonly perSquare: number;
}

/**
 * Of the layers from `first` on. `probabilities` bounds Σ |error of p| but for what the logits' error adds, and
 * `logits` is that error for each unit of N.
 */
export function gradientError(
  layers: readonly LayerNorms[],
  activation: Activation,
  { inputs, sums }: HeadError,
  first: number,
  probabilities: number,
  logits: number,
): GradientError {
  const curve = curves[activation];
  const last = layers.length - 1;
  let squares = 0;
  let perNorm = 0;
  let perSquare = 0;
  /** δ of the layer at hand: its length, and its error as a number and for each unit of N. */
  let length = Math.SQRT2;
  let fixed = probabilities + 16 * unitRoundoff;
  let growing = logits;
  for (let l = last; l >= first; l--) {
    const input = inputs[l];
    const norm = (gamma(layers[l].inputs + layers[l].outputs) + 4 * unitRoundoff) * input.length;
    squares += square(length * input.length);
    perNorm += fixed * input.length + length * (input.error + norm);
    perSquare += growing * input.length;
    if (l === 0) break;
    const pull = layers[l].spectral;
    const rounding = 2 * gamma(chain(layers[l].outputs)) * layers[l].frobenius;
    const slopes = curve.bend * sums[l - 1];
    growing = curve.slope * pull * growing + slopes * pull * length;
    fixed = curve.slope * (pull * fixed + rounding * length) + 32 * unitRoundoff * pull * length;
    length = curve.slope * pull * length;
  }
  return { longest: 1.01 * Math.sqrt(squares), perNorm: 1.01 * perNorm, perSquare: 1.01 * perSquare };
}

/** The largest ‖w‖ of an output, or ‖(w, b)‖. */
function longestRow({ weight, bias, inputs, outputs }: Layer, withBias: boolean): number {
  let longest = 0;
  for (let o = 0; o < outputs; o++) {
    let squares = withBias ? square(bias[o]) : 0;
    for (let i = o * inputs; i < (o + 1) * inputs; i++) squares += square(weight[i]);
    longest = Math.max(longest, squares);
  }
  return Math.sqrt(longest);
}

/** ‖(W, b)‖ over all entries. */
function frobenius({ weight, bias }: Layer): number {
  let squares = 0;
  for (const value of weight) squares += square(value);
  for (const value of bias) squares += square(value);
  return Math.sqrt(squares);
}

/** Sides of a matrix beyond which its powers take longer than they save. */
const LARGEST_GRAM = 512;

/**
 * Bound on the largest singular value of W, or of (W, b): the eighth power of W Wᵀ has no eigenvalue beyond its trace.
 * Of a large matrix, the length of all its entries.
 */
function spectralNorm(layer: Layer, withBias: boolean): number {
  const { weight, bias, inputs, outputs } = layer;
  const side = Math.min(inputs + 1, outputs);
  if (side > LARGEST_GRAM) return frobenius(layer);
  const entry = (o: number, i: number): number => (i < inputs ? weight[o * inputs + i] : withBias ? bias[o] : 0);
  const byRows = outputs <= inputs;
  const [n, other] = byRows ? [outputs, inputs + 1] : [inputs + 1, outputs];
  const at = byRows ? entry : (i: number, o: number) => entry(o, i);
  let gram = new Float64Array(n * n);
  for (let a = 0; a < n; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let k = 0; k < other; k++) sum += at(a, k) * at(b, k);
      gram[a * n + b] = gram[b * n + a] = sum;
    }
  // Traces are taken out before each squaring, so that no power overflows.
  let logarithm = 0;
  let power = 1;
  for (let doubling = 0; ; doubling++) {
    const trace = traceOf(gram, n);
    if (trace === 0) return 0;
    logarithm += log(trace) / power;
    if (doubling === 3) break;
    gram = squared(
      gram.map((value) => value / trace),
      n,
    );
    power *= 2;
  }
  // Rounding of the powers is far below the per mille.
  return 1.001 * exp(logarithm / 2);
}

function traceOf(matrix: Float64Array, n: number): number {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i];
  return trace;
}

/** The square of a symmetric matrix. */
function squared(matrix: Float64Array, n: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(n * n);
  for (let a = 0; a < n; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += matrix[a * n + k] * matrix[b * n + k];
      result[a * n + b] = result[b * n + a] = sum;
    }
  return result;
}
