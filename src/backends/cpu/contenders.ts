/** The rows that may be among the k best, of scores that may be off: kept as they come by, in memory for about twice k. */
import { roundedDown } from "../distances.ts";

/** Kept beyond 2k before they are looked through. */
const SPARE = 4096;

export class Contenders {
  private readonly k: number;
  private count = 0;
  private rows: Uint32Array;
  /** What a score is at least, rounded down to float32, and at most. */
  private low: Float32Array;
  private high: Float64Array;
  /** At least k rows have a score that is not below it. */
  private bar = -Infinity;
  /** Rows that are left after a look are no reason for the next one. */
  private full: number;

  constructor(k: number) {
    this.k = k;
    this.full = 2 * k + SPARE;
    this.rows = new Uint32Array(this.full);
    this.low = new Float32Array(this.full);
    this.high = new Float64Array(this.full);
  }

  /** What a score that may be off by `slack` has to be to matter. */
  barFor(slack: number): number {
    return this.bar - slack;
  }

  /** A score of infinity may be anything. */
  offer(row: number, score: number, slack: number): void {
    const high = score + slack;
    if (high < this.bar) return;
    if (this.count === this.full) this.look();
    const at = this.count++;
    this.rows[at] = row;
    this.low[at] = score === Infinity ? -Infinity : roundedDown(score - slack);
    this.high[at] = high;
  }

  /** Whether there are so many, and no more than half of them can be dropped. */
  isCrowd(most: number): boolean {
    if (this.count < most) return false;
    this.look();
    return this.count > most / 2;
  }

  /** In the order in which they came. */
  found(): Uint32Array {
    this.look();
    return this.rows.slice(0, this.count);
  }

  /** Raises the bar and drops what is below. */
  private look(): void {
    if (this.count > this.k) this.bar = Math.max(this.bar, nthLargest(this.low.subarray(0, this.count), this.k));
    let left = 0;
    for (let i = 0; i < this.count; i++) {
      if (this.high[i] < this.bar) continue;
      this.rows[left] = this.rows[i];
      this.low[left] = this.low[i];
      this.high[left] = this.high[i];
      left++;
    }
    this.count = left;
    if (left + this.k + SPARE > this.full) this.enlarge(2 * this.full);
  }

  private enlarge(to: number): void {
    this.full = to;
    const { rows, low, high } = this;
    this.rows = new Uint32Array(to);
    this.low = new Float32Array(to);
    this.high = new Float64Array(to);
    this.rows.set(rows);
    this.low.set(low);
    this.high.set(high);
  }
}

/** Of a key of 32 bits: where each digit begins, and its width. */
const digits = [
  { shift: 21, width: 11 },
  { shift: 10, width: 11 },
  { shift: 0, width: 10 },
];

/** The nth largest of at least n numbers, none of them NaN: radix select. */
export function nthLargest(values: Float32Array, n: number): number {
  const keys = new Uint32Array(values.buffer, values.byteOffset, values.length).map(keyOf);
  let found = 0;
  let left = n;
  for (const { shift, width } of digits) {
    const counts = new Uint32Array(1 << width);
    for (const key of keys)
      if (shift + width === 32 || key >>> (shift + width) === found) counts[(key >>> shift) % counts.length]++;
    let digit = counts.length - 1;
    while (counts[digit] < left) left -= counts[digit--];
    found = found * counts.length + digit;
  }
  return ofKey(found);
}

/** Whole numbers in the order of the floats whose bits they are of. */
const keyOf = (bits: number): number => (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;

function ofKey(key: number): number {
  const bits = key & 0x80000000 ? key ^ 0x80000000 : ~key;
  return new Float32Array(Uint32Array.of(bits).buffer)[0];
}
