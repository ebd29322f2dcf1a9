/**
 * numpy's .npy arrays as row sources: ranges of rows are read where they lie and become float32 on the way.
 */
import { InputError } from "../errors.ts";
import { packedBytes, type DirectRows, type PackedRows, type RowSource } from "../matrix.ts";
import type { Bytes } from "./bytes.ts";
import { type Numbers, swapBytes } from "./elements.ts";
import { type NpyHeader, readNpyHeader } from "./npyHeader.ts";

export interface NpyFile {
  readonly shape: readonly number[];
  /** As the file says it, such as "<f4". */
  readonly dtype: string;
  /**
   * The rows of a [rows, cols] array, of a [rows] array (cols is 1), or of a [passes, rows, cols] array. A range of rows
   * is read in all passes, and nothing else of the file. Values beyond float32 become infinite. float16 and int8 in C
   * order may be read packed, too. Closing it closes the file. Any other shape is an InputError.
   */
  source(name?: string): RowSource;
  close(): Promise<void>;
}

/** The array in bytes that are a whole .npy file, wherever they come from. */
export async function npyFile(bytes: Bytes): Promise<NpyFile> {
  const header = await readNpyHeader(bytes);
  const { shape, dtype } = header;
  if (shape.includes(0))
    throw new InputError(`${bytes.name}: shape [${shape.join(", ")}] is empty; give at least one row and one column`);
  const close = once(() => bytes.close());
  return { shape, dtype, close, source: (name = bytes.name) => npySource(name, bytes, header, close) };
}

function npySource(name: string, bytes: Bytes, header: NpyHeader, close: () => Promise<void>): RowSource {
  const { passes, rows, cols } = sizesOf(name, header.shape);
  // Where no two axes are longer than 1, both orders are the same bytes.
  const byColumns = header.fortran && header.shape.filter((size) => size > 1).length > 1;
  const check = (start: number, count: number, values: number): void => {
    if (start < 0 || start + count > rows || values !== passes * count * cols)
      throw new RangeError(`${name}: rows ${start} to ${start + count} of ${rows} do not go into ${values} values`);
  };
  const type = byColumns ? undefined : packedType(header);
  const packed: PackedRows | undefined = type && {
    type,
    async read(start, count, into) {
      const size = packedBytes[type];
      check(start, count, into.length / size);
      for (let pass = 0; pass < passes; pass++) {
        const target = into.subarray(pass * count * cols * size, (pass + 1) * count * cols * size);
        await bytes.read(target, header.start + (pass * rows + start) * cols * size);
      }
    },
  };
  return {
    name,
    rows,
    cols,
    passes,
    stored: header.element.name,
    packed,
    async read(start, count, into) {
      check(start, count, into.length);
      if (!byColumns) {
        for (let pass = 0; pass < passes; pass++) {
          const target = into.subarray(pass * count * cols, (pass + 1) * count * cols);
          await readValues(bytes, header, (pass * rows + start) * cols, target);
        }
        return;
      }
      // In a column the passes of a row lie together, and its rows behind each other.
      const columns = Array.from({ length: Math.min(cols, COLUMNS) }, () => new Float32Array(count * passes));
      for (let first = 0; first < cols; first += COLUMNS) {
        const some = columns.slice(0, cols - first);
        await Promise.all(
          some.map((column, c) => readValues(bytes, header, ((first + c) * rows + start) * passes, column)),
        );
        transpose(some, passes, into.subarray(first), cols);
      }
    },
    ...(bytes.readNow && !byColumns && passes === 1 && { direct: async () => directRows(bytes, header, cols) }),
    close,
  };
}

/** Rows of a file that is open: closing it is not theirs to do. */
function directRows(bytes: Bytes, header: NpyHeader, cols: number): DirectRows {
  return {
    read: (start, _, into) => readValuesNow(bytes, header, start * cols, into),
    async close() {},
  };
}

/** A single byte has no order, whatever the header says. */
function packedType({ dtype, bigEndian }: NpyHeader): PackedRows["type"] | undefined {
  if (dtype.endsWith("i1")) return "int8";
  return dtype.endsWith("f2") && !bigEndian ? "float16" : undefined;
}

/** Columns read at a time: their values of one row fill a cache line. */
const COLUMNS = 16;

function transpose(columns: readonly Float32Array[], passes: number, into: Float32Array, stride: number): void {
  const values = columns[0].length;
  for (let pass = 0, to = 0; pass < passes; pass++) {
    for (let from = pass; from < values; from += passes, to += stride) {
      for (let c = 0; c < columns.length; c++) into[to + c] = columns[c][from];
    }
  }
}

function sizesOf(name: string, shape: readonly number[]): { passes: number; rows: number; cols: number } {
  if (shape.length === 1) return { passes: 1, rows: shape[0], cols: 1 };
  if (shape.length === 2) return { passes: 1, rows: shape[0], cols: shape[1] };
  if (shape.length === 3) return { passes: shape[0], rows: shape[1], cols: shape[2] };
  throw new InputError(
    `${name}: shape [${shape.join(", ")}] has ${shape.length} axes; give [rows, columns] or [passes, rows, columns]`,
  );
}

/** Fills `into` with the values from `start` on, counted in the order in which they lie in the file. */
export async function readValues(bytes: Bytes, header: NpyHeader, start: number, into: Numbers): Promise<void> {
  const { element, bigEndian, dtype } = header;
  const position = header.start + start * element.size;
  if (into instanceof Float32Array && dtype.endsWith("f4")) {
    const target = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    await bytes.read(target, position);
    if (bigEndian) swapBytes(target, element.size);
    return;
  }
  const scratch = new Uint8Array(Math.min(into.length, PIECE) * element.size);
  for (let done = 0; done < into.length; done += PIECE) {
    const piece = into.subarray(done, done + PIECE);
    const raw = scratch.subarray(0, piece.length * element.size);
    await bytes.read(raw, position + done * element.size);
    if (bigEndian) swapBytes(raw, element.size);
    element.decode(raw, piece);
  }
}

/** The same at once, of bytes that allow it. */
function readValuesNow(bytes: Bytes, header: NpyHeader, start: number, into: Float32Array): void {
  const { element, bigEndian, dtype } = header;
  const isOwn = dtype.endsWith("f4");
  const raw = isOwn
    ? new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
    : new Uint8Array(into.length * element.size);
  bytes.readNow!(raw, header.start + start * element.size);
  if (bigEndian) swapBytes(raw, element.size);
  if (!isOwn) element.decode(raw, into);
}

/** Values converted at a time: what bounds the memory beside the target. */
const PIECE = 2 ** 18;

function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => (closing ??= close());
}
