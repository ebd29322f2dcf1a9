/** One sweep in the making: its tiles and lists, and what comes of them. */
import {
  narrowed,
  roundedDown,
  roundedUp,
  TILE,
  TILE_FIELDS,
  widened,
  type DistanceError,
  type DistanceKernel,
  type Sweep,
} from "../backends/distances.ts";
import type { Nearest } from "./nearest.ts";

/** Stand for infinity, which float32 on a device need not know. */
const LARGEST = 2 ** 127;
const FAR = 2 ** 120;

/** Centres by number, and how far each is at least from an anchor, in the order of that. */
export interface CentreList {
  readonly list: Uint32Array;
  readonly near: Float32Array;
}

/** The squared distance that a row need not be known to be nearer than. */
export type Enough = (row: number) => number;

/** [rows]: what a row knows of beside the centres it has seen: those before `met` that are nearer to its anchor than `depth`. */
export interface Acquaintance {
  readonly met: Uint32Array;
  readonly depth: Float32Array;
}

/** What rows of one group have in common. */
export interface Grouped extends Acquaintance {
  /** [rows]: how far from its anchor each row is at most. */
  readonly reach: Float32Array;
}

/** May be used again once it is finished. */
export class SweepPlan {
  /** Tiles so far. */
  tiles = 0;
  /** Entries of lists so far. */
  entries = 0;
  private readonly nearest: Nearest;
  private readonly grouped: Grouped | undefined;
  private readonly error: DistanceError;
  private readonly cap: number;
  private readonly sweep: Sweep;
  /** What `least` was before. */
  private readonly known: Float32Array;
  private list = new Uint32Array();
  private near = new Float32Array();
  private last: CentreList | undefined;
  private wait: (() => Promise<void>) | undefined;

  /** Room for so many tiles, of distances with that error. Squared distances from `cap` on are of no interest. */
  constructor(tiles: number, nearest: Nearest, grouped: Grouped | undefined, error: DistanceError, cap: number) {
    this.cap = cap;
    const places = tiles * TILE;
    this.nearest = nearest;
    this.grouped = grouped;
    this.error = error;
    this.known = new Float32Array(places);
    this.sweep = {
      tiles: new Uint32Array(tiles * TILE_FIELDS),
      list: new Uint32Array(),
      near: new Float32Array(),
      rows: new Uint32Array(places),
      reach: new Float32Array(places),
      enough: new Float32Array(places),
      seen: new Uint32Array(places),
      met: new Uint32Array(places),
      depth: new Float32Array(places),
      least: new Float32Array(places),
      reached: new Uint32Array(places),
    };
  }

  /** A tile of these rows, which are compared with a list less its first entries. */
  add(rows: Uint32Array, list: CentreList, skipped: number, enoughOf: Enough): void {
    const { nearest, grouped, error, sweep, known, cap } = this;
    const { squared, seen } = nearest;
    if (list !== this.last) this.addList(list);
    const tile = this.tiles++;
    const first = tile * TILE;
    const count = rows.length;
    sweep.tiles.set([this.entries - list.list.length + skipped, this.entries, count], tile * TILE_FIELDS);
    sweep.rows.set(rows, first);
    // One array after the other: a processor fetches many values at a time where little else is done with each.
    for (let i = 0; i < count; i++) sweep.seen[first + i] = seen[rows[i]];
    for (let i = 0; i < count; i++) known[first + i] = Math.min(LARGEST, roundedUp(Math.min(cap, squared[rows[i]])));
    sweep.least.set(known.subarray(first, first + count), first);
    for (let i = 0; i < count; i++)
      sweep.enough[first + i] = roundedDown(Math.min(LARGEST, narrowed(enoughOf(rows[i]), error)));
    if (!grouped) {
      sweep.reach.fill(FAR, first, first + count);
      return;
    }
    const { reach, met, depth } = grouped;
    for (let i = 0; i < count; i++) sweep.reach[first + i] = roundedUp(reach[rows[i]] + error.absolute);
    for (let i = 0; i < count; i++) sweep.met[first + i] = met[rows[i]];
    for (let i = 0; i < count; i++) sweep.depth[first + i] = depth[rows[i]];
  }

  /** Has the sweep begin. */
  begin(kernel: DistanceKernel): void {
    this.wait = kernel.lower(this.planned());
  }

  /** Waits for the sweep, and takes over what comes of it. */
  async finish(): Promise<void> {
    await this.wait!();
    const { sweep, known, cap, list, near } = this;
    for (let tile = 0; tile < this.tiles; tile++) {
      const [begin, end, rows] = sweep.tiles.subarray(tile * TILE_FIELDS);
      for (let at = tile * TILE; at < tile * TILE + rows; at++) {
        const row = sweep.rows[at];
        if (sweep.least[at] < known[at]) this.lower(row, sweep.least[at]);
        // A row that stayed above the cap was not told how far it is.
        if (cap < Infinity) continue;
        const next = begin + sweep.reached[at];
        if (next === end) this.knowAll(row, this.nearest.space.centres);
        else this.note(row, list[next], near[next]);
      }
    }
    this.tiles = 0;
    this.entries = 0;
    this.last = undefined;
  }

  /** What there is of it by now. */
  private planned(): Sweep {
    const { sweep, tiles, entries } = this;
    const places = tiles * TILE;
    return {
      tiles: sweep.tiles.subarray(0, tiles * TILE_FIELDS),
      list: this.list.subarray(0, entries),
      near: this.near.subarray(0, entries),
      rows: sweep.rows.subarray(0, places),
      reach: sweep.reach.subarray(0, places),
      enough: sweep.enough.subarray(0, places),
      seen: sweep.seen.subarray(0, places),
      met: sweep.met.subarray(0, places),
      depth: sweep.depth.subarray(0, places),
      least: sweep.least.subarray(0, places),
      reached: sweep.reached.subarray(0, places),
    };
  }

  /** Copies a list, whose arrays may be gone by the next. */
  private addList(list: CentreList): void {
    const end = this.entries + list.list.length;
    if (end > this.list.length) {
      this.list = grown(this.list, new Uint32Array(2 * end));
      this.near = grown(this.near, new Float32Array(2 * end));
    }
    this.list.set(list.list, this.entries);
    this.near.set(list.near, this.entries);
    this.entries = end;
    this.last = list;
  }

  /** A centre that the row has not seen is no farther than that: float64 will come to it, should the row be settled. */
  private lower(row: number, found: number): void {
    const { squared } = this.nearest;
    squared[row] = Math.min(squared[row], widened(found, this.error));
  }

  /** A row is done with its list up to a centre of that distance to its anchor. */
  private note(row: number, centre: number, near: number): void {
    const { nearest, grouped } = this;
    if (!grouped) {
      this.knowAll(row, centre);
      return;
    }
    // In the order of distance to an anchor, a part of a list is no range of centres.
    grouped.met[row] = nearest.space.centres;
    grouped.depth[row] = near;
  }

  /** A row knows all centres before a number. */
  private knowAll(row: number, end: number): void {
    const { seen, isExact } = this.nearest;
    if (end <= seen[row]) return;
    seen[row] = end;
    isExact[row] = 0;
  }
}

/** Copies the old values to the start of a longer array. */
function grown<T extends Uint32Array | Float32Array>(old: T, longer: T): T {
  longer.set(old);
  return longer;
}
