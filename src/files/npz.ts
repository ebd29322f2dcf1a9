/** A head from numpy's .npz: a zip of .npy arrays, named as in a state dict. */
import { unzipSync } from "fflate";
import { InputError } from "../errors.ts";
import type { Head } from "../head.ts";
import { memoryBytes } from "./bytes.ts";
import { openBytes } from "./fileBytes.ts";
import { npyFile } from "./npy.ts";
import { headOf, type Tensor } from "./stateDict.ts";

const LARGEST = 2 ** 30;
/** DEFLATE makes no more than 1032 bytes out of one. */
const MOST_INFLATION = 1032;

/** Reads a head, whose activation is relu. Archives of more than 1 GiB, packed or not, are refused. */
export async function readNpz(path: string): Promise<Head> {
  const arrays = unpack(path, await readWhole(path));
  const tensors: Tensor[] = [];
  for (const [entry, content] of Object.entries(arrays))
    tensors.push(await tensorOf(path, entry.slice(0, -".npy".length), content));
  return headOf(path, tensors, "relu");
}

async function readWhole(path: string): Promise<Uint8Array> {
  const bytes = await openBytes(path);
  try {
    if (bytes.size > LARGEST) throw tooLarge(path, bytes.size);
    const content = new Uint8Array(bytes.size);
    await bytes.read(content, 0);
    return content;
  } finally {
    await bytes.close();
  }
}

function unpack(path: string, archive: Uint8Array): Record<string, Uint8Array> {
  let total = 0;
  const names = new Set<string>();
  // Sees what an entry claims before memory is given to it.
  const filter = ({ name, size, originalSize }: { name: string; size: number; originalSize: number }) => {
    total += originalSize;
    if (!name.endsWith(".npy"))
      throw new InputError(`${path}: entry ${JSON.stringify(name)} is not an array; save it with numpy.savez`);
    if (names.has(name))
      throw new InputError(`${path}: entry ${JSON.stringify(name)} is there twice; save each array once`);
    if (total > LARGEST) throw tooLarge(path, total);
    if (size > archive.length || originalSize > MOST_INFLATION * size)
      throw new InputError(`${path}: entry ${JSON.stringify(name)} cannot have ${originalSize} bytes; save it again`);
    names.add(name);
    return true;
  };
  try {
    return unzipSync(archive, { filter });
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: not a whole .npz file: ${(error as Error).message}; copy or save it again`);
  }
}

async function tensorOf(path: string, name: string, content: Uint8Array): Promise<Tensor> {
  const array = await npyFile(memoryBytes(`${path}: tensor ${JSON.stringify(name)}`, content));
  if (array.shape.length < 1 || array.shape.length > 2)
    throw new InputError(
      `${path}: tensor ${JSON.stringify(name)} has shape [${array.shape.join(", ")}]; a dense layer has [out, in] and [out]`,
    );
  const source = array.source();
  const values = new Float32Array(source.rows * source.cols);
  await source.read(0, source.rows, values);
  return { name, shape: array.shape, values };
}

function tooLarge(path: string, size: number): InputError {
  return new InputError(`${path}: ${size} bytes are too many for a head, which may have ${LARGEST}; use .safetensors`);
}
