/**
 * How far rows are from the nearest of centres that are added one after the other, in float64, looked at only where it
 * may matter.
 *
 * Distances to the nearest centre only shrink, so an old one is a bound (Minoux 1978): a row is brought up to date when
 * its bound comes to the top, and no longer than until it is below what it has to beat. Bounds may come from elsewhere,
 * too: from float32, many at a time (`sweeps.ts`).
 */
import { widened, type DistanceError } from "../backends/distances.ts";
import type { Space } from "../distance.ts";

/** Squared distances in float32 from a row to centres from `first` to `end`, good until the next call. */
export interface Estimates {
  readonly error: DistanceError;
  fromRow(row: number, first: number, end: number): Float32Array;
}

/** Centres from which on it pays to ask float32 which of them matter. */
const MANY = 4;

export class Nearest {
  readonly space: Space;
  private readonly estimates: Estimates | undefined;
  /** [rows]: at least the squared distance to the nearest centre, and exactly that where the row is settled. */
  readonly squared: Float64Array;
  /** [rows]: centres that `squared` knows of, the first ones. */
  readonly seen: Uint32Array;
  /** [rows]: 1 where all centres that it has seen were looked at in float64. */
  readonly isExact: Uint8Array;
  /** Distances evaluated so far. */
  evaluations = 0;

  /** `bounds`, [rows]: what is known of the squared distances before any is taken. It is written into. */
  constructor(space: Space, bounds = new Float64Array(space.rows).fill(Infinity), estimates?: Estimates) {
    this.space = space;
    this.estimates = estimates;
    this.squared = bounds;
    this.seen = new Uint32Array(space.rows);
    this.isExact = new Uint8Array(space.rows).fill(1);
  }

  /** Whether all centres are known to a row, in float64. */
  isSettled(row: number): boolean {
    return this.seen[row] === this.space.centres && this.isExact[row] === 1;
  }

  /** Looks at further centres until the row is settled, or known to be nearer than `enough`, squared. */
  settle(row: number, enough: number): void {
    const { space, squared, seen, isExact } = this;
    const { centres } = space;
    // Nothing is nearer than a centre in the same place.
    if (squared[row] === 0) {
      seen[row] = centres;
      isExact[row] = 1;
      return;
    }
    space.look(row);
    if (seen[row] < centres) {
      // What moved a row that was at the top is most likely the last pick.
      this.lower(row, centres - 1, centres, enough);
      if (squared[row] < enough) return;
      seen[row] = this.lower(row, seen[row], centres - 1, enough);
      if (squared[row] < enough) return;
      seen[row] = centres;
    }
    if (isExact[row] === 1) return;
    this.lower(row, 0, centres, enough);
    if (squared[row] >= enough) isExact[row] = 1;
  }

  /** Looks at centres from `first` to `end`, or up to one that is nearer than `enough`. Gives the first not looked at. */
  private lower(row: number, first: number, end: number, enough: number): number {
    if (this.estimates && end - first >= MANY) {
      this.lowerByEstimates(row, first, end, this.estimates);
      return end;
    }
    const { squared } = this;
    for (let centre = first; centre < end; centre++) {
      this.compare(row, centre);
      if (squared[row] < enough) return centre + 1;
    }
    return end;
  }

  /** Looks at those of the centres that may be nearest by what float32 says. */
  private lowerByEstimates(row: number, first: number, end: number, estimates: Estimates): void {
    const { error } = estimates;
    const found = estimates.fromRow(row, first, end);
    let least = Infinity;
    for (let i = 0; i < found.length; i++) if (found[i] < least) least = found[i];
    const bound = widened(Math.min(this.squared[row], widened(least, error)), error);
    for (let i = 0; i < found.length; i++) if (found[i] <= bound) this.compare(row, first + i);
  }

  private compare(row: number, centre: number): void {
    const { space, squared } = this;
    const found = space.squared(centre, squared[row]);
    this.evaluations++;
    if (found < squared[row]) squared[row] = found;
  }
}
