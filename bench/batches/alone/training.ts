/** Epochs of Adam from weights that all are given, rows in their own order, nothing left out: the losses as steps met them. */
import { cpuTrainer } from "../../../src/models/cpuTrainer.ts";
import type { Layer } from "../../../src/head.ts";
import { Pace } from "../../../src/pace.ts";
import { randomUniform, streams } from "../../../src/random.ts";
import type { TrainerSetup } from "../../../src/trainer.ts";
import type { BatchCase } from "../cases.ts";
import type { BatchPool } from "../data.ts";
import { openBackend, valuesFault, type Alone, type Given } from "./alone.ts";

/** Rows a step. */
const BATCH = 64;
const RATE = 1e-3;
const SEED = 31;
const rounding = { us: 1e-4, peer: 1e-3 };

export const training: Alone = {
  async open({ backend }, one, pool) {
    const { rows, dims, steps = 1 } = one;
    const features = { data: pool.embeddings, rows, dims };
    const rest = { learningRate: RATE, batchSize: BATCH, seed: SEED, dropout: 0, pace: new Pace() };
    const setup: TrainerSetup = {
      features,
      labels: labelsOf(one, pool),
      layers: layersOf(one),
      activation: "relu",
      ...rest,
    };
    const order = Uint32Array.from({ length: rows }, (_, row) => row);
    const device = backend === "cpu" ? undefined : await openBackend();
    return {
      async run() {
        const trainer = device ? await device.train!(setup) : cpuTrainer(setup);
        try {
          const values: number[] = [];
          for (let epoch = 1; epoch <= steps; epoch++) values.push(await trainer.train(order, epoch));
          return { picks: [], values };
        } finally {
          trainer.close();
        }
      },
      close: async () => device?.close(),
    };
  },
  judge(one, pool) {
    const right = textbook(one, pool);
    return ({ values }, by) => valuesFault("losses", values, right, rounding[by]);
  },
  // Of each layer a product forward, one for the gradient of its weights, and but for the first one for that of what came in.
  work({ rows, dims, hidden = 0, classes = 0, steps = 1 }) {
    const [first, second] = [dims * hidden, hidden * classes];
    const weights = first + second + hidden + classes;
    const updates = Math.ceil(rows / BATCH);
    return {
      // Adam reads a weight, its gradient and two moments.
      bytes: steps * 4 * (rows * dims + updates * 4 * weights),
      multiplyAdds: steps * rows * (2 * first + 3 * second),
      exps: steps * rows * classes,
    };
  },
  given(one, pool): Given[] {
    const weights = layersOf(one).flatMap(({ weight, bias, inputs, outputs }): Given[] => [
      { array: weight, shape: [outputs, inputs] },
      { array: bias, shape: [outputs] },
    ]);
    return [{ array: labelsOf(one, pool), shape: [one.rows] }, ...weights];
  },
};

/** The largest of the first values, which can be learned. */
function labelsOf({ rows, dims, classes = 0 }: BatchCase, { embeddings }: BatchPool): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, row) => {
    const first = embeddings.subarray(row * dims, row * dims + classes);
    return first.indexOf(Math.max(...first));
  });
}

function layersOf({ dims, hidden = 0, classes = 0 }: BatchCase): Layer[] {
  return [
    [dims, hidden],
    [hidden, classes],
  ].map(([inputs, outputs], l) => {
    const drawn = (first: number, count: number): Float32Array =>
      Float32Array.from({ length: count }, (_, i) => {
        return (2 * randomUniform(SEED, streams.weights, first + i, l) - 1) / Math.sqrt(inputs);
      });
    return { inputs, outputs, weight: drawn(outputs, inputs * outputs), bias: drawn(0, outputs) };
  });
}

/** A weight, and what Adam keeps of it. */
interface Weight {
  value: number;
  slope: number;
  mean: number;
  square: number;
}

const weightOf = (value: number): Weight => ({ value, slope: 0, mean: 0, square: 0 });

/** Row by row and weight by weight, as the chain rule and Kingma & Ba 2015 read. */
function textbook(one: BatchCase, pool: BatchPool): number[] {
  const { rows, dims, steps: epochs = 1 } = one;
  const labels = labelsOf(one, pool);
  const layers = layersOf(one).map(({ inputs, outputs, weight, bias }) => ({
    inputs,
    weights: Array.from({ length: outputs }, (_, o) =>
      Array.from(weight.subarray(o * inputs, (o + 1) * inputs), weightOf),
    ),
    biases: Array.from(bias, weightOf),
  }));
  const known = layers.flatMap(({ weights, biases }) => [...weights.flat(), ...biases]);
  const [below, above] = layers;
  const through = ({ weights, biases }: typeof below, x: ArrayLike<number>): number[] =>
    weights.map((line, o) => line.reduce((sum, { value }, i) => sum + value * x[i], biases[o].value));
  const learn = ({ weights, biases }: typeof below, x: ArrayLike<number>, slopes: number[]): void =>
    slopes.forEach((slope, o) => {
      biases[o].slope += slope;
      if (slope !== 0) weights[o].forEach((weight, i) => (weight.slope += slope * x[i]));
    });
  let step = 0;
  return Array.from({ length: epochs }, () => {
    let total = 0;
    for (let first = 0; first < rows; first += BATCH) {
      const count = Math.min(BATCH, rows - first);
      for (let row = first; row < first + count; row++) {
        const x = pool.embeddings.subarray(row * dims, (row + 1) * dims);
        const units = through(below, x).map((sum) => Math.max(0, sum));
        const logits = through(above, units);
        const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
        const all = powers.reduce((sum, power) => sum + power);
        total -= Math.log(powers[labels[row]] / all);
        const slopes = powers.map((power, c) => (power / all - Number(c === labels[row])) / count);
        learn(above, units, slopes);
        const back = units.map((unit, u) =>
          unit > 0 ? slopes.reduce((sum, slope, c) => sum + slope * above.weights[c][u].value, 0) : 0,
        );
        learn(below, x, back);
      }
      step++;
      for (const weight of known) {
        const { slope } = weight;
        weight.mean = 0.9 * weight.mean + 0.1 * slope;
        weight.square = 0.999 * weight.square + 0.001 * slope ** 2;
        const [mean, square] = [weight.mean / (1 - 0.9 ** step), weight.square / (1 - 0.999 ** step)];
        weight.value -= (RATE * mean) / (Math.sqrt(square) + 1e-8);
        weight.slope = 0;
      }
    }
    return total / rows;
  });
}
