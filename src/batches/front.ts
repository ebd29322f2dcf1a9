/**
 * The rows that may come next, by a key that never rises: those from some level on. All others are left alone until the
 * keys here have fallen below it; then what has changed meanwhile is brought to many rows at once, and a new level is
 * found (lazy batches).
 */
import { RowHeap } from "./heap.ts";
import { rowsWhere, sampleOf } from "./rows.ts";
import type { Sweeps } from "./sweeps.ts";

export interface Key {
  /** Of a row, by what is known of its distance. */
  of(row: number): number;
  /** The squared distance that a row must be nearer than for its key to be below a level. */
  enough(row: number, level: number): number;
}

/** Rows at first; twice as many after one that gave few picks. */
const FIRST_SIZE = 2 ** 12;
const FEW = 32;
/** Rows that tell how keys are distributed. */
const SAMPLE = 2048;
/** The share of rows left out from which on they are worth a list without them. */
const WORTH_A_COPY = 1 / 64;

export class Front {
  readonly heap = new RowHeap();
  private readonly sweeps: Sweeps;
  private readonly key: Key;
  /** All rows but some of those that are left out for good, and how many of them it has. */
  private rows: Uint32Array;
  private left = 0;
  /** [pool rows]: 1 for rows left out, and how many there are since the last refill. */
  private readonly isGone: Uint8Array;
  private gone = 0;
  /** No row outside has a key from here on. */
  private level = Infinity;
  private size = FIRST_SIZE;

  constructor(sweeps: Sweeps, rows: Uint32Array, key: Key) {
    this.sweeps = sweeps;
    this.rows = rows;
    this.isGone = new Uint8Array(sweeps.space.rows);
    this.key = key;
  }

  /** Whether a row with this key comes before all rows outside. */
  isAhead(key: number): boolean {
    return key >= this.level;
  }

  /** Leaves a row out from now on. */
  remove(row: number): void {
    this.isGone[row] = 1;
    this.gone++;
  }

  /** Keys are not what they were: all rows are looked over before the next one is found. */
  forget(): void {
    this.heap.clear();
    this.level = Infinity;
  }

  /** Finds a new level and the rows from there on. */
  async refill(): Promise<void> {
    const { key, sweeps, heap, isGone } = this;
    if (this.level < Infinity && this.gone < FEW) this.size *= 2;
    this.left += this.gone;
    this.gone = 0;
    if (this.left > this.rows.length * WORTH_A_COPY) {
      this.rows = rowsWhere(this.rows, (row) => isGone[row] === 0);
      this.left = 0;
    }
    for (; ; this.size *= 2) {
      const level = await this.newLevel();
      const open = rowsWhere(this.rows, (row) => isGone[row] === 0 && key.of(row) >= level);
      await sweeps.lower(open, (row) => key.enough(row, level));
      const front = rowsWhere(open, (row) => key.of(row) >= level);
      if (front.length === 0 && level > -Infinity) continue;
      heap.fill(front, (row) => key.of(row));
      this.level = level;
      return;
    }
  }

  /** The level that about as many rows reach as the front has room for. */
  private async newLevel(): Promise<number> {
    const { rows, key, sweeps, size } = this;
    if (rows.length <= size) return -Infinity;
    const sample = sampleOf(rows, SAMPLE).filter((row) => this.isGone[row] === 0);
    if (sample.some((row) => key.of(row) === Infinity)) await sweeps.lower(sample, () => 0);
    const keys = Float64Array.from(sample, (row) => key.of(row)).sort();
    return keys[Math.max(0, keys.length - Math.ceil((keys.length * size) / rows.length))];
  }
}
