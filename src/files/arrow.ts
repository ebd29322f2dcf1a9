/** Arrow's tables of columns, as a file or a stream of record batches, by way of the package apache-arrow. */
import type { AsyncRecordBatchFileReader, RecordBatch, RecordBatchReader, Vector } from "apache-arrow";
import { InputError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";
import { chooseColumns, type Column, shown, type TableRows } from "./columns.ts";

type Arrow = typeof import("apache-arrow");
type DataType = Vector["type"];

/**
 * Rows of an Arrow file or stream, a record batch at a time, as they are asked for: all columns of single numbers but
 * `row`, the only column of lists, or those named. Nulls are NaN. The bytes stay open.
 */
export async function arrowRows(bytes: Bytes, columns?: readonly string[]): Promise<TableRows> {
  const { name } = bytes;
  const arrow = await loadArrow(name);
  const handle = handleOf(bytes);
  const isFile = await checkEnds(bytes);
  const reader = await refusing(name, async () => {
    const opened = await arrow.RecordBatchReader.from(handle);
    return await opened.open();
  });
  const fields = reader.schema?.fields;
  if (!fields) throw truncated(name);
  const places = chooseColumns(
    name,
    fields.map((field): Column => ({ name: field.name, kind: kindOf(arrow, field.type) })),
    columns,
  );
  const isList = kindOf(arrow, fields[places[0]].type) === "list";
  const batches = isFile ? fileBatches(name, reader) : streamBatches(name, reader, handle);
  const said = shown(fields[places[0]].name);
  // A list's length may be known from its values alone.
  const begun: RecordBatch[] = [];
  let width = isList ? undefined : places.length;
  while (width === undefined) {
    const { value: batch } = await batches.next();
    if (!batch) throw new InputError(`${name}: ${hasRows(begun) ? `column ${said} has only nulls` : "has no rows"}`);
    begun.push(batch);
    width = await refusing(name, async () => listLength(arrow, vectorAt(batch, places[0])));
  }
  const cols = width;
  if (cols === 0) throw new InputError(`${name}: column ${said} has empty lists`);

  async function* chunks(): AsyncGenerator<Float32Array> {
    let row = 0;
    for await (const batch of after(begun, batches)) {
      const { numRows } = batch;
      if (numRows === 0) continue;
      const first = row;
      yield await refusing(name, async () => {
        const vectors = places.map((place) => vectorAt(batch, place));
        if (isList) return listRows(arrow, name, fields[places[0]].name, vectors[0], cols, first);
        for (const vector of vectors) checkValues(arrow, vector, numRows);
        const values = new Float32Array(numRows * cols);
        vectors.forEach((vector, c) => copyNumbers(arrow, vector, values, c, cols));
        return values;
      });
      row += numRows;
    }
  }
  const [only] = places;
  const names = isList
    ? Array.from({ length: cols }, (_, i) => `${fields[only].name}[${i}]`)
    : places.map((place) => fields[place].name);
  return { names, chunks: chunks() };
}

async function loadArrow(name: string): Promise<Arrow> {
  try {
    return await import("apache-arrow");
  } catch (error) {
    const said = (error as Error).message.split("\n", 1)[0];
    throw new InputError(
      `${name}: Arrow needs the npm package apache-arrow, which did not load (${said}): run npm install apache-arrow@21`,
    );
  }
}

function kindOf({ DataType: types }: Arrow, type: DataType): Column["kind"] {
  if (types.isInt(type) || types.isFloat(type) || types.isBool(type)) return "number";
  const isList = types.isList(type) || types.isLargeList(type) || types.isFixedSizeList(type);
  if (!isList) return "other";
  const item = type.children[0]?.type;
  return types.isInt(item) || types.isFloat(item) || types.isBool(item) ? "list" : "other";
}

const MAGIC = "ARROW1";
/** The magic twice, and how long what says where the batches lie is. */
const SHORTEST_FILE = 2 * MAGIC.length + 4;

/** Whether it is a file, not a stream. The library would take a file that was cut off for one without a footer. */
async function checkEnds(bytes: Bytes): Promise<boolean> {
  const { name, size } = bytes;
  if (size === 0) throw new InputError(`${name}: is empty; write it again`);
  const begin = await textAt(bytes, 0);
  if (begin.startsWith("FEA1"))
    throw new InputError(`${name}: is Feather version 1; write it as version 2, which is Arrow`);
  if (begin.startsWith("PAR1")) throw new InputError(`${name}: is Parquet, not Arrow; name it .parquet`);
  if (begin !== MAGIC) {
    if (begin !== MAGIC.slice(0, size)) return false;
    throw truncated(name);
  }
  if (size < SHORTEST_FILE || (await textAt(bytes, size - MAGIC.length)) !== MAGIC) throw truncated(name);
  const footer = new DataView(new ArrayBuffer(4));
  await bytes.read(new Uint8Array(footer.buffer), size - MAGIC.length - 4);
  const length = footer.getInt32(0, true);
  if (length <= 0 || length > size - SHORTEST_FILE) throw damaged(name, `a footer of ${length} bytes`);
  return true;
}

async function textAt(bytes: Bytes, position: number): Promise<string> {
  const piece = new Uint8Array(Math.min(MAGIC.length, bytes.size));
  await bytes.read(piece, position);
  return String.fromCharCode(...piece);
}

/** What the library takes for a file that is open, and the last that was read from it. */
interface Handle {
  readonly fd: number;
  last: Uint8Array;
  stat(): Promise<{ size: number }>;
  read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }>;
  close(): Promise<void>;
}

