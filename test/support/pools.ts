/** Pools that are hard in one way each, and an oracle that knows nothing of the code under test. */
import type { Activation, Head } from "../../src/head.ts";
import { keepsUnit, randomUniform } from "../../src/random.ts";

export interface TestPool {
  readonly name: string;
  readonly rows: number;
  readonly classes: number;
  /** Logits, [rows, classes]. */
  readonly data: Float32Array;
}

export function makePool(
  name: string,
  rows: number,
  classes: number,
  logit: (row: number, c: number) => number,
): TestPool {
  const data = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) for (let c = 0; c < classes; c++) data[row * classes + c] = logit(row, c);
  return { name, rows, classes, data };
}

/** Sums of uniforms: bell-shaped, with standard deviation near `spread`. */
export function bell(seed: number, spread: number): (row: number, c: number) => number {
  return (row, c) => {
    let sum = -2;
    for (let i = 0; i < 4; i++) sum += randomUniform(seed, 900 + i, row, c);
    return sum * Math.sqrt(3) * spread;
  };
}

/** p and ln p of each class of a row in float64, by the definition: shifted by the maximum, summed in order. */
export function beliefsOf(logits: ArrayLike<number>, temperature = 1): { p: number[]; logP: number[] } {
  const z = Array.from(logits, (value) => value / temperature);
  const top = Math.max(...z);
  const logZ = Math.log(z.reduce((sum, value) => sum + Math.exp(value - top), 0));
  const logP = z.map((value) => value - top - logZ);
  return { p: logP.map(Math.exp), logP };
}

/** The definitions of formulas in any textbook, from p and ln p. */
export const definitions: Record<string, (p: number[], logP: number[]) => number> = {
  "least-confidence": (p) => 1 - Math.max(...p),
  margin: (p) => {
    const [top, next = 0] = [...p].sort((a, b) => b - a);
    return 1 - (top - next);
  },
  entropy: (p, logP) => -p.reduce((sum, pc, c) => sum + (pc === 0 ? 0 : pc * logP[c]), 0),
};

export function scoresOf(pool: TestPool, strategy: string, temperature = 1): Float64Array {
  return Float64Array.from({ length: pool.rows }, (_, row) => {
    const { p, logP } = beliefsOf(pool.data.subarray(row * pool.classes, (row + 1) * pool.classes), temperature);
    return definitions[strategy](p, logP);
  });
}

/** The k best rows by sorting all of them: ties to the lowest row. */
export function bestRows(scores: ArrayLike<number>, k: number, left: (row: number) => boolean = () => true): number[] {
  const rows = Array.from({ length: scores.length }, (_, row) => row).filter(left);
  return rows.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k);
}

/** The k best rows, where the pool leaves no doubt: scores next to each other are the same or well apart. */
export function clearlyBest(
  scores: ArrayLike<number>,
  k: number,
  left: (row: number) => boolean = () => true,
): number[] {
  const rows = bestRows(scores, k + 1, left);
  for (let i = 1; i < rows.length; i++) {
    const [a, b] = [scores[rows[i - 1]], scores[rows[i]]];
    if (a !== b && !(a - b > 1e-13 * Math.max(1, a)))
      throw new Error(`a test for nobody: rows ${rows[i - 1]} and ${rows[i]} score ${a} and ${b}`);
  }
  return rows.slice(0, k);
}

export interface TestCommittee extends TestPool {
  /** `data` is [passes, rows, classes]. */
  readonly passes: number;
}

export function makeCommittee(
  name: string,
  passes: number,
  rows: number,
  classes: number,
  logit: (pass: number, row: number, c: number) => number,
): TestCommittee {
  const stacked = (i: number, c: number) => logit(Math.floor(i / rows), i % rows, c);
  return { name, passes, rows, classes, data: makePool(name, passes * rows, classes, stacked).data };
}

/** What one pass, or all of them together, says of a row. */
interface Belief {
  readonly p: readonly number[];
  readonly logP: readonly number[];
}

/** The definitions of what compares passes: from each of them, their mean, and how many vote for each class. */
export const committeeDefinitions: Record<
  string,
  (each: readonly Belief[], mean: Belief, votes: readonly number[]) => number
