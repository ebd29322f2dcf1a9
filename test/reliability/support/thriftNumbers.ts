/** Where the numbers of a description in Thrift's compact protocol lie, so that one of them can be made another. */
import { type Draws, extremes } from "./draws.ts";

interface Place {
  readonly start: number;
  readonly end: number;
}

/** Fields, lengths of strings and of lists, and numbers, up to where the bytes make no sense. */
export function numbersIn(bytes: Buffer, start: number): { places: Place[]; end: number } {
  const places: Place[] = [];
  let at = start;
  const number = (): number => {
    const begin = at;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    places.push({ start: begin, end: at });
    return value;
  };
  const value = (type: number, listed = false): void => {
    if (type === 1 || type === 2) at += listed ? 1 : 0;
    else if (type === 3) at++;
    else if (type >= 4 && type <= 6) number();
    else if (type === 7) at += 8;
    else if (type === 8) {
      const length = number();
      at += length;
    } else if (type === 9 || type === 10) {
      const byte = bytes.readUInt8(at);
      places.push({ start: at, end: ++at });
      for (let left = byte >> 4 === 15 ? number() : byte >> 4; left > 0 && at < bytes.length; left--)
        value(byte & 15, true);
    } else if (type === 12) struct();
    else throw new Error("no such type");
  };
  const struct = (): void => {
    for (;;) {
      const byte = bytes.readUInt8(at++);
      if ((byte & 15) === 0) return;
      if (byte >> 4 === 0) number();
      value(byte & 15);
    }
  };
  try {
    struct();
  } catch {
    // The bytes end: what was found until then will do.
  }
  return { places, end: at };
}

/** One number of a Parquet file's description, or of the header of its first page, made an extreme one. */
export function hostileParquet(draws: Draws, file: Buffer): Buffer {
  const length = file.readUInt32LE(file.length - 8);
  const footer = file.length - 8 - length;
  const inPage = draws.chance(0.4);
  let content = file;
  for (let left = draws.pick([1, 1, 1, 2]); left > 0; left--) {
    const { places } = numbersIn(content, inPage ? 4 : footer);
    if (places.length === 0) break;
    const { start, end } = draws.pick(places);
    // A page keeps its length, or nothing behind it would be found; a description may grow.
    content = Buffer.concat([
      content.subarray(0, start),
      inPage ? inPlace(draws, end - start) : anew(draws),
      content.subarray(end),
    ]);
  }
  const tail = Buffer.from(content.subarray(-8));
  if (!inPage) tail.writeUInt32LE(content.length - 8 - footer);
  return Buffer.concat([content.subarray(0, -8), tail]);
}

/** Every number at or behind `from` that is one of these becomes another; the description's length goes with it. */
export function withNumbers(file: Buffer, from: number, others: ReadonlyMap<bigint, bigint>): Buffer {
  const footer = file.length - 8 - file.readUInt32LE(file.length - 8);
  const { places } = numbersIn(file, from);
  let content = file;
  for (const { start, end } of places.toReversed()) {
    const other = others.get(valueOf(file.subarray(start, end)));
    if (other !== undefined)
      content = Buffer.concat([content.subarray(0, start), zigzag(other), content.subarray(end)]);
  }
  if (from >= footer) content.writeUInt32LE(content.length - 8 - footer, content.length - 8);
  return content;
}

function valueOf(bytes: Buffer): bigint {
  const wide = bytes.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 127), 0n);
  return (wide >> 1n) ^ -(wide & 1n);
}

const anew = (draws: Draws): Buffer => zigzag(BigInt.asIntN(64, draws.pick(extremes)));

/** As Thrift has numbers. */
export function zigzag(wide: bigint): Buffer {
  let left = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
  const bytes: number[] = [];
  do {
    bytes.push(Number(left & 127n) | (left > 127n ? 128 : 0));
    left >>= 7n;
  } while (left > 0n);
  return Buffer.from(bytes);
}

function inPlace(draws: Draws, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i < length - 1 ? 128 : 0) | draws.below(128)));
}
