/** Training on the CPU, in float64. */
import { pow } from "../elementary.ts";
import type { Trainer, TrainerSetup } from "../trainer.ts";
import { makeNetwork, softmax } from "./network.ts";

/** Rows at a time where nothing is learned from them. */
const GLANCE = 256;

export function cpuTrainer(setup: TrainerSetup): Trainer {
  const { features, labels, layers, activation, dropout, learningRate, batchSize, seed, pace } = setup;
  const network = makeNetwork(layers, activation, Math.max(batchSize, GLANCE));
  const step = adam(network.weights, network.gradient, learningRate);

  async function train(order: Uint32Array, epoch: number): Promise<number> {
    let total = 0;
    for (let first = 0; first < order.length; first += batchSize) {
      const rows = order.subarray(first, first + batchSize);
      const logits = network.forward(features, rows, { rate: dropout, seed, pass: epoch, first });
      total += crossEntropy(logits, labels, rows);
      network.backward();
      step();
      await pace.turn();
    }
    return total / order.length;
  }

  async function loss(rows: Uint32Array): Promise<number> {
    let total = 0;
    for (let first = 0; first < rows.length; first += GLANCE) {
      const some = rows.subarray(first, first + GLANCE);
      total += crossEntropy(network.forward(features, some), labels, some);
      await pace.turn();
    }
    return total / rows.length;
  }

  return { train, loss, layers: async () => network.layers(), close() {} };
}

/** The loss of a batch, summed over its rows. In place of the logits come the derivatives of its mean by them. */
export function crossEntropy(logits: Float64Array, labels: Uint32Array, rows: Uint32Array): number {
  const classes = logits.length / rows.length;
  let total = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const label = labels[rows[i]];
    const logit = row[label];
    total += softmax(row) - logit;
    row[label] -= 1;
    for (let k = 0; k < classes; k++) row[k] /= rows.length;
  }
  return total;
}

/** A function that takes one step down the gradient. Kingma & Ba 2015, with the constants of PyTorch. */
function adam(weights: Float64Array, gradient: Float64Array, learningRate: number): () => void {
  const [decay1, decay2, epsilon] = [0.9, 0.999, 1e-8];
  const means = new Float64Array(weights.length);
  const squares = new Float64Array(weights.length);
  let steps = 0;
  return () => {
    steps++;
    const rate = learningRate / (1 - pow(decay1, steps));
    const scale = 1 / Math.sqrt(1 - pow(decay2, steps));
    for (let i = 0; i < weights.length; i++) {
      const slope = gradient[i];
      means[i] = decay1 * means[i] + (1 - decay1) * slope;
      squares[i] = decay2 * squares[i] + (1 - decay2) * slope * slope;
      weights[i] -= (rate * means[i]) / (Math.sqrt(squares[i]) * scale + epsilon);
    }
  };
}
