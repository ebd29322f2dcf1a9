/**
 * The number formats that files hold, and how they become float32.
 *
 * Bytes are little-endian here, as on every machine that runs WebGPU, so a typed array over them reads them.
 */

import { powerOfTwo } from "../elementary.ts";

export type Numbers = Float32Array | Float64Array;

export interface Element {
  /** As numpy has it. */
  readonly name: string;
  /** Bytes a value. */
  readonly size: number;
  /** Turns `into.length` little-endian values into numbers. `bytes` begins where its ArrayBuffer does. */
  decode(bytes: Uint8Array, into: Numbers): void;
}

type View = {
  new (buffer: ArrayBufferLike, offset: number, length: number): ArrayLike<number>;
  BYTES_PER_ELEMENT: number;
};

/** By numpy's letter and size, and bfloat16. A bool is 0 or 1. */
export const elements: Record<string, Element> = {
  f2: { name: "float16", size: 2, decode: decodeHalf },
  f4: native("float32", Float32Array),
  f8: native("float64", Float64Array),
  bf16: { name: "bfloat16", size: 2, decode: decodeBrain },
  b1: native("bool", Uint8Array),
  i1: native("int8", Int8Array),
  i2: native("int16", Int16Array),
  i4: native("int32", Int32Array),
  i8: wide("int64", Int32Array),
  u1: native("uint8", Uint8Array),
  u2: native("uint16", Uint16Array),
  u4: native("uint32", Uint32Array),
  u8: wide("uint64", Uint32Array),
};

/** Turns big-endian values into little-endian ones where they lie. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
  }
}

function native(name: string, View: View): Element {
  return {
    name,
    size: View.BYTES_PER_ELEMENT,
    decode(bytes, into) {
      into.set(new View(bytes.buffer, bytes.byteOffset, into.length));
    },
  };
}

/** 64 bits as two halves, of which the upper has the sign: rounded once, as by way of a bigint, and far faster. */
function wide(name: string, Upper: View): Element {
  return {
    name,
    size: 8,
    decode(bytes, into) {
      const lower = new Uint32Array(bytes.buffer, bytes.byteOffset, 2 * into.length);
      const upper = new Upper(bytes.buffer, bytes.byteOffset, 2 * into.length);
      for (let i = 0; i < into.length; i++) into[i] = upper[2 * i + 1] * 2 ** 32 + lower[2 * i];
    },
  };
}

function decodeHalf(bytes: Uint8Array, into: Numbers): void {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => half(bits));
  const values = new Uint16Array(bytes.buffer, bytes.byteOffset, into.length);
  for (let i = 0; i < into.length; i++) into[i] = halves[values[i]];
}

/** Every float16 there is, by its bits: filled when the first one is met. */
let halves: Float32Array | undefined;

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return exponent ? sign * (1 + mantissa / 1024) * powerOfTwo(exponent - 15) : sign * mantissa * 2 ** -24;
}

/** A bfloat16 is the upper half of a float32. */
function decodeBrain(bytes: Uint8Array, into: Numbers): void {
  const bits = Uint32Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, into.length), (upper) => upper << 16);
  into.set(new Float32Array(bits.buffer));
}
