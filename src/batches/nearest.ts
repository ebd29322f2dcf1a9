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
import { RowStates } from "./rowStates.ts";

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
  /** Which centres `squared` knows of, and in what precision. */
  readonly states: RowStates;
  /** Distances evaluated so far. */
  evaluations = 0;

  /** `bounds`, [rows]: what is known of the squared distances before any is taken. It is written into. */
  constructor(space: Space, bounds = new Float64Array(space.rows).fill(Infinity), estimates?: Estimates) {
    this.space = space;
    this.estimates = estimates;
    this.squared = bounds;
    this.states = new RowStates(space.rows);
  }

  /** Whether all centres are known to a row, in float64. */
  isSettled(row: number): boolean {
    return this.states.seen(row) === this.space.centres && this.states.isExact(row);
  }

  /** Looks at further centres until the row is settled, or known to be nearer than `enough`, squared. */
  settle(row: number, enough: number): void {
    const { space, squared, states } = this;
    const { centres } = space;
    // Nothing is nearer than a centre in the same place.
    if (squared[row] === 0) {
      states.see(row, centres, true);
      return;
    }
    space.look(row);
    const seen = states.seen(row);
    const isExact = states.isExact(row);
    if (seen < centres) {
      // What moved a row that was at the top is most likely the last pick.
      this.lower(row, centres - 1, centres, enough);
      if (squared[row] < enough) return;
      const next = this.lower(row, seen, centres - 1, enough);
      states.see(row, squared[row] < enough ? next : centres, isExact);
      if (squared[row] < enough) return;
    }
    if (isExact) return;
    this.lower(row, 0, centres, enough);
    if (squared[row] >= enough) states.see(row, centres, true);
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
