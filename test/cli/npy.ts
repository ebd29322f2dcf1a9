/** The .npy format by hand: what tests write, so that it can be wrong, and what they read without the code under test. */
import { readFileSync } from "node:fs";

export interface NpyParts {
  descr?: string;
  fortran?: string;
  shape?: string;
  /** The header's dict, in place of one made of the above. */
  dict?: string;
  version?: number;
}

/** A .npy file of version 1. */
export function npy(values: ArrayBufferView, parts: NpyParts = {}): Buffer {
  const { descr = "<f4", fortran = "False", version = 1 } = parts;
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const shape = parts.shape ?? `(${bytes.length / Number(descr.slice(2))},)`;
  const dict = parts.dict ?? `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const header = Buffer.from(`\x93NUMPY\0\0\0\0${dict}\n`, "latin1");
  header[6] = version;
  header.writeUInt16LE(header.length - 10, 8);
  return Buffer.concat([header, bytes]);
}

/** A float32 matrix as a .npy file. */
export function matrix(rows: readonly (readonly number[])[]): Buffer {
  return npy(Float32Array.from(rows.flat()), { shape: `(${rows.length}, ${rows[0].length})` });
}

/** An array [rows, classes] or [passes, rows, classes] as a .npy file of float32, or float64 where asked. */
export function array(
  values: readonly number[],
  shape: readonly number[],
  { fortran = false, descr = "<f4" }: { fortran?: boolean; descr?: "<f4" | "<f8" } = {},
): Buffer {
  const ordered = fortran ? firstFastest(values, shape) : values;
  const data = descr === "<f8" ? Float64Array.from(ordered) : Float32Array.from(ordered);
  return npy(data, { descr, fortran: fortran ? "True" : "False", shape: `(${shape.join(", ")},)` });
}

/** C order to Fortran order. */
function firstFastest(values: readonly number[], shape: readonly number[]): number[] {
  const [passes, rows, classes] = [1, ...shape].slice(-3);
  return values.map((_, at) => {
    const pass = at % passes;
    const row = Math.floor(at / passes) % rows;
    return values[(pass * rows + row) * classes + Math.floor(at / (passes * rows))];
  });
}

/** What poolwise wrote: little-endian float32 or int32, in C order. */
export function readNpy(path: string): { dtype: string; shape: number[]; values: number[] } {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 0, start);
  const match = /^.{10}{'descr': '(<f4|<i4)', 'fortran_order': False, 'shape': \(([\d, ]*)\), } *\n$/s.exec(header);
  if (!match || !header.startsWith("\x93NUMPY\x01\0"))
    throw new Error(`${path}: not a header as numpy writes it: ${JSON.stringify(header)}`);
  const [, dtype, shape] = match;
  const raw = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length);
  return {
    dtype,
    shape: shape.split(",").filter(Boolean).map(Number),
    values: [...(dtype === "<f4" ? new Float32Array(raw) : new Int32Array(raw))],
  };
}
