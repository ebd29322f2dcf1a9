/** What an Arrow file or stream says of itself: its columns, and where its record batches lie. */
import { InputError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";
import { type Element, elements } from "./elements.ts";
import { type FlatTable, rootTable } from "./flatbuffers.ts";

/** How numbers are stored; bools are a bit each. */
export type Item = Element | "bits";

/** What lies before a column in a batch; each view column has buffers of its own number in every batch. */
interface Place {
  readonly node: number;
  readonly buffer: number;
  readonly view: number;
}

export interface Field {
  readonly name: string;
  /** Of what is neither numbers nor lists of them, none. */
  readonly item?: Item;
  /** Of a list: its length, or the bytes of an offset. */
  readonly list?: { readonly length: number } | { readonly offsetBytes: 4 | 8 };
  readonly place: Place;
}

export type Codec = "LZ4" | "ZSTD";

export interface Node {
  readonly length: number;
  readonly nulls: number;
}

/** Rows that lie together, column by column. */
export interface Batch {
  readonly rows: number;
  /** Rows and nulls of each column, and of the items of lists behind those of the lists. */
  readonly nodes: readonly Node[];
  /** Bytes from `start` on. */
  readonly buffers: readonly { readonly offset: number; readonly length: number }[];
  /** How many buffers each view column has. */
  readonly views: readonly number[];
  readonly codec?: Codec;
  /** Where its buffers begin in the file. */
  readonly start: number;
}

export interface ArrowFile {
  readonly fields: readonly Field[];
  /** In their order, read as they are asked for. */
  batches(): AsyncGenerator<Batch>;
}

const MAGIC = "ARROW1";
/** The magic twice, and how long what says where the batches lie is. */
const SHORTEST_FILE = 2 * MAGIC.length + 4;
/** Of a message, by its kind. */
const SCHEMA = 1;
const RECORD_BATCH = 3;
/** Stands before a message's length, but in those of old. */
const CONTINUED = 0xffffffff;

/** Complaints that are no InputError are about bytes that are damaged. */
export async function openArrow(bytes: Bytes): Promise<ArrowFile> {
  const { name, size } = bytes;
  if (size === 0) throw new InputError(`${name}: is empty; write it again`);
  const begin = await textAt(bytes, 0);
  if (begin.startsWith("FEA1"))
    throw new InputError(`${name}: is Feather version 1; write it as version 2, which is Arrow`);
  if (begin.startsWith("PAR1")) throw new InputError(`${name}: is Parquet, not Arrow; name it .parquet`);
  if (begin === MAGIC) return openWithFooter(bytes);
  if (begin === MAGIC.slice(0, size)) throw truncated(name);
  return openStream(bytes);
}

export const truncated = (name: string): InputError =>
  new InputError(`${name}: truncated: breaks off; copy or write it again`);

/** A file that was cut off has no footer, and is no stream either. */
async function openWithFooter(bytes: Bytes): Promise<ArrowFile> {
  const { name, size } = bytes;
  if (size < SHORTEST_FILE || (await textAt(bytes, size - MAGIC.length)) !== MAGIC) throw truncated(name);
  const lengthAt = size - MAGIC.length - 4;
  const length = (await viewAt(bytes, lengthAt, 4)).getInt32(0, true);
  if (length <= 0 || length > size - SHORTEST_FILE) throw new Error(`a footer of ${length} bytes`);
  const footer = rootTable(await bytesAt(bytes, lengthAt - length, length));
  const version = footer.number(0, "Int16");
  const blocks = footer.longs(3, 3);
  return {
    fields: fieldsOf(name, footer.table(1), version, length),
    async *batches() {
      for (let i = 0; i < blocks.length; i += 3) {
        const message = await messageAt(bytes, blocks[i]);
        if (message?.kind !== RECORD_BATCH) throw new Error(`batch ${i / 3} of ${blocks.length / 3} is missing`);
        yield batchOf(name, message);
      }
    },
  };
}

async function openStream(bytes: Bytes): Promise<ArrowFile> {
  const { name } = bytes;
  const first = await messageAt(bytes, 0);
  if (!first) throw truncated(name);
  if (first.kind !== SCHEMA) throw new Error("it does not begin with its columns");
  return {
    fields: fieldsOf(name, first.content, first.version, first.start),
    async *batches() {
      for (let at = first.end; ;) {
        const message = await messageAt(bytes, at);
        if (!message) return;
        if (message.kind === RECORD_BATCH) yield batchOf(name, message);
        at = message.end;
      }
    },
  };
}

interface Message {
  readonly version: number;
  readonly kind: number;
  readonly content: FlatTable;
  /** Of what it describes. */
  readonly start: number;
  readonly end: number;
}

/** Undefined at the end, which a stream may leave unsaid. */
async function messageAt(bytes: Bytes, at: number): Promise<Message | undefined> {
  const { name, size } = bytes;
  if (!(at >= 0 && at <= size)) throw new Error(`a message at byte ${at}`);
  if (at === size) return undefined;
  if (at + 4 > size) throw truncated(name);
  const head = await viewAt(bytes, at, Math.min(8, size - at));
  const isContinued = head.getUint32(0, true) === CONTINUED;
  if (isContinued && head.byteLength < 8) throw truncated(name);
  const length = head.getInt32(isContinued ? 4 : 0, true);
  if (length === 0) return undefined;
  const begin = at + (isContinued ? 8 : 4);
  if (isContinued && length > size - begin) throw truncated(name);
  if (length < 0 || length > size - begin) throw new Error(`a message of ${length} bytes`);
  const message = rootTable(await bytesAt(bytes, begin, length));
  const content = message.table(2);
  if (!content) throw new Error("an empty message");
  const bodyLength = message.number(3, "BigInt64");
  const start = begin + length;
  if (!(bodyLength >= 0)) throw new Error(`a message of ${bodyLength} bytes`);
  if (start + bodyLength > size) throw truncated(name);
  const version = message.number(0, "Int16");
  return { version, kind: message.number(1, "Int8"), content, start, end: start + bodyLength };
}

function batchOf(name: string, { content, start, end }: Message): Batch {
  const nodes = pairs(content.longs(1, 2)).map(([length, nulls]) => ({ length, nulls }));
  const buffers = pairs(content.longs(2, 2)).map(([offset, length]) => ({ offset, length }));
  for (const { offset, length } of buffers)
    if (!(offset >= 0 && length >= 0 && start + offset + length <= end))
      throw new Error("a buffer lies outside of its batch");
  const rows = content.number(0, "BigInt64");
  const batch = { rows, nodes, buffers, views: content.longs(4, 1), start };
  const compression = content.table(3);
  if (!compression) return batch;
  const codec = (["LZ4", "ZSTD"] as const)[compression.number(0, "Int8")];
  if (codec && compression.number(1, "Int8") === 0) return { ...batch, codec };
  throw new InputError(`${name}: is packed in a way that is not known; write it with LZ4, ZSTD or uncompressed`);
}

const pairs = (numbers: readonly number[]): [number, number][] =>
  Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]]);

