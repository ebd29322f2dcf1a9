/** A multilayer perceptron on features, trained: a head with dropout, by Adam on minibatches, with early stopping. */
import { InputError } from "../errors.ts";
import { checkHead, classesOf, type Head } from "../head.ts";
import type { Features, Predictions } from "../matrix.ts";
import { randomBits, streams } from "../random.ts";
import { cpuTrainer } from "./cpuTrainer.ts";
import { checkAsked, checkFeatures } from "./labelled.ts";
import { type MlpOptions, type MlpPlan, planOf } from "./mlpPlan.ts";
import { eachLogits, softmax } from "./network.ts";

export interface MlpModel {
  /** For the engine, float32: the weights of the best epoch, the activation, and the rate of dropout where there was any. */
  readonly head: Head;
  /** The label of each column: 0 … classes − 1. */
  readonly classes: readonly number[];
  /** How many of the rows trained on had it, for each column. */
  readonly counts: readonly number[];
  /** Mean cross-entropy (nats) of each epoch's rows as their steps met them, dropout and all. */
  readonly trainingLoss: readonly number[];
  /** Mean cross-entropy of the held-out rows after each epoch, without dropout; empty where none are held out. */
  readonly heldOutLoss: readonly number[];
  /** Epochs run. */
  readonly epochs: number;
  /** The epoch, counted from 1, whose weights these are: the lowest held-out loss, or the last where none are held out. */
  readonly bestEpoch: number;
}

/**
 * Trains dense layers to give each row's class, by minibatches of Adam (Kingma & Ba 2015) on the cross-entropy, with
 * inverted dropout (Srivastava et al. 2014) after each hidden layer. Weights start as those of PyTorch's `nn.Linear`:
 * uniform within ±1/√inputs. On one machine the same options give the same bits.
 *
 * @throws InputError where labels or features are missing, do not fit, or are not numbers.
 */
export async function fitMlp(options: MlpOptions): Promise<MlpModel> {
  checkAsked("fitMlp", options);
  const plan = planOf(options);
  const order = drawOrder(plan.seed, plan.features.rows);
  const held = Math.floor(plan.heldOut * order.length);
  return trainMlp(plan, order.slice(held), order.slice(0, held));
}

/** Probabilities [rows, classes], without dropout. */
export function predictMlp({ head }: { head: Head }, features: Features): Predictions {
  checkFeatures(features);
  checkHead(head, features.dims);
  const classes = classesOf(head);
  const data = new Float32Array(features.rows * classes);
  eachLogits(head, features, (logits, row) => {
    softmax(logits);
    data.set(logits, row * classes);
  });
  return { data, rows: features.rows, classes };
}

/** Trains on some rows, of which one may come twice, and stops by the loss of others. */
export async function trainMlp(plan: MlpPlan, rows: Uint32Array, heldOut: Uint32Array): Promise<MlpModel> {
  const { activation, classes, dropout, epochs, patience, seed, labels } = plan;
  const setup = { ...plan, batchSize: Math.min(plan.batchSize, rows.length) };
  await plan.pace.turn();
  const trainer = (await plan.engine?.train(setup)) ?? cpuTrainer(setup);
  const trainingLoss: number[] = [];
  const heldOutLoss: number[] = [];
  let lowest = Infinity;
  let bestEpoch = 0;
  let best = plan.layers;
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      trainingLoss.push(finite(await trainer.train(shuffled(rows, seed, epoch), epoch), epoch));
      if (heldOut.length === 0) continue;
      const loss = finite(await trainer.loss(heldOut), epoch);
      if (loss < lowest) {
        lowest = loss;
        bestEpoch = epoch;
        best = await trainer.layers();
      }
      heldOutLoss.push(loss);
      if (epoch - bestEpoch >= patience) break;
    }
    if (heldOut.length === 0) {
      bestEpoch = epochs;
      best = await trainer.layers();
    }
  } finally {
    trainer.close();
  }
  const counts = Array.from({ length: classes }, () => 0);
  for (const row of rows) counts[labels[row]]++;
  return {
    head: { layers: best, activation, dropout: dropout || undefined },
    classes: [...counts.keys()],
    counts,
    trainingLoss,
    heldOutLoss,
    epochs: trainingLoss.length,
    bestEpoch,
  };
}

/** A loss, unless training left the numbers. */
function finite(loss: number, epoch: number): number {
  if (Number.isFinite(loss)) return loss;
  throw new InputError(`training diverged in epoch ${epoch}: lower learningRate, or scale the features to about 1`);
}

/** All rows in an order drawn by lot. Appending rows leaves those before them in the same order to each other. */
export function drawOrder(seed: number, rows: number): Uint32Array {
  const lots = Uint32Array.from({ length: rows }, (_, row) => randomBits(seed, streams.sample, row));
  return Uint32Array.from(lots.keys()).sort((a, b) => lots[a] - lots[b]);
}

/** A copy in another order. Fisher & Yates, as Durstenfeld 1964 has it. */
export function shuffled(rows: Uint32Array, seed: number, epoch: number): Uint32Array {
  const order = rows.slice();
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor((randomBits(seed, streams.shuffle, i, 0, epoch) / 2 ** 32) * (i + 1));
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order;
}
