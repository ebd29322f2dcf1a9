/** A head from the named arrays of a state dict: `<n>.weight` [out, in] and `<n>.bias` [out], in order of n. */
import { InputError } from "../errors.ts";
import { shown } from "./columns.ts";
import { type Activation, checkHead, type Head, type Layer } from "../head.ts";

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

interface Part {
  readonly prefix: string;
  readonly n: number;
  readonly role: "weight" | "bias";
  readonly tensor: Tensor;
}

/**
 * Numbers may have gaps, as in a PyTorch `nn.Sequential`, and one common prefix, such as `net.`. A missing bias is
 * zeros. What is neither weight nor bias is refused: leaving it out would change the logits without a word.
 */
export function headOf(file: string, tensors: readonly Tensor[], activation: Activation): Head {
  const parts = tensors.map((tensor) => partOf(file, tensor));
  if (parts.length === 0) throw new InputError(`${file}: holds no tensors; save <n>.weight and <n>.bias of each layer`);
  const [first] = parts;
  const other = parts.find((part) => part.prefix !== first.prefix);
  if (other)
    throw new InputError(
      `${file}: tensors ${shown(first.tensor.name)} and ${shown(other.tensor.name)} are of two networks; save one head alone`,
    );

  const byNumber = new Map<number, Part[]>();
  for (const part of parts) byNumber.set(part.n, [...(byNumber.get(part.n) ?? []), part]);
  const numbers = [...byNumber.keys()].sort((a, b) => a - b);
  const head = { layers: numbers.map((n) => layerOf(file, byNumber.get(n)!)), activation, name: file };
  checkHead(head, head.layers[0].inputs);
  return head;
}

function partOf(file: string, tensor: Tensor): Part {
  const match = /(?<!\d)(\d+)\.(weight|bias)$/.exec(tensor.name);
  if (!match)
    throw new InputError(
      `${file}: tensor ${shown(tensor.name)} is not part of a head; save only <n>.weight and <n>.bias`,
    );
  const [, n, role] = match;
  return { prefix: tensor.name.slice(0, match.index), n: Number(n), role: role as Part["role"], tensor };
}

function layerOf(file: string, parts: readonly Part[]): Layer {
  const [weight, ...twin] = parts.filter((part) => part.role === "weight").map((part) => part.tensor);
  const [bias, ...twinBias] = parts.filter((part) => part.role === "bias").map((part) => part.tensor);
  if (!weight)
    throw new InputError(`${file}: tensor ${shown(bias.name)} has no weight beside it; save the weight as well`);
  const double = twin[0] ?? twinBias[0];
  if (double) throw new InputError(`${file}: tensor ${shown(double.name)} is there twice; save each layer once`);
  if (weight.shape.length !== 2 || weight.shape.includes(0))
    throw new InputError(
      `${file}: tensor ${shown(weight.name)} has shape [${weight.shape.join(", ")}]; a dense layer has [out, in]`,
    );

  const [outputs, inputs] = weight.shape;
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== outputs)) {
    throw new InputError(
      `${file}: tensor ${shown(bias.name)} has shape [${bias.shape.join(", ")}]; beside ${shown(weight.name)} it must be [${outputs}]`,
    );
  }
  return { weight: weight.values, bias: bias ? bias.values : new Float32Array(outputs), inputs, outputs };
}
