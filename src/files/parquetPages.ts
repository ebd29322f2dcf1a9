/**
 * The pages of a Parquet column, decoded to float32 without a value or a list as an object of its own: hyparquet's own
 * decoder makes arrays of arrays of lists, which takes a hundred times as long. Whatever damage says, no more is read,
 * allocated or repeated than the bytes account for. An Error says what is wrong; whoever reads a file adds its name.
 */
import { powerOfTen } from "../elementary.ts";
import { elements } from "./elements.ts";
import { readDeltas, readRuns } from "./runs.ts";
import { type Fields, readStruct } from "./thrift.ts";

/** How the values of a column lie in its pages. */
export interface Layout {
  readonly type: "BOOLEAN" | "INT32" | "INT64" | "FLOAT" | "DOUBLE" | "BYTE_ARRAY" | "FIXED_LEN_BYTE_ARRAY";
  /** Bytes a value where its type does not say. */
  readonly length: number;
  readonly unsigned: boolean;
  /** A decimal's digits behind the point. */
  readonly scale?: number;
  /** The level at which a value is there; below, it is null. */
  readonly defined: number;
  /** The level from which on a list has an entry, null or not; 0 for a column without lists. */
  readonly entry: number;
}

export interface PageHeader {
  readonly kind: "data" | "data v2" | "dictionary" | "other";
  /** Bytes of the header itself. */
  readonly length: number;
  /** Bytes behind the header. */
  readonly packed: number;
  readonly unpacked: number;
  /** Values, nulls among them; of a dictionary, its values. */
  readonly entries: number;
  readonly encoding: string;
  /** Of a v1 page: which levels, if there are any, are packed as Parquet gave up to do. */
  readonly oldLevels?: { readonly defined: boolean; readonly repeated: boolean };
  /** Of a v2 page: bytes of levels, which are never packed. */
  readonly repeatBytes: number;
  readonly definedBytes: number;
  readonly isPacked: boolean;
}

export interface Page {
  /** Those that are not null, in order. */
  readonly values: Float32Array;
  /** A level an entry, where there are nulls. */
  readonly defined?: Uint8Array;
  /** A level an entry, of lists: 0 begins a row. */
  readonly repeated?: Uint8Array;
}

/** A file may be whole and yet not be for us. */
export class UnsupportedEncoding extends Error {}

export type Unpack = (packed: Uint8Array, size: number) => Uint8Array;

/** What a page may unpack to, and how many entries it may have: what damage may make us ask for. */
const LARGEST_PAGE = 2 ** 30;
const MOST_ENTRIES = 2 ** 27;

const KINDS = ["data", "other", "dictionary", "data v2"] as const;
const ENCODINGS = [
  "PLAIN",
  "GROUP_VAR_INT",
  "PLAIN_DICTIONARY",
  "RLE",
  "BIT_PACKED",
  "DELTA_BINARY_PACKED",
  "DELTA_LENGTH_BYTE_ARRAY",
  "DELTA_BYTE_ARRAY",
  "RLE_DICTIONARY",
  "BYTE_STREAM_SPLIT",
];
const BIT_PACKED = ENCODINGS.indexOf("BIT_PACKED");
/** Bytes of a decimal: writers go up to 32. */
export const LONGEST_DECIMAL = 64;

/** The header at the beginning of some bytes of a column. */
export function readPageHeader(bytes: Uint8Array): PageHeader {
  const { fields, end } = readStruct(bytes, 0);
  const kind = KINDS[count(fields, 1, "its kind", KINDS.length - 1)];
  const described = kind === "other" ? undefined : fields.get({ data: 5, dictionary: 7, "data v2": 8 }[kind]);
  if (kind !== "other" && !(described instanceof Map)) throw new Error(`a page of ${kind} is not described`);
  const page: Fields = described instanceof Map ? described : new Map();
  const v2 = kind === "data v2";
  const encoding = page.get(v2 ? 4 : 2);
  return {
    kind,
    length: end,
    packed: count(fields, 3, "its bytes", LARGEST_PAGE),
    unpacked: count(fields, 2, "its bytes", LARGEST_PAGE),
    entries: kind === "other" ? 0 : count(page, 1, "its entries", MOST_ENTRIES),
    encoding: ENCODINGS[encoding as number] ?? String(encoding),
    oldLevels:
      kind === "data" ? { defined: page.get(3) === BIT_PACKED, repeated: page.get(4) === BIT_PACKED } : undefined,
    repeatBytes: v2 ? count(page, 6, "its bytes", LARGEST_PAGE) : 0,
    definedBytes: v2 ? count(page, 5, "its bytes", LARGEST_PAGE) : 0,
    isPacked: !v2 || page.get(7) !== false,
  };
}

