/** numpy's .npy files of this machine: opened, read as lists, written. */
import { InputError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";
import { openBytes } from "./fileBytes.ts";
import { npyFile, readValues, type NpyFile } from "./npy.ts";
import { npyHeader, readNpyHeader } from "./npyHeader.ts";
import type { Write } from "./lines.ts";
import { writeFileWhole } from "./output.ts";

/** Opens a `.npy` file of numbers or bools and checks its header against its size; reads no values yet. */
export async function openNpy(path: string): Promise<NpyFile> {
  return closeOnError(await openBytes(path), npyFile);
}

/**
 * A list of whole numbers, [n] or [n, 1], in full; n may be 0. Float64 holds every one up to 2^53. A fraction, NaN,
 * infinity or an integer beyond 2^53 is an InputError.
 */
export async function readIntegers(path: string): Promise<Float64Array> {
  const bytes = await openBytes(path);
  try {
    const header = await readNpyHeader(bytes);
    const [n, cols = 1, ...more] = header.shape;
    if (n === undefined || cols !== 1 || more.length > 0) {
      throw new InputError(`${path}: shape [${header.shape.join(", ")}] is not a list; give one axis`);
    }
    if (header.dtype.endsWith("b1"))
      throw new InputError(`${path}: is a mask; give the row numbers, as numpy.flatnonzero does`);
    const values = new Float64Array(n);
    await readValues(bytes, header, 0, values);
    const at = values.findIndex((value) => !Number.isSafeInteger(value));
    if (at >= 0) throw new InputError(`${path}: index ${at} holds ${values[at]}; give whole numbers`);
    return values;
  } finally {
    await bytes.close();
  }
}

/** Writes float32 or int32 values in C order as they come; together they must fill the shape. */
export async function writeNpy(
  path: string,
  shape: readonly number[],
  chunks: AsyncIterable<Float32Array | Int32Array> | Iterable<Float32Array | Int32Array>,
  dtype: "<f4" | "<i4" = "<f4",
  signal?: AbortSignal,
): Promise<void> {
  let left = shape.reduce((product, count) => product * count, 1);
  const fill = async (write: Write): Promise<void> => {
    await write(npyHeader(dtype, shape));
    for await (const chunk of chunks) {
      left -= chunk.length;
      if (chunk instanceof Int32Array !== (dtype === "<i4"))
        throw new TypeError(`${path}: a chunk of ${chunk.constructor.name} in an array of ${dtype}`);
      await write(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    }
    if (left !== 0)
      throw new RangeError(`${path}: shape [${shape.join(", ")}] and its values differ by ${Math.abs(left)}`);
  };
  await writeFileWhole(path, fill, signal);
}

async function closeOnError<T>(bytes: Bytes, use: (bytes: Bytes) => Promise<T>): Promise<T> {
  try {
    return await use(bytes);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}