/** From this on unions have no nulls of their own. */
const VERSION_5 = 4;

/** `size` is that of what describes them. */
function fieldsOf(name: string, schema: FlatTable | undefined, version: number, size: number): Field[] {
  if (!schema) throw new Error("it has no columns");
  if (schema.number(0, "Int16") !== 0) throw new InputError(`${name}: is big-endian; write it as little-endian`);
  if (version < VERSION_5 - 1)
    throw new InputError(`${name}: is of a version of Arrow before 0.8; write it with a newer one`);
  const counts = { node: 0, buffer: 0, view: 0 };
  // Offsets only go forward, but two may lead to the same place: a few bytes could describe fields without number.
  let left = size / 4;
  const pass = (field: FlatTable): void => {
    const isCoded = field.table(4) !== undefined;
    const type = field.number(2, "Int8");
    counts.node++;
    counts.buffer += isCoded ? BUFFERS[INT] : buffersOf(type, field, version);
    if (isCoded) return;
    if (type === BINARY_VIEW || type === TEXT_VIEW) counts.view++;
    const below = field.tables(5);
    left -= below.length;
    if (left < 0) throw new Error("more columns than it has room for");
    below.forEach(pass);
  };
  return schema.tables(1).map((field) => {
    const place = { ...counts };
    pass(field);
    return { name: field.text(0), place, ...valuesOf(field) };
  });
}

const INT = 2;
const FLOAT = 3;
const BOOL = 6;
const LIST = 12;
const UNION = 14;
const FIXED_LIST = 16;
const LARGE_LIST = 21;
const BINARY_VIEW = 23;
const TEXT_VIEW = 24;
/** Of each type, by its number: what a column has but for those below it. A view has more. */
const BUFFERS = [-1, 0, 2, 2, 3, 3, 2, 2, 2, 2, 2, 2, 2, 1, 1, 2, 1, 2, 2, 3, 3, 2, 0, 2, 2, 3, 3];

function buffersOf(type: number, field: FlatTable, version: number): number {
  if (!(BUFFERS[type] >= 0)) throw new Error(`a column of a kind ${type}`);
  if (type !== UNION) return BUFFERS[type];
  return BUFFERS[UNION] + (typeOf(field).number(0, "Int16") === 0 ? 0 : 1) + (version < VERSION_5 ? 1 : 0);
}

function valuesOf(field: FlatTable): Pick<Field, "item" | "list"> {
  if (field.table(4)) return {};
  const type = field.number(2, "Int8");
  if (type !== LIST && type !== LARGE_LIST && type !== FIXED_LIST) return { item: itemOf(field) };
  const [child] = field.tables(5);
  const item = child && itemOf(child);
  if (!item) return {};
  if (type === FIXED_LIST) return { item, list: { length: typeOf(field).number(0, "Int32") } };
  return { item, list: { offsetBytes: type === LIST ? 4 : 8 } };
}

function itemOf(field: FlatTable): Item | undefined {
  if (field.table(4)) return undefined;
  const type = field.number(2, "Int8");
  if (type === BOOL) return "bits";
  if (type === FLOAT) return elements[`f${[2, 4, 8][typeOf(field).number(0, "Int16")]}`];
  if (type !== INT) return undefined;
  const sign = typeOf(field).number(1, "Int8") === 0 ? "u" : "i";
  return elements[sign + typeOf(field).number(0, "Int32") / 8];
}

function typeOf(field: FlatTable): FlatTable {
  const type = field.table(3);
  if (!type) throw new Error("a column of no kind");
  return type;
}

async function textAt(bytes: Bytes, at: number): Promise<string> {
  return String.fromCharCode(...(await bytesAt(bytes, at, Math.min(MAGIC.length, bytes.size))));
}

async function viewAt(bytes: Bytes, at: number, length: number): Promise<DataView> {
  return new DataView((await bytesAt(bytes, at, length)).buffer);
}

/** The bytes are there; they begin where their ArrayBuffer does. */
export async function bytesAt(bytes: Bytes, at: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(length);
  await bytes.read(content, at);
  return content;
}
