/** A head from numpy's .npz: a zip of .npy arrays, named as in a state dict. */
import { InputError } from "../errors.ts";
import type { Head } from "../head.ts";
import type { Bytes } from "./bytes.ts";
import { shown } from "./columns.ts";
import { openBytes } from "./fileBytes.ts";
import { npyFile } from "./npy.ts";
import { contentOf } from "./npzRows.ts";
import { headOf, type Tensor } from "./stateDict.ts";
import { zipEntries, type ZipEntry } from "./zip.ts";

const LARGEST = 2 ** 30;

/** Reads a head, whose activation is relu. Archives of more than 1 GiB, packed or not, are refused. */
export async function readNpz(path: string): Promise<Head> {
  const bytes = await openBytes(path);
  try {
    const entries = await zipEntries(bytes);
    checkArrays(path, entries);
    const tensors: Tensor[] = [];
    for (const entry of entries) tensors.push(await tensorOf(bytes, entry));
    return headOf(path, tensors, "relu");
  } finally {
    await bytes.close();
  }
}

/** Before any of them is read. */
function checkArrays(path: string, entries: readonly ZipEntry[]): void {
  const names = new Set<string>();
  for (const { name } of entries) {
    if (!name.endsWith(".npy"))
      throw new InputError(`${path}: entry ${shown(name)} is not an array; save it with numpy.savez`);
    if (names.has(name)) throw new InputError(`${path}: entry ${shown(name)} is there twice; save each array once`);
    names.add(name);
  }
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > LARGEST)
    throw new InputError(
      `${path}: ${total} bytes are too many for a head, which may have ${LARGEST}; use .safetensors`,
    );
}

async function tensorOf(bytes: Bytes, entry: ZipEntry): Promise<Tensor> {
  const name = entry.name.slice(0, -".npy".length);
  const said = `${bytes.name}: tensor ${shown(name)}`;
  const array = await npyFile(await contentOf(bytes, entry, said));
  if (array.shape.length < 1 || array.shape.length > 2)
    throw new InputError(`${said} has shape [${array.shape.join(", ")}]; a dense layer has [out, in] and [out]`);
  const source = array.source();
  const values = new Float32Array(source.rows * source.cols);
  await source.read(0, source.rows, values);
  return { name, shape: array.shape, values };
}
