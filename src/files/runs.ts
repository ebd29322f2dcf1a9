/** How Parquet packs small whole numbers: by runs, by bits, and by differences. */
import { powerOfTwo } from "../elementary.ts";

/**
 * Fills `into` from bytes of runs and bit-packed groups of values of `width` bits. Bytes that do not suffice throw an
 * Error.
 */
export function readRuns(bytes: Uint8Array, width: number, into: Uint8Array | Int32Array): void {
  if (width > 32) throw new Error(`its values are ${width} bits wide`);
  const reader = { bytes, at: 0 };
  const valueBytes = Math.ceil(width / 8);
  for (let done = 0; done < into.length;) {
    const header = Number(varint(reader));
    const left = into.length - done;
    if (header % 2) {
      const all = ((header - 1) / 2) * 8;
      const count = Math.min(all, left);
      // The last group may be cut short behind the last value.
      if (reader.at + Math.ceil((count * width) / 8) > bytes.length) throw tooFew();
      unpackBits(bytes, reader.at, width, into.subarray(done, done + count));
      reader.at += (all / 8) * width;
      done += count;
    } else {
      if (reader.at + valueBytes > bytes.length) throw tooFew();
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= bytes[reader.at++] << (8 * i);
      const count = Math.min(header / 2, left);
      into.fill(value, done, done + count);
      done += count;
    }
  }
}

/** The lowest bits first, in numbers of up to 32 bits; the bytes suffice. */
function unpackBits(
  bytes: Uint8Array,
  start: number,
  width: number,
  into: Uint8Array | Int32Array | Uint32Array,
): void {
  let at = start;
  let bits = 0;
  let held = 0;
  if (width <= 24) {
    const mask = (1 << width) - 1;
    for (let i = 0; i < into.length; i++) {
      for (; held < width; held += 8) bits |= bytes[at++] << held;
      into[i] = bits & mask;
      bits >>>= width;
      held -= width;
    }
    return;
  }
  // More than 32 bits are held at times, so they are held in a float64.
  const range = powerOfTwo(width);
  for (let i = 0; i < into.length; i++) {
    for (; held < width; held += 8) bits += bytes[at++] * powerOfTwo(held);
    into[i] = bits % range;
    bits = Math.floor(bits / range);
    held -= width;
  }
}

/** Values by their differences: DELTA_BINARY_PACKED, of 32 or 64 bits, in which sums wrap around. */
export function readDeltas(bytes: Uint8Array, signed: boolean, wordBits: 32 | 64, into: Float64Array): void {
  const wrap = signed ? BigInt.asIntN : BigInt.asUintN;
  const reader = { bytes, at: 0 };
  const blockSize = Number(varint(reader));
  const perBlock = Number(varint(reader));
  const count = Number(varint(reader));
  const size = blockSize / perBlock;
  if (!(Number.isSafeInteger(size) && size % 8 === 0 && size > 0 && blockSize <= LARGEST_BLOCK))
    throw new Error(`its differences come in ${perBlock} parts of a block of ${blockSize}`);
  if (count !== into.length) throw new Error(`${count} values instead of ${into.length}`);
  let value = zigzag(varint(reader));
  if (into.length > 0) into[0] = Number(wrap(wordBits, value));
  const scratch = new Uint32Array(size);
  for (let done = 1; done < into.length;) {
    const least = zigzag(varint(reader));
    const widths = bytes.subarray(reader.at, (reader.at += perBlock));
    for (let part = 0; part < perBlock && done < into.length; part++) {
      const width = widths[part];
      const values = Math.min(size, into.length - done);
      if (!(width <= 64 && reader.at + Math.ceil((values * width) / 8) <= bytes.length)) throw tooFew();
      const narrow = width <= 32;
      if (narrow) unpackBits(bytes, reader.at, width, scratch.subarray(0, values));
      for (let i = 0; i < values; i++) {
        value += least + (narrow ? BigInt(scratch[i]) : wideBits(bytes, reader.at, i * width, width));
        into[done++] = Number((value = wrap(wordBits, value)));
      }
      reader.at += (size / 8) * width;
    }
  }
}

/** Writers take 128. */
const LARGEST_BLOCK = 2 ** 20;

function wideBits(bytes: Uint8Array, start: number, bit: number, width: number): bigint {
  let bits = 0n;
  const first = start + Math.floor(bit / 8);
  const last = start + Math.ceil((bit + width) / 8);
  for (let at = last - 1; at >= first; at--) bits = (bits << 8n) | BigInt(bytes[at]);
  return BigInt.asUintN(width, bits >> BigInt(bit % 8));
}

function varint(reader: { readonly bytes: Uint8Array; at: number }): bigint | number {
  let value = 0;
  for (let i = 0, scale = 1; i < 10; i++, scale *= 128) {
    if (reader.at >= reader.bytes.length) throw tooFew();
    const byte = reader.bytes[reader.at++];
    value += (byte & 127) * scale;
    if (byte < 128) return i < 7 ? value : bigVarint(reader.bytes, reader.at - i - 1, i + 1);
  }
  throw new Error("it has a number of more than 10 bytes");
}

function bigVarint(bytes: Uint8Array, start: number, count: number): bigint {
  let value = 0n;
  for (let i = count - 1; i >= 0; i--) value = (value << 7n) | BigInt(bytes[start + i] & 127);
  return value;
}

function zigzag(value: bigint | number): bigint {
  const whole = BigInt(value);
  return (whole >> 1n) ^ -(whole & 1n);
}

const tooFew = (): Error => new Error("its values end too early");
