/** Snappy, which most Parquet files are packed with: literals, and copies of what came before. */

/** Unpacks `size` bytes. What is not snappy, or not so many bytes, throws an Error. */
export function unpackSnappy(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  // The size once more, as a varint.
  while (packed[at] >= 128) at++;
  at++;
  let done = 0;
  while (at < packed.length) {
    const tag = packed[at++];
    if ((tag & 3) === 0) {
      let length = (tag >> 2) + 1;
      if (length > 60) {
        const bytes = length - 60;
        length = littleEndian(packed, at, bytes) + 1;
        at += bytes;
      }
      if (!(at + length <= packed.length && done + length <= size)) throw broken();
      out.set(packed.subarray(at, at + length), done);
      at += length;
      done += length;
      continue;
    }
    const near = (tag & 3) === 1;
    const length = near ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const bytes = [0, 1, 2, 4][tag & 3];
    const distance = littleEndian(packed, at, bytes) + (near ? (tag >> 5) << 8 : 0);
    at += bytes;
    if (!(distance > 0 && distance <= done && done + length <= size)) throw broken();
    // A copy may reach into what it writes.
    if (distance >= length) out.copyWithin(done, done - distance, done - distance + length);
    else for (let i = 0; i < length; i++) out[done + i] = out[done + i - distance];
    done += length;
  }
  if (done !== size) throw broken();
  return out;
}

/** NaN where there are not as many bytes. */
function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0, scale = 1; i < count; i++, scale *= 256) value += bytes[at + i] * scale;
  return value;
}

const broken = (): Error => new Error("its snappy data are broken");