> = {
  "vote-entropy": (each, _, votes) => {
    const shares = votes.filter((v) => v > 0).map((v) => v / each.length);
    return entropyOf({ p: shares, logP: shares.map(Math.log) });
  },
  "consensus-entropy": (_, mean) => entropyOf(mean),
  "kl-divergence": (each, mean) => average(each.map((one) => divergence(one, mean))),
  "max-kl": (each, mean) => Math.max(...each.map((one) => divergence(one, mean))),
  "variation-ratio": (each, _, votes) => 1 - Math.max(...votes) / each.length,
  "mean-std": (each, { p }) =>
    p.reduce((sum, mean, c) => sum + Math.sqrt(average(each.map((one) => (one.p[c] - mean) ** 2))), 0) / p.length,
  bald: (each, mean) => entropyOf(mean) - average(each.map(entropyOf)),
};

/** Every score that predictions give, from the logits of each pass over each row: [rows] by strategy. */
export function scoresOfPasses(
  passes: number,
  rows: number,
  logits: (pass: number, row: number) => ArrayLike<number>,
  temperature = 1,
): Record<string, Float64Array> {
  const names = [...Object.keys(definitions), ...(passes > 1 ? Object.keys(committeeDefinitions) : [])];
  const all = Object.fromEntries(names.map((name) => [name, new Float64Array(rows)]));
  for (let row = 0; row < rows; row++) {
    const given = Array.from({ length: passes }, (_, pass) => Array.from(logits(pass, row)));
    const each = given.map((z) => beliefsOf(z, temperature));
    const mean = meanBelief(each);
    const choices = given.map((z) => z.indexOf(Math.max(...z)));
    const votes = given[0].map((_, c) => choices.filter((choice) => choice === c).length).sort((a, b) => a - b);
    for (const name of names)
      all[name][row] =
        definitions[name]?.([...mean.p], [...mean.logP]) ?? committeeDefinitions[name](each, mean, votes);
  }
  return all;
}

export function committeeScores(
  { passes, rows, classes, data }: TestCommittee,
  temperature = 1,
): Record<string, Float64Array> {
  const logits = (pass: number, row: number) => data.subarray((pass * rows + row) * classes).subarray(0, classes);
  return scoresOfPasses(passes, rows, logits, temperature);
}

/** In order of size, so that the order they come in does not show; of equals, exactly what they are. */
function average(values: readonly number[]): number {
  if (values.every((value) => value === values[0])) return values[0];
  return values.toSorted((a, b) => a - b).reduce((sum, value) => sum + value, 0) / values.length;
}

function meanBelief(each: readonly Belief[]): Belief {
  const p = each[0].p.map((_, c) => average(each.map((one) => one.p[c])));
  const logP = each[0].p.map((_, c) => {
    const logs = each.map((one) => one.logP[c]);
    const top = Math.max(...logs);
    return top === -Infinity ? top : top + Math.log(average(logs.map((log) => Math.exp(log - top))));
  });
  return { p, logP };
}

const entropyOf = ({ p, logP }: Belief): number => -p.reduce((sum, pc, c) => sum + (pc === 0 ? 0 : pc * logP[c]), 0);

const divergence = ({ p, logP }: Belief, mean: Belief): number =>
  p.reduce((sum, pc, c) => sum + (pc === 0 ? 0 : pc * (logP[c] - mean.logP[c])), 0);

/** A head of dense layers with as many units as `sizes` says, dims first. `value(layer, output, input)`; a bias is the input past the last. */
export function makeHead(
  sizes: readonly number[],
  activation: Activation,
  value: (layer: number, output: number, input: number) => number,
): Head {
  const layers = sizes.slice(1).map((outputs, l) => {
    const inputs = sizes[l];
    const weight = makePool("weight", outputs, inputs, (o, i) => value(l, o, i)).data;
    return { weight, bias: makePool("bias", outputs, 1, (o) => value(l, o, inputs)).data, inputs, outputs };
  });
  return { layers, activation };
}