function count(fields: Fields, field: number, what: string, most: number): number {
  const value = fields.get(field);
  if (typeof value !== "number" || !(value >= 0 && value <= most))
    throw new Error(`a page says ${String(value)} for ${what}`);
  return value;
}

export function readDictionary(header: PageHeader, body: Uint8Array, layout: Layout, unpack: Unpack): Float32Array {
  return plain(unpack(body, header.unpacked), header.entries, layout);
}

export function readPage(
  header: PageHeader,
  body: Uint8Array,
  layout: Layout,
  unpack: Unpack,
  dictionary: Float32Array | undefined,
): Page {
  const { kind, entries, unpacked, repeatBytes, definedBytes, isPacked } = header;
  let rest: Uint8Array;
  let repeated: Uint8Array | undefined;
  let defined: Uint8Array | undefined;
  if (kind === "data v2") {
    const levelBytes = repeatBytes + definedBytes;
    if (levelBytes > Math.min(body.length, unpacked)) throw new Error(`a page has ${levelBytes} bytes of levels`);
    if (layout.entry) repeated = levels(body.subarray(0, repeatBytes), 1, entries);
    if (layout.defined) defined = levels(body.subarray(repeatBytes, levelBytes), layout.defined, entries);
    const values = body.subarray(levelBytes);
    rest = isPacked && values.length > 0 ? unpack(values, unpacked - levelBytes) : values;
  } else {
    const { oldLevels } = header;
    if ((layout.entry && oldLevels?.repeated) || (layout.defined && oldLevels?.defined))
      throw new UnsupportedEncoding("levels of values are encoded as BIT_PACKED, which is not supported");
    rest = unpack(body, unpacked);
    if (layout.entry) [repeated, rest] = prefixed(rest, 1, entries);
    if (layout.defined) [defined, rest] = prefixed(rest, layout.defined, entries);
  }
  const there = defined ? occurrences(defined, layout.defined) : entries;
  const values = readValues(header, rest, there, layout, dictionary);
  return { values, repeated, defined: there === entries ? undefined : defined };
}

function occurrences(values: Uint8Array, wanted: number): number {
  let found = 0;
  for (let i = 0; i < values.length; i++) if (values[i] === wanted) found++;
  return found;
}

function prefixed(bytes: Uint8Array, highest: number, entries: number): [Uint8Array, Uint8Array] {
  if (bytes.length < 4) throw new Error("a page ends in its levels");
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  if (end > bytes.length) throw new Error("a page ends in its levels");
  return [levels(bytes.subarray(4, end), highest, entries), bytes.subarray(end)];
}

function levels(bytes: Uint8Array, highest: number, entries: number): Uint8Array {
  const into = new Uint8Array(entries);
  readRuns(bytes, 32 - Math.clz32(highest), into);
  return into;
}

function readValues(
  { encoding }: PageHeader,
  bytes: Uint8Array,
  total: number,
  layout: Layout,
  dictionary: Float32Array | undefined,
): Float32Array {
  if (total === 0) return new Float32Array(0);
  switch (encoding) {
    case "PLAIN":
      return plain(bytes, total, layout);
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      if (!dictionary) throw new Error("its dictionary is missing");
      return lookUp(bytes, total, dictionary);
    case "RLE": {
      if (layout.type !== "BOOLEAN") break;
      const flags = new Uint8Array(total);
      readRuns(bytes.subarray(4), 1, flags);
      return Float32Array.from(flags);
    }
    case "DELTA_BINARY_PACKED": {
      if (layout.type !== "INT32" && layout.type !== "INT64") break;
      const numbers = new Float64Array(total);
      readDeltas(bytes, !layout.unsigned, layout.type === "INT32" ? 32 : 64, numbers);
      return scaled(numbers, layout.scale);
    }
    case "BYTE_STREAM_SPLIT": {
      const size = bytesOf(layout);
      if (size === 0) break;
      if (bytes.length < total * size) throw new Error("its values end too early");
      const joined = new Uint8Array(total * size);
      for (let part = 0; part < size; part++)
        for (let i = 0; i < total; i++) joined[i * size + part] = bytes[part * total + i];
      return plain(joined, total, layout);
    }
  }
  const said = `${layout.type} values are encoded as ${encoding}`;
  throw ENCODINGS.includes(encoding) ? new UnsupportedEncoding(`${said}, which is not supported`) : new Error(said);
}

