/** What training a multilayer perceptron is asked to do: the options, checked, and the weights it starts from. */
import { activations } from "../activations.ts";
import type { Engine } from "../engine.ts";
import { InputError } from "../errors.ts";
import { type Activation, checkHead, classesOf, type Head, type Layer, MOST_DROPOUT } from "../head.ts";
import type { Features } from "../matrix.ts";
import { Pace } from "../pace.ts";
import { checkSeed, randomUniform, streams } from "../random.ts";
import { checkFeatures, checkLabels, checkWhole } from "./labelled.ts";

export interface MlpOptions {
  /** What is known of the labelled rows, [rows, dims]. Scale them: Adam's steps suit features of about 1. */
  readonly features: Features;
  /** Class of each row, [rows]: whole numbers of at least 0. */
  readonly labels: ArrayLike<number>;
  /** Columns of the logits. Default: the highest label + 1, and no fewer than `warmStart` has. */
  readonly classes?: number;
  /** Units of each hidden layer; none at all is a linear model. Default that of `warmStart`, else [128]. */
  readonly hidden?: readonly number[];
  /** After each hidden layer. Default that of `warmStart`, else "relu". */
  readonly activation?: Activation;
  /** Share of each hidden layer's units left out of a step, from 0 to 0.999. Default that of `warmStart`, else 0. */
  readonly dropout?: number;
  /** Times that all rows are seen, at most. Default 200. */
  readonly epochs?: number;
  /** Rows a step. Default 32. */
  readonly batchSize?: number;
  /** Of Adam, above 0 and at most 1. Default 0.001. */
  readonly learningRate?: number;
  /**
   * Share of the rows, rounded down, that is kept from training to say when to stop. A row of one seed stays on its side
   * as rows are appended, but for a few at the border. 0: all `epochs` are run. Default 0.1.
   */
  readonly heldOut?: number;
  /** Epochs in a row without a lower held-out loss before training stops. Default 10. */
  readonly patience?: number;
  /** Of the first weights, the held-out rows, the order of rows and the dropout masks. Default 0. */
  readonly seed?: number;
  /** Where to start: a head of the same dims, layers and activation. Classes new since then start at random. */
  readonly warmStart?: Head;
  /**
   * Where to train: on its device if it has one, else on the CPU, as without an engine. A device computes in float32 and
   * in an order of its own, so its weights differ from the CPU's in their last digits, and the same options give the same
   * bits only on the same device. Picks made with given weights are exact all the same.
   */
  readonly engine?: Engine;
  /** Ends training with the signal's reason. */
  readonly signal?: AbortSignal;
}

export type MlpPlan = ReturnType<typeof planOf>;

/** Checks the options and fills in what they leave open. */
export function planOf({ features, labels, warmStart, engine, signal, ...options }: MlpOptions) {
  checkFeatures(features);
  checkWhole({ classes: options.classes ?? 1 }, 1);
  checkLabels(labels, features.rows, options.classes);
  const known = warmStart ? classesOf(warmStart) : 1;
  const {
    hidden = warmStart?.layers.slice(0, -1).map((layer) => layer.outputs) ?? [128],
    activation = warmStart?.activation ?? "relu",
    dropout = warmStart?.dropout ?? 0,
    classes = Array.from(labels).reduce((most, label) => Math.max(most, label + 1), known),
    epochs = 200,
    batchSize = 32,
    learningRate = 0.001,
    heldOut = 0.1,
    patience = 10,
    seed = 0,
  } = options;
  if (!Object.hasOwn(activations, activation))
    throw new InputError(`activation must be one of ${Object.keys(activations).join(", ")}, got ${String(activation)}`);
  if (!Array.isArray(hidden))
    throw new InputError(`hidden must be a list with the units of each hidden layer, such as [128], got ${hidden}`);
  checkWhole({ epochs, batchSize, patience }, 1);
  hidden.forEach((units, i) => checkWhole({ [`hidden[${i}]`]: units }, 1));
  if (!(dropout >= 0 && dropout <= MOST_DROPOUT))
    throw new InputError(`dropout must be a number from 0 to ${MOST_DROPOUT}, got ${dropout}`);
  if (!(learningRate > 0 && learningRate <= 1))
    throw new InputError(`learningRate must be a number above 0 and at most 1, got ${learningRate}`);
  if (!(heldOut >= 0 && heldOut < 1))
    throw new InputError(`heldOut must be a share of at least 0 and below 1, got ${heldOut}`);
  checkSeed(seed);
  if (warmStart) checkStart(warmStart, [features.dims, ...hidden, classes], activation);
  const sizes = [features.dims, ...hidden, classes];
  return {
    features,
    labels: Uint32Array.from(labels),
    layers: sizes.slice(1).map((outputs, l) => firstLayer(l, sizes[l], outputs, seed, warmStart?.layers[l])),
    classes,
    activation,
    dropout,
    epochs,
    batchSize,
    learningRate,
    heldOut,
    patience,
    seed,
    engine,
    pace: new Pace(signal),
  };
}

/** Uniform within ±1/√inputs, and over it what there is to start from. */
function firstLayer(l: number, inputs: number, outputs: number, seed: number, start?: Layer): Layer {
  const bound = 1 / Math.sqrt(inputs);
  const drawn = (k: number, input: number) => bound * (2 * randomUniform(seed, streams.weights, k, input, l) - 1);
  const weight = Float32Array.from({ length: outputs * inputs }, (_, i) => drawn(Math.floor(i / inputs), i % inputs));
  const bias = Float32Array.from({ length: outputs }, (_, k) => drawn(k, inputs));
  weight.set(start?.weight ?? []);
  bias.set(start?.bias ?? []);
  return { weight, bias, inputs, outputs };
}

function checkStart(head: Head, sizes: number[], activation: Activation): void {
  const { name = "warmStart" } = head;
  checkHead({ ...head, name }, sizes[0]);
  const own = [sizes[0], ...head.layers.map((layer) => layer.outputs)];
  const fits = own.length === sizes.length && own.every((size, l) => size === sizes[l] || l === sizes.length - 1);
  if (!fits || classesOf(head) > sizes[sizes.length - 1])
    throw new InputError(
      `${name}: layers of ${own.join(", ")} do not fit ${sizes.join(", ")}: leave out hidden and classes or match them`,
    );
  if (head.activation !== activation)
    throw new InputError(
      `${name}: its activation is ${head.activation}, not ${activation}: leave out activation or match it`,
    );
}
