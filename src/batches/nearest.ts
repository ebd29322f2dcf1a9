/**
 * How far rows are from the nearest of centres that are added one after the other, looked at only where it may matter.
 *
 * Distances to the nearest centre only shrink, so an old one is a bound (Minoux 1978): a row is brought up to date when
 * its bound comes to the top, and no longer than until it is below what it has to beat. Rows that come to the top often
 * are put into groups, which rule out most centres for all of their rows at once.
 */
import type { Space } from "../distance.ts";
import { Groups, type Place } from "./groups.ts";

/** Centres that a row has met before it is put into a group: finding one costs about a dozen distances. */
const GROUPED_AFTER = 8;

export class Nearest {
  readonly space: Space;
  /** [rows]: at least the squared distance to the nearest centre, and exactly that where the row is settled. */
  readonly squared: Float64Array;
  /** [rows]: centres that `squared` knows of, the first ones. */
  private readonly seen: Uint32Array;
  private groups: Groups | undefined;
  private evaluated = 0;

  /** `bounds`, [rows]: what is known of the squared distances before any is taken. It is written into. */
  constructor(space: Space, bounds = new Float64Array(space.rows).fill(Infinity)) {
    this.space = space;
    this.squared = bounds;
    this.seen = new Uint32Array(space.rows);
  }

  /** Distances evaluated so far. */
  get evaluations(): number {
    return this.evaluated + (this.groups?.evaluations ?? 0);
  }

  /** Whether all centres are known to a row. */
  isSettled(row: number): boolean {
    return this.seen[row] === this.space.centres;
  }

  /** Looks at further centres until the row is settled, or known to be nearer than `enough`, squared. */
  settle(row: number, enough: number): void {
    const { space, squared, seen } = this;
    // Nothing is nearer than a centre in the same place.
    if (squared[row] === 0) {
      seen[row] = space.centres;
      return;
    }
    space.look(row);
    if (seen[row] < GROUPED_AFTER) this.settleAlone(row, enough, Math.min(space.centres, GROUPED_AFTER));
    if (seen[row] < GROUPED_AFTER || this.isSettled(row) || squared[row] < enough) return;
    const place = this.placeOf(row);
    if (place) this.settleInGroup(row, enough, place);
    else this.settleAlone(row, enough, space.centres);
  }

  /** The least squared distance between any of these rows and any centre. */
  leastOf(rows: Uint32Array): number {
    const { space, squared, seen } = this;
    const { centres } = space;
    let least = Infinity;
    for (const row of rows) {
      least = Math.min(least, squared[row]);
      if (seen[row] === centres) continue;
      space.look(row);
      for (let next = seen[row]; next < centres; next++) least = Math.min(least, space.squared(next, least));
      this.evaluated += centres - seen[row];
    }
    return least;
  }

  /** Looks at one after the other, up to the one of that number. */
  private settleAlone(row: number, enough: number, centres: number): void {
    const { space, squared, seen } = this;
    let least = squared[row];
    let next = seen[row];
    this.evaluated -= next;
    while (next < centres) {
      const found = space.squared(next++, least);
      if (found < least) {
        least = found;
        if (least < enough) break;
      }
    }
    this.evaluated += next;
    squared[row] = least;
    seen[row] = next;
  }

  private settleInGroup(row: number, enough: number, { leaf, reach }: Place): void {
    const { space, squared, seen } = this;
    this.groups!.scan(leaf);
    const { distances, nearest } = leaf;
    let least = squared[row];
    // What is near the anchor is most likely near the row: a low bound now may spare it all the others for good.
    for (const centre of nearest) {
      if (centre < seen[row]) continue;
      least = Math.min(least, space.squared(centre, least));
      this.evaluated++;
      if (least >= enough) continue;
      squared[row] = least;
      return;
    }
    let root = Math.sqrt(least);
    let next = seen[row];
    while (next < distances.length) {
      const centre = next++;
      if (distances[centre] - reach > root) continue;
      const found = space.squared(centre, least);
      this.evaluated++;
      if (found >= least) continue;
      least = found;
      root = Math.sqrt(least);
      if (least < enough) break;
    }
    squared[row] = least;
    seen[row] = next;
  }

  private placeOf(row: number): Place | undefined {
    const { anchors } = this.space;
    if (!anchors) return undefined;
    if (!this.groups) {
      this.groups = new Groups(this.space, anchors);
      this.space.look(row);
    }
    return this.groups.areTight ? this.groups.placeOf(row) : undefined;
  }
}
