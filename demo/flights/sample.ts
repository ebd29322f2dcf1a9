/** Which flights are labelled, which are held out, and how well a model tells them apart. */
import { randomBits, streams } from "../../src/random.ts";

/** `count` different rows below `rows`, none of them in `taken`, in the order drawn. */
export function draw(count: number, rows: number, seed: number, taken: ReadonlySet<number> = new Set()): Uint32Array {
  const drawn = new Set<number>();
  for (let i = 0; drawn.size < count; i++) {
    const row = Math.floor((randomBits(seed, streams.sample, i) / 2 ** 32) * rows);
    if (!taken.has(row)) drawn.add(row);
  }
  return Uint32Array.from(drawn);
}

/**
 * Area under the ROC curve: how often a late flight is given a higher probability than one on time, ties by halves.
 * 0.5 is chance, 1 is perfect. By ranks (Mann & Whitney 1947).
 */
export function areaUnderCurve(probabilities: Float32Array, late: Uint8Array): number {
  const order = Uint32Array.from(late, (_, i) => i).sort((a, b) => probabilities[a] - probabilities[b]);
  let ranks = 0;
  let lates = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    let tied = 0;
    for (; end < order.length && probabilities[order[end]] === probabilities[order[start]]; end++)
      tied += late[order[end]];
    ranks += tied * ((start + 1 + end) / 2);
    lates += tied;
  }
  return (ranks - (lates * (lates + 1)) / 2) / (lates * (order.length - lates));
}
