/** The header of numpy's .npy format: the magic, a version, and a Python dict literal that says what the bytes are. */
import { InputError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";
import { shown } from "./columns.ts";
import { type Element, elements } from "./elements.ts";

export interface NpyHeader {
  /** As the file says it, such as "<f4". */
  readonly dtype: string;
  readonly shape: number[];
  /** Product of the shape: values in the file. */
  readonly length: number;
  readonly element: Element;
  readonly bigEndian: boolean;
  /** First axis fastest. */
  readonly fortran: boolean;
  /** Byte where the values begin. */
  readonly start: number;
}

const MAGIC = "\x93NUMPY";
/** numpy's own limit. */
const MOST_AXES = 64;
/** Far more than an array of numbers needs; only structured arrays have longer ones. */
const LONGEST_HEADER = 65535;

/** Reads and checks a header; past it, the file holds exactly the values that the shape promises. */
export async function readNpyHeader(bytes: Bytes): Promise<NpyHeader> {
  const { text, start } = await headerText(bytes);
  const { descr, fortran_order: fortran, shape } = parseDict(bytes.name, text);
  if (typeof fortran !== "boolean")
    throw new InputError(`${bytes.name}: bad .npy header: fortran_order must be True or False; save it again`);
  const { element, bigEndian } = parseDescr(bytes.name, descr);
  const length = countValues(bytes.name, shape, element.size);
  const header = { dtype: descr as string, shape: shape as number[], length, element, bigEndian, fortran, start };
  checkSize(bytes, header);
  return header;
}

/** A version 1 header as numpy would write it, for values in C order. */
export function npyHeader(dtype: "<f4" | "<i4", shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const total = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const text = `${MAGIC}\x01\x00\x00\x00${dict.padEnd(total - 11)}\n`;
  const header = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  new DataView(header.buffer).setUint16(8, total - 10, true);
  return header;
}

async function headerText(bytes: Bytes): Promise<{ text: string; start: number }> {
  const { name, size } = bytes;
  const prefix = new Uint8Array(Math.min(size, 12));
  await bytes.read(prefix, 0);
  if (latin1(prefix.subarray(0, MAGIC.length)) !== MAGIC)
    throw new InputError(`${name}: not a .npy file: it does not begin with \\x93NUMPY; save it with numpy.save`);
  if (size < 12)
    throw new InputError(`${name}: truncated: the .npy header breaks off after ${size} bytes; copy or save it again`);
  const version = prefix[6];
  if (version < 1 || version > 3)
    throw new InputError(`${name}: .npy version ${version}.${prefix[7]} is not known; save it as version 1, 2 or 3`);

  const begin = version === 1 ? 10 : 12;
  const view = new DataView(prefix.buffer);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (begin + length > size)
    throw new InputError(
      `${name}: truncated: the .npy header should have ${length} bytes, ${size - begin} are left; copy or save it again`,
    );
  if (length > LONGEST_HEADER)
    throw new InputError(`${name}: a .npy header of ${length} bytes is no array of numbers; save one plain array`);
  const header = new Uint8Array(length);
  await bytes.read(header, begin);
  return { text: latin1(header), start: begin + length };
}

/** A letter a byte. TextDecoder's "latin1" is another code, in which the magic would not be found. */
const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** A Python literal of strings, booleans, whole numbers, tuples and lists, by way of the JSON that says the same. */
function parseDict(name: string, text: string): Record<string, unknown> {
  const json = text
    .replaceAll("'", '"')
    .replace(/\bTrue\b/g, "true")
    .replace(/\bFalse\b/g, "false")
    .replace(/(\d)L\b/g, "$1")
    .replaceAll("(", "[")
    .replaceAll(")", "]")
    .replace(/,(\s*[\]}])/g, "$1");
  try {
    const dict = JSON.parse(json);
    for (const key of ["descr", "fortran_order", "shape"]) {
      if (!Object.hasOwn(dict, key))
        throw new InputError(`${name}: bad .npy header: "${key}" is missing; save it again`);
    }
    return dict;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${name}: bad .npy header: ${JSON.stringify(text.trim().slice(0, 80))} is not a dict; save it again`,
    );
  }
}

function parseDescr(name: string, descr: unknown): { element: Element; bigEndian: boolean } {
  const [, order, code] = (typeof descr === "string" && /^([<>|=]?)([bifu]\d)$/.exec(descr)) || [];
  if (code && Object.hasOwn(elements, code)) return { element: elements[code], bigEndian: order === ">" };
  const said =
    typeof descr === "string" ? `dtype ${JSON.stringify(descr.slice(0, 40))}${kindOf(descr)}` : "a structured dtype";
  throw new InputError(`${name}: ${said} is not supported; save one plain array with a.astype("float32")`);
}

function kindOf(descr: string): string {
  const kind = KINDS[descr.replace(/^[<>|=]/, "")[0]];
  return kind ? ` (${kind})` : "";
}

const KINDS: Record<string, string> = {
  c: "complex",
  O: "Python objects",
  S: "strings",
  a: "strings",
  U: "strings",
  V: "structured or raw bytes",
  M: "dates",
  m: "durations",
};

/** Product of a shape; a zero is allowed here. Never larger than what a file can hold, so that no sum overflows. */
function countValues(name: string, shape: unknown, size: number): number {
  const said = `shape ${shown(shape)}`;
  if (!Array.isArray(shape)) throw new InputError(`${name}: bad .npy header: ${said} is not a tuple; save it again`);
  if (shape.length > MOST_AXES)
    throw new InputError(`${name}: bad .npy header: a shape of ${shape.length} axes; give two or three`);
  let length = 1;
  for (const count of shape) {
    if (!Number.isSafeInteger(count) || count < 0)
      throw new InputError(`${name}: bad .npy header: ${said} must be whole numbers below 2**53; save it again`);
    length *= count;
  }
  if (!Number.isSafeInteger(length * size))
    throw new InputError(`${name}: bad .npy header: ${said} is more than a file can hold; save it again`);
  return length;
}

function checkSize(bytes: Bytes, header: NpyHeader): void {
  const need = header.length * header.element.size;
  const have = bytes.size - header.start;
  if (need === have) return;
  const fault = have < need ? "truncated" : "too long";
  const said = `shape [${header.shape.join(", ")}] of ${header.dtype} needs ${need} bytes of values, the file has ${have}`;
  throw new InputError(`${bytes.name}: ${fault}: ${said}; copy or save it again`);
}
