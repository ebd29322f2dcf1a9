/** The k-th largest of float32 scores by radix select: three passes of counting, nothing sorted, nothing copied. */

const LEFT_OUT = 0;

/**
 * Rows whose score reaches the k-th largest, ascending: the k best and all that tie with the last of them. Rows that
 * are taken (a bit each) or hold NaN are left out.
 */
export function topRows(scores: Float32Array, k: number, taken: Uint32Array): Uint32Array {
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  let prefix = 0;
  let remaining = k;
  for (const { shift, size } of [
    { shift: 21, size: 2048 },
    { shift: 10, size: 2048 },
    { shift: 0, size: 1024 },
  ]) {
    const counts = new Uint32Array(size);
    const above = shift + Math.log2(size);
    for (let row = 0; row < bits.length; row++) {
      const key = keyOf(bits[row], row, taken);
      if (above === 32 || key >>> above === prefix) counts[(key >>> shift) & (size - 1)]++;
    }
    let digit = size - 1;
    while (digit > 0 && remaining > counts[digit]) remaining -= counts[digit--];
    prefix = ((prefix * size) | digit) >>> 0;
  }
  const threshold = Math.max(prefix, LEFT_OUT + 1);
  let found = 0;
  for (let row = 0; row < bits.length; row++) if (keyOf(bits[row], row, taken) >= threshold) found++;
  const rows = new Uint32Array(found);
  for (let row = 0, i = 0; i < found; row++) if (keyOf(bits[row], row, taken) >= threshold) rows[i++] = row;
  return rows;
}

/** Float32 bits as an unsigned number in the order of the scores; −0 ties with 0. */
function keyOf(bits: number, row: number, taken: Uint32Array): number {
  if ((bits & 0x7fffffff) > 0x7f800000 || (taken[row >>> 5] >>> (row & 31)) & 1) return LEFT_OUT;
  if (bits >>> 31) return bits === 0x80000000 ? 0x80000000 : ~bits >>> 0;
  return (bits | 0x80000000) >>> 0;
}
