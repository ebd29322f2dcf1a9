/**
 * How typical rows are of a set of them: 1 / the mean distance to the 20 nearest others (Hacohen et al. 2022).
 *
 * All distances are taken in float32, of which only the least are kept. No distance is off by more than its bound, so none
 * of the sorted ones is either, nor is their mean: what may be the most typical row is settled in float64.
 */
import { nearestAmong } from "../backends/cpu/comparisons.ts";
import { narrowed } from "../backends/distances.ts";
import type { PointSpace } from "../distance.ts";
import type { Pick } from "./batch.ts";
import { RowHeap } from "./heap.ts";
import type { Measuring } from "./sweeps.ts";

const NEIGHBOURS = 20;
/** Widens what float64 rounds. */
const ROUNDING = 1e-9;

export class Typicality {
  private readonly rows: Uint32Array;
  private readonly space: () => PointSpace;
  private readonly heap = new RowHeap();
  private readonly settled = new Set<number>();

  private constructor(rows: Uint32Array, space: () => PointSpace) {
    this.rows = rows;
    this.space = space;
  }

  /** Of these rows, all but the `known` of which are to be taken. */
  static async among(
    { host, space: own, pace }: Measuring,
    space: () => PointSpace,
    rows: Uint32Array,
    known: Set<number>,
  ): Promise<Typicality> {
    const typicality = new Typicality(rows, space);
    const count = neighboursOf(rows);
    const best = new Float32Array(rows.length * count).fill(Infinity);
    if (count > 0) await nearestAmong(host, rows, count, best, pace);
    const highest = new Map<number, number>();
    rows.forEach((row, i) => {
      const distances = best.subarray(i * count, (i + 1) * count);
      const mean = distances.reduce((sum, squared) => sum + own.distance(narrowed(squared, host.error)), 0) / count;
      if (!known.has(row)) highest.set(row, count === 0 ? Infinity : (1 + ROUNDING) / mean);
    });
    const open = Uint32Array.from(highest.keys());
    typicality.heap.fill(open, (row) => highest.get(row)!);
    return typicality;
  }

  /** The most typical row, ties to the lowest. It is not taken again. */
  take(): Pick {
    const { heap, settled } = this;
    while (!settled.has(heap.top)) {
      settled.add(heap.top);
      heap.lower(1 / this.meanOf(heap.top));
    }
    const score = heap.topKey;
    return { row: heap.pop(), score };
  }

  /** Mean distance from a row to its nearest, in float64. */
  private meanOf(row: number): number {
    const { rows } = this;
    const count = neighboursOf(rows);
    if (count === 0) return 0;
    const space = this.space();
    space.addCentre(row);
    /** Squared, ascending. */
    const nearest: number[] = Array(count).fill(Infinity);
    for (const other of rows) {
      if (other === row) continue;
      space.look(other);
      const found = space.squared(0, nearest[count - 1]);
      if (found >= nearest[count - 1]) continue;
      let at = count - 1;
      for (; at > 0 && nearest[at - 1] > found; at--) nearest[at] = nearest[at - 1];
      nearest[at] = found;
    }
    return nearest.reduce((sum, squared) => sum + space.distance(squared), 0) / count;
  }
}

const neighboursOf = (rows: Uint32Array): number => Math.min(NEIGHBOURS, rows.length - 1);