function lookUp(bytes: Uint8Array, total: number, dictionary: Float32Array): Float32Array {
  if (bytes.length === 0) throw new Error("its values end too early");
  const indices = new Int32Array(total);
  readRuns(bytes.subarray(1), bytes[0], indices);
  const values = new Float32Array(total);
  for (let i = 0; i < total; i++) {
    const index = indices[i];
    // Below 0 it is a number of 32 bits, so too large as well.
    if (index >>> 0 >= dictionary.length) throw new Error(`value ${index >>> 0} of ${dictionary.length} is asked for`);
    values[i] = dictionary[index];
  }
  return values;
}

/** Bytes a value; 0 where values are shorter than a byte or have lengths of their own. */
function bytesOf({ type, length }: Layout): number {
  return { BOOLEAN: 0, INT32: 4, INT64: 8, FLOAT: 4, DOUBLE: 8, BYTE_ARRAY: 0, FIXED_LEN_BYTE_ARRAY: length }[type];
}

function plain(bytes: Uint8Array, total: number, layout: Layout): Float32Array {
  const { type, scale, unsigned } = layout;
  const unit = powerOfTen(scale ?? 0);
  const size = bytesOf(layout);
  // A bool takes an eighth of a byte, and a value of any length at least the four bytes that say it.
  if (bytes.length < total * (size || (type === "BOOLEAN" ? 1 / 8 : 4))) throw new Error("its values end too early");
  const values = new Float32Array(total);
  if (type === "BOOLEAN") {
    for (let i = 0; i < total; i++) values[i] = (bytes[i >> 3] >> (i & 7)) & 1;
    return values;
  }
  if (type === "BYTE_ARRAY") {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0, at = 0; i < total; i++) {
      const length = view.getUint32(at, true);
      at += 4 + length;
      if (length > LONGEST_DECIMAL) throw new Error(`a decimal has ${length} bytes`);
      if (at > bytes.length) throw new Error("its values end too early");
      values[i] = bigEndian(bytes, at - length, length) / unit;
    }
    return values;
  }
  if (type === "FIXED_LEN_BYTE_ARRAY" && scale !== undefined) {
    for (let i = 0; i < total; i++) values[i] = bigEndian(bytes, i * size, size) / unit;
    return values;
  }
  const aligned = bytes.slice(0, total * size);
  if (type === "FLOAT") return new Float32Array(aligned.buffer, aligned.byteOffset, total);
  const letter = { INT32: unsigned ? "u" : "i", INT64: unsigned ? "u" : "i", FLOAT: "f", DOUBLE: "f" };
  const element = type === "FIXED_LEN_BYTE_ARRAY" ? elements.f2 : elements[`${letter[type]}${size}`];
  if (scale === undefined) {
    element.decode(aligned, values);
    return values;
  }
  const numbers = new Float64Array(total);
  element.decode(aligned, numbers);
  return scaled(numbers, scale);
}

function scaled(numbers: Float64Array, scale: number | undefined): Float32Array {
  if (scale === undefined) return Float32Array.from(numbers);
  const unit = powerOfTen(scale);
  return Float32Array.from(numbers, (value) => value / unit);
}

/** A whole number of two's complement. */
function bigEndian(bytes: Uint8Array, start: number, length: number): number {
  let value = 0n;
  for (let i = 0; i < length; i++) value = (value << 8n) | BigInt(bytes[start + i]);
  return Number(BigInt.asIntN(8 * length, value));
}
