/** LZ4's frames, which Arrow packs its buffers in: blocks of literals, and of copies of what came before, in any block. */

const MAGIC = 0x184d2204;
/** Bits of the byte behind the magic. */
const HAS_BLOCK_CHECKS = 16;
const HAS_SIZE = 8;
const HAS_DICTIONARY = 1;
/** The highest bit of a block's length. */
const IS_PLAIN = 0x80000000;

/** Unpacks `size` bytes. What is no frame, or not of so many bytes, throws an Error. */
export function unpackLz4(packed: Uint8Array, size: number): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const flags = view.getUint8(4);
  if (view.getUint32(0, true) !== MAGIC || flags >> 6 !== 1 || flags & HAS_DICTIONARY) throw broken();
  const out = new Uint8Array(size);
  let at = flags & HAS_SIZE ? 15 : 7;
  let done = 0;
  for (let head = view.getUint32(at, true); head !== 0; head = view.getUint32(at, true)) {
    const length = head % IS_PLAIN;
    at += 4;
    if (at + length > packed.length) throw broken();
    const block = packed.subarray(at, at + length);
    if (head < IS_PLAIN) done = unpackBlock(block, out, done);
    else {
      if (done + length > size) throw broken();
      out.set(block, done);
      done += length;
    }
    at += flags & HAS_BLOCK_CHECKS ? length + 4 : length;
  }
  if (done !== size) throw broken();
  return out;
}

/** Writes from `start` on; gives where it ended. */
function unpackBlock(bytes: Uint8Array, out: Uint8Array, start: number): number {
  const reader = { bytes, at: 0 };
  let done = start;
  while (reader.at < bytes.length) {
    const token = bytes[reader.at++];
    const literals = lengthOf(reader, token >> 4);
    if (!(reader.at + literals <= bytes.length && done + literals <= out.length)) throw broken();
    out.set(bytes.subarray(reader.at, reader.at + literals), done);
    reader.at += literals;
    done += literals;
    // The last has literals alone.
    if (reader.at === bytes.length) return done;
    const distance = bytes[reader.at] + 256 * bytes[reader.at + 1];
    reader.at += 2;
    const length = lengthOf(reader, token & 15) + 4;
    if (!(distance > 0 && distance <= done && done + length <= out.length)) throw broken();
    // A copy may reach into what it writes.
    if (distance >= length) out.copyWithin(done, done - distance, done - distance + length);
    else for (let i = 0; i < length; i++) out[done + i] = out[done + i - distance];
    done += length;
  }
  throw broken();
}

/** 15 goes on in bytes that are added, up to the first that is not 255. NaN where there are not as many. */
function lengthOf(reader: { readonly bytes: Uint8Array; at: number }, nibble: number): number {
  let length = nibble;
  for (let byte = nibble === 15 ? 255 : 0; byte === 255; length += byte) byte = reader.bytes[reader.at++];
  return length;
}

const broken = (): Error => new Error("its LZ4 data are broken");
