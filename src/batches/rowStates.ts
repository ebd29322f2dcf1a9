/**
 * What is known of each row of a pool beside how far it is from the nearest centre: four numbers side by side, because rows
 * are asked for in an order that is not the memory's, and what lies together comes with one line of the cache.
 */

/** Numbers a row, and where each of them is. */
const FIELDS = 4;
const places = { seen: 0, reach: 1, met: 2, depth: 3 } as const;

export class RowStates {
  private readonly words: Uint32Array;
  private readonly floats: Float32Array;

  constructor(rows: number) {
    this.words = new Uint32Array(FIELDS * rows);
    this.floats = new Float32Array(this.words.buffer);
  }

  /** Centres that its distance knows of, the first ones. */
  seen(row: number): number {
    return this.words[FIELDS * row + places.seen] >>> 1;
  }

  /** Whether all of those were looked at in float64. */
  isExact(row: number): boolean {
    return (this.words[FIELDS * row + places.seen] & 1) === 0;
  }

  see(row: number, centres: number, isExact = this.isExact(row)): void {
    this.words[FIELDS * row + places.seen] = 2 * centres + (isExact ? 0 : 1);
  }

  /** How far it is from the anchor of its group at most. */
  reach(row: number): number {
    return this.floats[FIELDS * row + places.reach];
  }

  setReach(row: number, reach: number): void {
    this.floats[FIELDS * row + places.reach] = reach;
  }

  /** It knows of centres before this one, too, where they are nearer to its anchor than `depth`. */
  met(row: number): number {
    return this.words[FIELDS * row + places.met];
  }

  depth(row: number): number {
    return this.floats[FIELDS * row + places.depth];
  }

  meet(row: number, centres: number, depth: number): void {
    this.words[FIELDS * row + places.met] = centres;
    this.floats[FIELDS * row + places.depth] = depth;
  }
}
