/** One sweep in the making: its tiles and lists, and what comes of them. */
import type { CentreList } from "../backends/cpu/centreOrder.ts";
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
import type { KnownRows } from "./knownRows.ts";
import type { Nearest } from "./nearest.ts";
import { grown } from "./rows.ts";

/** Stands for infinity, which float32 on a device need not know. */
const LARGEST = 2 ** 127;

/** The squared distance that a row need not be known to be nearer than. */
export type Enough = (row: number) => number;

/** May be used again once it is finished. */
export class SweepPlan {
  /** Tiles so far. */
  tiles = 0;
  /** Entries of lists so far. */
  entries = 0;
  private readonly nearest: Nearest;
  private readonly isGrouped: boolean;
  private readonly error: DistanceError;
  private readonly cap: number;
  private readonly sweep: Sweep;
  /** What `least` was before, and what that was made of. */
  private readonly known: Float32Array;
  private readonly squared: Float64Array;
  private list = new Uint32Array();
  private near = new Float32Array();
  private last: CentreList | undefined;
  private wait: (() => Promise<void>) | undefined;

  /** Room for so many tiles, of distances with that error. Squared distances from `cap` on are of no interest. */
  constructor(tiles: number, nearest: Nearest, isGrouped: boolean, error: DistanceError, cap: number) {
    this.cap = cap;
    const places = tiles * TILE;
    this.nearest = nearest;
    this.isGrouped = isGrouped;
    this.error = error;
    this.known = new Float32Array(places);
    this.squared = new Float64Array(places);
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

  /** A tile of some of these rows, which are compared with a list less its first entries. */
  add(some: KnownRows, first: number, count: number, list: CentreList, skipped: number, enoughOf: Enough): void {
    const { error, sweep, known, cap } = this;
    if (list !== this.last) this.addList(list);
    const tile = this.tiles++;
    const fields = tile * TILE_FIELDS;
    sweep.tiles[fields] = this.entries - list.length + skipped;
    sweep.tiles[fields + 1] = this.entries;
    sweep.tiles[fields + 2] = count;
    const { rows, squared, seen, reach, met, depth } = some;
    this.squared.set(squared.subarray(first, first + count), tile * TILE);
    for (let to = tile * TILE, from = first; from < first + count; to++, from++) {
      sweep.rows[to] = rows[from];
      sweep.seen[to] = seen[from];
      known[to] = Math.min(LARGEST, roundedUp(Math.min(cap, squared[from])));
      sweep.least[to] = known[to];
      sweep.enough[to] = roundedDown(Math.min(LARGEST, narrowed(enoughOf(rows[from]), error)));
      sweep.reach[to] = roundedUp(reach[from] + error.absolute);
      sweep.met[to] = met[from];
      sweep.depth[to] = depth[from];
    }
  }

  /** Has the sweep begin. */
  begin(kernel: DistanceKernel): void {
    this.wait = kernel.lower(this.planned());
  }

  /** Waits for the sweep, and takes over what comes of it. */
  async finish(): Promise<void> {
    await this.wait!();
    const { sweep, known, cap } = this;
    const { centres } = this.nearest.space;
    for (let tile = 0; tile < this.tiles; tile++) {
      const fields = tile * TILE_FIELDS;
      const begin = sweep.tiles[fields];
      const end = sweep.tiles[fields + 1];
      const last = tile * TILE + sweep.tiles[fields + 2];
      for (let place = tile * TILE; place < last; place++) {
        if (sweep.least[place] < known[place]) this.lower(place);
        // A row that stayed above the cap was not told how far it is.
        if (cap < Infinity) continue;
        const next = begin + sweep.reached[place];
        if (next === end) this.knowAll(place, centres);
        else this.note(place, next);
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

  /** Copies a list, which may be gone by the next. */
  private addList(list: CentreList): void {
    const end = this.entries + list.length;
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
  private lower(place: number): void {
    const { nearest, sweep, error } = this;
    nearest.squared[sweep.rows[place]] = Math.min(this.squared[place], widened(sweep.least[place], error));
  }

  /** A row is done with its list up to an entry. */
  private note(place: number, next: number): void {
    const { states, space } = this.nearest;
    // In the order of distance to an anchor, a part of a list is no range of centres.
    if (this.isGrouped) states.meet(this.sweep.rows[place], space.centres, this.near[next]);
    else this.knowAll(place, this.list[next]);
  }

  /** A row knows all centres before a number. */
  private knowAll(place: number, end: number): void {
    const { seen, rows } = this.sweep;
    if (end > seen[place]) this.nearest.states.see(rows[place], end, false);
  }
}
