/** Rows that are to be brought nearer to the centres, and what is known of each. */
import type { Nearest } from "./nearest.ts";
import { grown } from "./rows.ts";

/** Stands for infinity, which float32 on a device need not know. */
const FAR = 2 ** 120;

/**
 * Copies of what is scattered over a pool, in the order in which it is asked for: each is fetched from far away once, and
 * with many others, for nothing waits for it.
 */
export class KnownRows {
  /** So many there are, of each of the arrays. */
  count = 0;
  rows = new Uint32Array();
  /** Of `Nearest`, and of `RowStates` what follows. */
  squared = new Float64Array();
  seen = new Uint32Array();
  /** Very far where there are no groups. */
  reach = new Float32Array();
  met = new Uint32Array();
  depth = new Float32Array();
  private readonly nearest: Nearest;
  private readonly isGrouped: boolean;

  constructor(nearest: Nearest, isGrouped: boolean) {
    this.nearest = nearest;
    this.isGrouped = isGrouped;
  }

  clear(): void {
    this.count = 0;
  }

  add(rows: Uint32Array): void {
    const first = this.count;
    const { length } = rows;
    this.reserve(first + length);
    this.count += length;
    const { squared, seen, reach, met, depth } = this;
    const { states } = this.nearest;
    this.rows.set(rows, first);
    for (let i = 0; i < length; i++) squared[first + i] = this.nearest.squared[rows[i]];
    for (let i = 0; i < length; i++) {
      seen[first + i] = states.seen(rows[i]);
      reach[first + i] = states.reach(rows[i]);
      met[first + i] = states.met(rows[i]);
      depth[first + i] = states.depth(rows[i]);
    }
    if (!this.isGrouped) reach.fill(FAR, first, first + length);
  }

  /** Moves those from `first` to `end` that pass a test together. Gives where they end. */
  keep(first: number, end: number, test: (place: number) => boolean): number {
    const { rows, squared, seen, reach, met, depth } = this;
    let to = first;
    for (let place = first; place < end; place++) {
      if (!test(place)) continue;
      rows[to] = rows[place];
      squared[to] = squared[place];
      seen[to] = seen[place];
      reach[to] = reach[place];
      met[to] = met[place];
      depth[to++] = depth[place];
    }
    return to;
  }

  private reserve(count: number): void {
    if (count <= this.rows.length) return;
    const length = Math.max(count, 2 * this.rows.length);
    this.rows = grown(this.rows, new Uint32Array(length));
    this.squared = grown(this.squared, new Float64Array(length));
    this.seen = grown(this.seen, new Uint32Array(length));
    this.reach = grown(this.reach, new Float32Array(length));
    this.met = grown(this.met, new Uint32Array(length));
    this.depth = grown(this.depth, new Float32Array(length));
  }
}