/** Weights that keep activations of ordinary size, biases of half that. */
export function ordinaryHead(sizes: readonly number[], activation: Activation, seed = 71): Head {
  return makeHead(sizes, activation, (l, o, i) => bell(seed + l, i < sizes[l] ? 1.6 / Math.sqrt(sizes[l]) : 0.5)(o, i));
}

const normalDensity = (a: number): number => Math.exp(-0.5 * a * a) / Math.sqrt(2 * Math.PI);

/** Φ(a) = ½ + φ(a)·(a + a³/3 + a⁵/(3·5) + …): Marsaglia 2004. */
function normalCdf(a: number): number {
  if (Math.abs(a) > 9) return a < 0 ? 0 : 1;
  let sum = 0;
  for (let term = a, n = 3; sum + term !== sum; term *= (a * a) / n, n += 2) sum += term;
  return 0.5 + normalDensity(a) * sum;
}

const curves: Record<Activation, { value(a: number): number; slope(a: number): number }> = {
  relu: { value: (a) => Math.max(0, a), slope: (a) => Number(a > 0) },
  gelu: { value: (a) => a * normalCdf(a), slope: (a) => normalCdf(a) + a * normalDensity(a) },
  tanh: { value: (a) => Math.tanh(a), slope: (a) => 1 / Math.cosh(a) ** 2 },
};

/** Inputs and sums of every layer on the way of a row through a head. `gate` scales a hidden unit's activation. */
function walk(
  { layers, activation }: Head,
  x: ArrayLike<number>,
  gate: (layer: number, unit: number) => number,
): { inputs: number[][]; sums: number[][] } {
  const inputs: number[][] = [];
  const sums: number[][] = [];
  layers.forEach(({ weight, bias, inputs: width }, l) => {
    inputs.push(l === 0 ? Array.from(x) : sums[l - 1].map((a, j) => curves[activation].value(a) * gate(l - 1, j)));
    sums.push(Array.from(bias, (b, o) => inputs[l].reduce((sum, h, i) => sum + weight[o * width + i] * h, b)));
  });
  return { inputs, sums };
}

/** Logits of a row without dropout. */
export const logitsOf = (head: Head, x: ArrayLike<number>): number[] => walk(head, x, () => 1).sums.at(-1)!;

/** Logits of a row in one pass of MC dropout. */
export function dropoutLogits(
  head: Head,
  x: ArrayLike<number>,
  { seed, row, pass, rate }: { seed: number; row: number; pass: number; rate: number },
): number[] {
  const gate = (l: number, j: number) => (keepsUnit(seed, l, row, j, pass, rate) ? 1 / (1 - rate) : 0);
  return walk(head, x, gate).sums.at(-1)!;
}

/**
 * ‖∇ℓ(x, y)‖ for each label, and what is expected of it, Σ p_y ‖∇ℓ(x, y)‖: a backward pass for each label, every
 * derivative squared and added up. A temperature divides the logits; their gradient p − e_y is not divided again.
 */
export function gradientsOf(
  head: Head,
  x: ArrayLike<number>,
  which: "all" | "last" = "all",
  temperature = 1,
): { lengths: number[]; expected: number } {
  const { inputs, sums } = walk(head, x, () => 1);
  const { p } = beliefsOf(sums.at(-1)!, temperature);
  const last = head.layers.length - 1;
  const lengths = p.map((_, y) => {
    let delta = p.map((pc, c) => pc - Number(c === y));
    let squares = 0;
    for (let l = last; l >= (which === "all" ? 0 : last); l--) {
      const { weight, inputs: width } = head.layers[l];
      const pulled = inputs[l].map(() => 0);
      delta.forEach((d, o) => {
        for (let j = 0; j < width; j++) {
          squares += (d * inputs[l][j]) ** 2;
          pulled[j] += d * weight[o * width + j];
        }
        squares += d ** 2;
      });
      if (l > 0) delta = pulled.map((d, j) => d * curves[head.activation].slope(sums[l - 1][j]));
    }
    return Math.sqrt(squares);
  });
  return { lengths, expected: lengths.reduce((sum, length, y) => sum + p[y] * length, 0) };
}
