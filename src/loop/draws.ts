/** Rows by lot, where there is nothing to go by. */
import type { Pool } from "../pool.ts";
import { randomBits, streams } from "../random.ts";

/** So many rows that are left, each as likely as any; rows that hold no numbers are passed over. */
export async function drawRows(pool: Pool, isLeft: Uint8Array, count: number, seed: number): Promise<number[]> {
  const left = [...isLeft.keys()].filter((row) => isLeft[row] === 1);
  const drawn: number[] = [];
  for (let step = 0; drawn.length < count && left.length > 0; step++) {
    const at = Math.floor((randomBits(seed, streams.rounds, step, 1) / 2 ** 32) * left.length);
    const row = left[at];
    left[at] = left[left.length - 1];
    left.pop();
    const { data } = await pool.features([row]);
    if (data.every(Number.isFinite)) drawn.push(row);
  }
  return drawn;
}

/** At most so many rows of a pool, each as likely as any, ascending. */
export function sampleRows(rows: number, most: number, seed: number): Uint32Array {
  if (rows <= most) return Uint32Array.from({ length: rows }, (_, row) => row);
  const drawn = new Set<number>();
  for (let step = 0; drawn.size < most; step++)
    drawn.add(Math.floor((randomBits(seed, streams.sample, step) / 2 ** 32) * rows));
  return Uint32Array.from(drawn).sort();
}
