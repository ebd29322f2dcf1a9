/**
 * How far rows are from the nearest of centres that are added one after the other, in float64, looked at only where it
 * may matter.
 *
 * Distances to the nearest centre only shrink, so an old one is a bound (Minoux 1978): a row is brought up to date when
 * its bound comes to the top, and no longer than until it is below what it has to beat. Bounds may come from elsewhere,
 * too: from float32, many at a time (`sweeps.ts`).
 */
import type { Space } from "../distance.ts";

export class Nearest {
  readonly space: Space;
  /** [rows]: at least the squared distance to the nearest centre, and exactly that where the row is settled. */
  readonly squared: Float64Array;
  /** [rows]: centres that `squared` knows of, the first ones. */
  readonly seen: Uint32Array;
  /** [rows]: 1 where all centres that it has seen were looked at in float64. */
  readonly isExact: Uint8Array;
  /** Distances evaluated so far. */
  evaluations = 0;
  /** Whether a centre is known to be farther from a row than `root`. */
  isFarther: ((centre: number, row: number, root: number) => boolean) | undefined;

  /** `bounds`, [rows]: what is known of the squared distances before any is taken. It is written into. */
  constructor(space: Space, bounds = new Float64Array(space.rows).fill(Infinity)) {
    this.space = space;
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
    const { space, squared, isFarther } = this;
    let least = squared[row];
    let root = Math.sqrt(least);
    for (let centre = first; centre < end; centre++) {
      if (isFarther?.(centre, row, root)) continue;
      const found = space.squared(centre, least);
      this.evaluations++;
      if (found >= least) continue;
      squared[row] = least = found;
      if (least < enough) return centre + 1;
      root = Math.sqrt(least);
    }
    return end;
  }
}
