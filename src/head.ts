/**
 * The small network on top of features: dense layers, the last of which gives logits.
 *
 * With one layer it is a linear classifier: logits = weight · x + bias.
 */
import { InputError } from "./errors.ts";
import { FEATURE_LIMIT } from "./matrix.ts";

/** A dense layer as PyTorch stores it: `weight` is [outputs, inputs] row-major, `bias` is [outputs]. */
export interface Layer {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly inputs: number;
  readonly outputs: number;
}

export const activationNames = ["relu", "gelu", "tanh"] as const;
export type Activation = (typeof activationNames)[number];

/** The highest rate of dropout: what is kept is scaled by 1 / (1 − rate). */
export const MOST_DROPOUT = 0.999;

export interface Head {
  readonly layers: readonly Layer[];
  /** Applied after every layer but the last. */
  readonly activation: Activation;
  /** Share of hidden units that MC dropout leaves out, where a pass does not say: the rate it was trained with. */
  readonly dropout?: number;
  /** What errors call it: its file. Default "head". */
  readonly name?: string;
}

/** Refuses a head whose layers do not fit each other or its features, or hold a value that no kernel can take. */
export function checkHead(head: Head, dims: number): void {
  const { name = "head" } = head ?? {};
  if (!Array.isArray(head?.layers)) throw new InputError(`${name}: a head is { layers, activation }`);
  if (!activationNames.includes(head.activation)) {
    throw new InputError(
      `${name}: activation "${String(head.activation)}" is not known: known are ${activationNames.join(", ")}`,
    );
  }
  if (head.layers.length === 0) throw new InputError(`${name}: the head has no layers`);
  if (head.dropout !== undefined && !(head.dropout >= 0 && head.dropout <= MOST_DROPOUT))
    throw new InputError(`${name}: dropout must be between 0 and ${MOST_DROPOUT}, got ${head.dropout}`);
  let inputs = dims;
  head.layers.forEach((layer: Layer, i: number) => {
    if (!(layer?.weight instanceof Float32Array && layer.bias instanceof Float32Array))
      throw new InputError(`${name}: layer ${i} must be { weight, bias, inputs, outputs } with Float32Arrays`);
    const shape = `layer ${i}: weight [${layer.outputs}, ${layer.inputs}]`;
    if (layer.inputs !== inputs) {
      const giver = i === 0 ? `features have ${inputs} dims` : `layer ${i - 1} gives ${inputs}`;
      throw new InputError(`${name}: ${shape} does not fit: ${giver}`);
    }
    if (layer.weight.length !== layer.outputs * layer.inputs) {
      throw new InputError(
        `${name}: ${shape} needs ${layer.outputs * layer.inputs} values, has ${layer.weight.length}`,
      );
    }
    if (layer.bias.length !== layer.outputs) {
      throw new InputError(`${name}: ${shape} needs a bias of ${layer.outputs}, has ${layer.bias.length}`);
    }
    for (const values of [layer.weight, layer.bias]) {
      const at = values.findIndex((v) => !Number.isFinite(v));
      if (at >= 0) throw new InputError(`${name}: layer ${i} holds ${values[at]} at position ${at}`);
      const large = values.findIndex((v) => Math.abs(v) >= FEATURE_LIMIT);
      if (large >= 0) {
        throw new InputError(
          `${name}: layer ${i} holds ${Number(values[large].toPrecision(7))}, beyond ±${FEATURE_LIMIT}: scale the features instead`,
        );
      }
    }
    inputs = layer.outputs;
  });
}

/** Classes a head tells apart: the outputs of its last layer. */
export function classesOf(head: Head): number {
  return head.layers[head.layers.length - 1].outputs;
}
