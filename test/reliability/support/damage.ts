/** Damage to bytes of any kind: what disks, networks and editors do, and what somebody does on purpose. */
import { type Draws, extremes } from "./draws.ts";

type Damage = (draws: Draws, bytes: Buffer, other: Buffer) => Buffer;

/** One to four kinds of damage, one after the other; `other` is a file to splice in. */
export function damaged(draws: Draws, bytes: Buffer, other: Buffer): Buffer {
  let content: Buffer = Buffer.from(bytes);
  for (let left = draws.pick([1, 1, 1, 2, 4]); left > 0; left--) content = draws.pick(kinds)(draws, content, other);
  return content;
}

/** Headers and footers decide more than values do. */
function placeIn(draws: Draws, { length }: Buffer): number {
  const near = Math.min(length, 128);
  const where = draws.below(3);
  if (where === 0) return draws.below(near);
  return where === 1 ? length - near + draws.below(near) : draws.below(length);
}

const patched = (bytes: Buffer, at: number, remove: number, insert: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);

function chunkOf(draws: Draws, bytes: Buffer): Buffer {
  const at = placeIn(draws, bytes);
  return bytes.subarray(at, at + 1 + draws.below(64));
}

const kinds: readonly Damage[] = [
  function flipBits(draws, bytes) {
    if (bytes.length === 0) return bytes;
    for (let left = 1 + draws.below(8); left > 0; left--) bytes[placeIn(draws, bytes)] ^= 1 << draws.below(8);
    return bytes;
  },
  function setSome(draws, bytes) {
    const at = placeIn(draws, bytes);
    return bytes.fill(
      draws.pick([0, 10, 34, 44, 128, 255, draws.below(256)]),
      at,
      Math.min(bytes.length, at + 1 + draws.below(16)),
    );
  },
  function setInteger(draws, bytes) {
    const size = draws.pick([1, 2, 4, 8]);
    const at = placeIn(draws, bytes);
    if (at + size > bytes.length) return bytes;
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(BigInt.asUintN(64, draws.pick(extremes)));
    const part = value.subarray(0, size);
    bytes.set(draws.chance(0.2) ? part.toReversed() : part, at);
    return bytes;
  },
  (draws, bytes) => bytes.subarray(0, placeIn(draws, bytes)),
  (draws, bytes) => bytes.subarray(draws.below(Math.min(bytes.length, 16) + 1)),
  (draws, bytes) => Buffer.concat([bytes, Buffer.alloc(1 + draws.below(64), draws.below(256))]),
  function duplicate(draws, bytes) {
    const chunk = chunkOf(draws, bytes);
    return patched(bytes, placeIn(draws, bytes), 0, Buffer.concat(Array(1 + draws.below(4)).fill(chunk)));
  },
  (draws, bytes) => patched(bytes, placeIn(draws, bytes), 1 + draws.below(64), Buffer.alloc(0)),
  (draws, bytes, other) => patched(bytes, placeIn(draws, bytes), draws.below(64), chunkOf(draws, other)),
  (draws, bytes, other) =>
    Buffer.concat([bytes.subarray(0, placeIn(draws, bytes)), other.subarray(placeIn(draws, other))]),
  function setNumber(draws, bytes) {
    const numbers = [...bytes.toString("latin1").matchAll(/-?\d[\d.]*/g)];
    if (numbers.length === 0) return bytes;
    const found = numbers[draws.below(Math.min(numbers.length, draws.chance(0.7) ? 12 : numbers.length))];
    return patched(bytes, found.index, found[0].length, Buffer.from(String(draws.pick(extremes))));
  },
];
