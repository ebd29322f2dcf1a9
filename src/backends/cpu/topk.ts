/** The k-th largest of float32 scores by radix select: nothing sorted, and past the first digit only the best looked at. */

/** Key of rows that cannot be picked. */
const LEFT_OUT = 0;
const FIRST_SHIFT = 21;

/**
 * Rows whose score reaches the k-th largest, ascending: the k best and all that tie with the last of them. Rows that
 * are taken (a bit each) or hold NaN are left out.
 */
export function topRows(scores: Float32Array, k: number, taken: Uint32Array): Uint32Array {
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  const counts = new Uint32Array(2048);
  for (let row = 0; row < bits.length; row++) counts[keyOf(bits[row], row, taken) >>> FIRST_SHIFT]++;
  const { digit, above } = digitOf(counts, k);

  // All rows from that digit on: few, unless most scores are alike.
  const near = new Uint32Array(above + counts[digit]);
  const keys = new Uint32Array(near.length);
  for (let row = 0, i = 0; i < near.length; row++) {
    const key = keyOf(bits[row], row, taken);
    if (key >>> FIRST_SHIFT < digit) continue;
    near[i] = row;
    keys[i++] = key;
  }
  const threshold = Math.max(LEFT_OUT + 1, kthKey(keys, digit, k - above));
  return near.filter((_, i) => keys[i] >= threshold);
}

/** The key of that rank, from 1, among those whose first digit is `prefix`. */
function kthKey(keys: Uint32Array, prefix: number, rank: number): number {
  for (const { shift, size } of [
    { shift: 10, size: 2048 },
    { shift: 0, size: 1024 },
  ]) {
    const counts = new Uint32Array(size);
    const above = shift + Math.log2(size);
    for (const key of keys) if (key >>> above === prefix) counts[(key >>> shift) & (size - 1)]++;
    const found = digitOf(counts, rank);
    rank -= found.above;
    prefix = prefix * size + found.digit;
  }
  return prefix;
}

/** The bin that holds the element of that rank counted from the top, and how many lie above it. */
function digitOf(counts: Uint32Array, rank: number): { digit: number; above: number } {
  let digit = counts.length - 1;
  let above = 0;
  while (digit > 0 && above + counts[digit] < rank) above += counts[digit--];
  return { digit, above };
}

/** Float32 bits as an unsigned number in the order of the scores; −0 ties with 0. */
function keyOf(bits: number, row: number, taken: Uint32Array): number {
  if ((bits & 0x7fffffff) > 0x7f800000 || (taken[row >>> 5] >>> (row & 31)) & 1) return LEFT_OUT;
  if (bits >>> 31) return bits === 0x80000000 ? 0x80000000 : ~bits >>> 0;
  return (bits | 0x80000000) >>> 0;
}