function handleOf(bytes: Bytes) {
  const handle: Handle = {
    fd: -1,
    last: new Uint8Array(0),
    stat: async () => ({ size: bytes.size }),
    async read(into, offset, length, position) {
      handle.last = into.subarray(offset, offset + length);
      await bytes.read(handle.last, position);
      return { bytesRead: length, buffer: into };
    },
    async close() {},
  };
  return handle as Handle & import("node:fs/promises").FileHandle;
}

/** By number where it is a file: asked for the next one, the library would look at a damaged one forever. */
async function* fileBatches(name: string, reader: RecordBatchReader): AsyncGenerator<RecordBatch, undefined> {
  const file = reader as AsyncRecordBatchFileReader;
  for (let i = 0; i < file.numRecordBatches; i++) {
    const batch = await refusing(name, () => file.readRecordBatch(i));
    if (!batch) throw damaged(name, `batch ${i} of ${file.numRecordBatches} is missing`);
    yield batch;
  }
}

async function* streamBatches(
  name: string,
  reader: RecordBatchReader,
  handle: Handle,
): AsyncGenerator<RecordBatch, undefined> {
  for (;;) {
    const { done, value } = await refusing(name, async () => reader.next());
    if (done) break;
    yield value as RecordBatch;
  }
  // A stream ends with a length of 0, or at the end of a message, which is longer than a length.
  const { last } = handle;
  if (last.length < 4 || (last.length === 4 && last.some((byte) => byte !== 0))) throw truncated(name);
}

const hasRows = (batches: readonly RecordBatch[]): boolean => batches.some(({ numRows }) => numRows > 0);

async function* after(begun: RecordBatch[], rest: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  yield* begun.splice(0);
  yield* rest;
}

function vectorAt(batch: RecordBatch, place: number): Vector {
  const vector = batch.getChildAt(place);
  if (!vector || vector.length !== batch.numRows) throw new Error(`column ${place} lacks values`);
  return vector;
}

/** A column whose buffers are shorter than they should be reads as undefined. */
function checkValues({ DataType: types }: Arrow, vector: Vector, rows: number): void {
  for (const { type, length, values, nullBitmap, nullCount } of vector.data) {
    const have = types.isBool(type) ? (values?.length ?? 0) * 8 : (values?.length ?? 0);
    if (length > rows || have < length) throw new Error(`a column of ${rows} rows has ${have} values`);
    if (nullCount > 0 && nullBitmap && nullBitmap.length * 8 < length) throw new Error("a column lacks its nulls");
  }
}

/** Writes the values of a vector to every `stride`th place from `first` on. */
function copyNumbers(arrow: Arrow, vector: Vector, into: Float32Array, first: number, stride: number): void {
  const { type, length } = vector;
  if (isDirect(arrow, type) && vector.nullCount === 0) {
    const values = vector.toArray() as ArrayLike<number>;
    for (let i = 0, to = first; i < length; i++, to += stride) into[to] = values[i];
    return;
  }
  for (let i = 0, to = first; i < length; i++, to += stride) {
    const value: unknown = vector.get(i);
    into[to] = value === null ? NaN : Number(value);
  }
}

/** Whether values lie in memory as numbers: not float16, 64 bits of integer, or a bit each. */
function isDirect({ DataType: types, Precision }: Arrow, type: DataType): boolean {
  return (types.isFloat(type) && type.precision !== Precision.HALF) || (types.isInt(type) && type.bitWidth < 64);
}

/** Of the first list that is there, or undefined. */
function listLength({ DataType: types }: Arrow, vector: Vector): number | undefined {
  if (types.isFixedSizeList(vector.type)) return vector.type.listSize;
  for (let i = 0; i < vector.length; i++) {
    if (vector.isValid(i)) return (vector.get(i) as Vector).length;
  }
  return undefined;
}

/** Rows of lists of `cols` numbers; `row` is the first. */
function listRows(arrow: Arrow, name: string, column: string, vector: Vector, cols: number, row: number): Float32Array {
  const values = new Float32Array(vector.length * cols);
  let done = 0;
  for (const { type, length, children, valueOffsets, nullBitmap, nullCount } of vector.data) {
    const items = new arrow.Vector([children[0]]);
    checkValues(arrow, items, items.length);
    const numbers = new Float32Array(items.length);
    copyNumbers(arrow, items, numbers, 0, 1);
    const isFixed = arrow.DataType.isFixedSizeList(type);
    if (nullCount > 0 && nullBitmap && nullBitmap.length * 8 < length) throw new Error("a column lacks its nulls");
    for (let i = 0; i < length; i++, done++) {
      const to = done * cols;
      if (!vector.isValid(done)) {
        values.fill(NaN, to, to + cols);
        continue;
      }
      const start = isFixed ? i * cols : Number(valueOffsets[i]);
      const end = isFixed ? start + cols : Number(valueOffsets[i + 1]);
      if (end - start !== cols)
        throw new InputError(
          `${name}: row ${row + done}, column ${shown(column)} has ${end - start} values, rows before have ${cols}; give every row as many`,
        );
      if (!(start >= 0 && end <= numbers.length)) throw new Error("a list lies outside of its values");
      values.set(numbers.subarray(start, end), to);
    }
  }
  return values;
}

/** Runs what the library does, whose complaints are about the file. */
async function refusing<T>(name: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const said = String((error as Error)?.message ?? error).replace(/\s+/g, " ");
    if (said.includes("codec not found"))
      throw new InputError(
        `${name}: is compressed, which cannot be read: write it plain, as pandas does with to_feather(path, compression="uncompressed")`,
      );
    throw damaged(name, said);
  }
}

const damaged = (name: string, said: string): InputError =>
  new InputError(`${name}: is damaged, or not Arrow: ${said.slice(0, 120)}; copy or write it again`);

const truncated = (name: string): InputError =>
  new InputError(`${name}: truncated: breaks off; copy or write it again`);
