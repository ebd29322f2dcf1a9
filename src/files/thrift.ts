/** Thrift's compact protocol, in which Parquet describes itself: structs whose fields have numbers. */

/** Strings are passed over; Parquet's page headers hold none that matter. */
export type Value = boolean | number | Fields | readonly Value[] | undefined;
export type Fields = ReadonlyMap<number, Value>;

/** A struct and where it ends. What is no struct, or goes on behind the bytes, throws an Error. */
export function readStruct(bytes: Uint8Array, start: number): { fields: Fields; end: number } {
  const reader = { bytes, at: start };
  const fields = structOf(reader, 0);
  return { fields, end: reader.at };
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

/** Parquet's own descriptions go a dozen deep. */
const DEEPEST = 64;
/** Bytes of a varint of 64 bits. */
const LONGEST_VARINT = 10;

/** The types by their numbers on the wire. */
const Type = { yes: 1, no: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8, list: 9, set: 10, struct: 12 };

function structOf(reader: Reader, depth: number): Fields {
  if (depth > DEEPEST) throw new Error(`a description is nested more than ${DEEPEST} deep`);
  const fields = new Map<number, Value>();
  for (let field = 0; ;) {
    const byte = nextByte(reader);
    const type = byte & 15;
    if (type === 0) return fields;
    field = byte >> 4 ? field + (byte >> 4) : zigzag(varint(reader));
    fields.set(field, type <= Type.no ? type === Type.yes : valueOf(reader, type, depth));
  }
}

function valueOf(reader: Reader, type: number, depth: number): Value {
  switch (type) {
    // In a list a bool has a byte of its own.
    case Type.yes:
    case Type.no:
      return nextByte(reader) === Type.yes;
    case Type.byte:
      return (nextByte(reader) << 24) >> 24;
    case Type.i16:
    case Type.i32:
    case Type.i64:
      return zigzag(varint(reader));
    case Type.double:
      return skip(reader, 8);
    case Type.binary:
      return skip(reader, varint(reader));
    case Type.list:
    case Type.set: {
      const byte = nextByte(reader);
      const length = byte >> 4 === 15 ? varint(reader) : byte >> 4;
      const left = reader.bytes.length - reader.at;
      if (length > left) throw new Error(`a description lists ${length} things in ${left} bytes`);
      const values: Value[] = [];
      for (let i = 0; i < length; i++) values.push(valueOf(reader, byte & 15, depth + 1));
      return values;
    }
    case Type.struct:
      return structOf(reader, depth + 1);
    default:
      throw new Error(`a description has a value of type ${type}, which Parquet does not use`);
  }
}

function skip(reader: Reader, length: number): undefined {
  if (length > reader.bytes.length - reader.at) throw new Error("a description ends too early");
  reader.at += length;
}

function nextByte(reader: Reader): number {
  if (reader.at >= reader.bytes.length) throw new Error("a description ends too early");
  return reader.bytes[reader.at++];
}

/** Exact below 2^53. */
function varint(reader: Reader): number {
  let value = 0;
  for (let i = 0, scale = 1; i < LONGEST_VARINT; i++, scale *= 128) {
    const byte = nextByte(reader);
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
  throw new Error(`a description has a number of more than ${LONGEST_VARINT} bytes`);
}

const zigzag = (value: number): number => (value % 2 ? -(value + 1) / 2 : value / 2);
