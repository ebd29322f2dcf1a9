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

export class SweepPlan {
  private readonly nearest: Nearest;
  private readonly grouped: Grouped | undefined;
  private readonly error: DistanceError;
  private readonly sweep: Sweep;
  private readonly lists: CentreList[] = [];
  private readonly tileRows: Uint32Array[] = [];
  private listed = 0;
  private readonly cap: number;

  /** Room for so many tiles, of distances with that error. Squared distances from `cap` on are of no interest. */
  constructor(tiles: number, nearest: Nearest, grouped: Grouped | undefined, error: DistanceError, cap: number) {
    this.cap = cap;
    const places = tiles * TILE;
    this.nearest = nearest;
    this.grouped = grouped;
    this.error = error;
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

  /** Tiles so far. */
  get tiles(): number {
    return this.tileRows.length;
  }

  /** Entries of lists so far. */
  get entries(): number {
    return this.listed;
  }

  /** A tile of these rows, which are compared with a list less its first entries. */
  add(rows: Uint32Array, list: CentreList, skipped: number, enoughOf: Enough): void {
    const { nearest, grouped, error, lists, sweep, cap } = this;
    if (list !== lists[lists.length - 1]) {
      lists.push(list);
      this.listed += list.list.length;
    }
    const tile = this.tileRows.push(rows) - 1;
    sweep.tiles.set([this.listed - list.list.length + skipped, this.listed, rows.length], tile * TILE_FIELDS);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const at = tile * TILE + i;
      sweep.rows[at] = row;
      sweep.reach[at] = grouped ? roundedUp(grouped.reach[row] + error.absolute) : FAR;
      sweep.enough[at] = roundedDown(Math.min(LARGEST, narrowed(enoughOf(row), error)));
      sweep.seen[at] = nearest.seen[row];
      sweep.met[at] = grouped ? grouped.met[row] : 0;
      sweep.depth[at] = grouped ? grouped.depth[row] : 0;
      sweep.least[at] = Math.min(LARGEST, roundedUp(Math.min(cap, nearest.squared[row])));
    }
  }

  /** Has the sweep made, and takes over what comes of it. */
  async run(kernel: DistanceKernel): Promise<void> {
    const places = this.tiles * TILE;
    const before = this.sweep.least.slice(0, places);
    const sweep: Sweep = {
      tiles: this.sweep.tiles.subarray(0, this.tiles * TILE_FIELDS),
      list: joined(
        this.lists.map(({ list }) => list),
        new Uint32Array(this.listed),
      ),
      near: joined(
        this.lists.map(({ near }) => near),
        new Float32Array(this.listed),
      ),
      rows: this.sweep.rows.subarray(0, places),
      reach: this.sweep.reach.subarray(0, places),
      enough: this.sweep.enough.subarray(0, places),
      seen: this.sweep.seen.subarray(0, places),
      met: this.sweep.met.subarray(0, places),
      depth: this.sweep.depth.subarray(0, places),
      least: this.sweep.least.subarray(0, places),
      reached: this.sweep.reached.subarray(0, places),
    };
    await kernel.lower(sweep);
    for (let tile = 0; tile < this.tiles; tile++) {
      const rows = this.tileRows[tile];
      const begin = sweep.tiles[tile * TILE_FIELDS];
      const end = sweep.tiles[tile * TILE_FIELDS + 1];
      for (let i = 0; i < rows.length; i++) {
        const at = tile * TILE + i;
        if (sweep.least[at] < before[at]) this.lower(rows[i], sweep.least[at]);
        // A row that stayed above the cap was not told how far it is.
        if (this.cap < Infinity) continue;
        const next = begin + sweep.reached[at];
        this.note(rows[i], next === end ? undefined : next, sweep);
      }
    }
  }

  /** A centre that the row has not seen is no farther than that: float64 will come to it, should the row be settled. */
  private lower(row: number, found: number): void {
    const { squared } = this.nearest;
    squared[row] = Math.min(squared[row], widened(found, this.error));
  }

  /** A row is done with a list up to the entry `next`, or with all of it. */
  private note(row: number, next: number | undefined, { list, near }: Sweep): void {
    const { seen, isExact, space } = this.nearest;
    if (this.grouped && next !== undefined) {
      // In the order of distance to an anchor, a part of a list is no range of centres.
      this.grouped.met[row] = space.centres;
      this.grouped.depth[row] = near[next];
      return;
    }
    const known = next === undefined ? space.centres : list[next];
    if (known <= seen[row]) return;
    seen[row] = known;
    isExact[row] = 0;
  }
}

function joined<T extends Uint32Array | Float32Array>(parts: readonly T[], into: T): T {
  let at = 0;
  for (const part of parts) {
    into.set(part, at);
    at += part.length;
  }
  return into;
}
