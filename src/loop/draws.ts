/** Rows by lot, where there is nothing to go by. */
import { InputError } from "../errors.ts";
import { randomBits, streams } from "../random.ts";

/** So many rows that are left, each as likely as any. */
export function drawRows(isLeft: Uint8Array, count: number, seed: number): number[] {
  const left = [...isLeft.keys()].filter((row) => isLeft[row] === 1);
  return Array.from({ length: Math.min(count, left.length) }, (_, step) => {
    const at = Math.floor((randomBits(seed, streams.rounds, step, 1) / 2 ** 32) * left.length);
    const row = left[at];
    left[at] = left[left.length - 1];
    left.pop();
    return row;
  });
}

/**
 * At most so many rows of a pool, each as likely as any, ascending: none of those that are left out.
 *
 * @throws InputError where no row is left
 */
export function sampleRows(rows: number, out: Uint32Array, most: number, seed: number): Uint32Array {
  const isOut = new Set(out);
  if (isOut.size === rows) throw new InputError(`all ${rows} rows of the pool hold values that are no numbers`);
  if (rows - isOut.size <= most)
    return Uint32Array.from({ length: rows }, (_, row) => row).filter((row) => !isOut.has(row));
  const drawn = new Set<number>();
  for (let step = 0; drawn.size < most; step++) {
    const row = Math.floor((randomBits(seed, streams.sample, step) / 2 ** 32) * rows);
    if (!isOut.has(row)) drawn.add(row);
  }
  return Uint32Array.from(drawn).sort();
}
