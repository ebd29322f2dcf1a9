/** Rows by keys, the highest first, ties to the lowest row: a binary heap in typed arrays. */
import type { Pace } from "../pace.ts";

/** Rows between two turns of others. */
const ROWS_A_TURN = 2 ** 14;

export class RowHeap {
  size = 0;
  private rows = new Uint32Array();
  private keys = new Float64Array();

  /** Replaces what it holds. It never holds more rows than it was filled with. */
  fill(rows: ArrayLike<number>, keyOf: (row: number) => number): void {
    const filling = this.filling(rows, keyOf);
    while (!filling.next().done);
  }

  /** The same, and others have a turn meanwhile. */
  async fillInTurns(rows: ArrayLike<number>, keyOf: (row: number) => number, pace: Pace): Promise<void> {
    const filling = this.filling(rows, keyOf);
    while (!filling.next().done) await pace.turn();
  }

  private *filling(rows: ArrayLike<number>, keyOf: (row: number) => number): Generator<void> {
    this.size = rows.length;
    if (this.rows.length < this.size) {
      this.rows = new Uint32Array(this.size);
      this.keys = new Float64Array(this.size);
    }
    for (let i = 0; i < rows.length; i++) {
      this.rows[i] = rows[i];
      this.keys[i] = keyOf(rows[i]);
      if (i % ROWS_A_TURN === 0) yield;
    }
    for (let i = (this.size >> 1) - 1; i >= 0; i--) {
      this.sink(i);
      if (i % ROWS_A_TURN === 0) yield;
    }
  }

  clear(): void {
    this.size = 0;
  }

  get top(): number {
    return this.rows[0];
  }

  get topKey(): number {
    return this.size > 0 ? this.keys[0] : -Infinity;
  }

  /** The highest key but for the top's. */
  get nextKey(): number {
    const first = this.size > 1 ? this.keys[1] : -Infinity;
    return this.size > 2 ? Math.max(first, this.keys[2]) : first;
  }

  /** The top and others near it, at most so many, in no order. */
  first(count: number): Uint32Array {
    return this.rows.slice(0, Math.min(count, this.size));
  }

  /** Gives the top a key that is not higher. */
  lower(key: number): void {
    this.keys[0] = key;
    this.sink(0);
  }

  pop(): number {
    const row = this.rows[0];
    this.size--;
    this.rows[0] = this.rows[this.size];
    this.keys[0] = this.keys[this.size];
    this.sink(0);
    return row;
  }

  push(row: number, key: number): void {
    let i = this.size++;
    for (; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!this.isBefore(row, key, parent)) break;
      this.move(parent, i);
      i = parent;
    }
    this.rows[i] = row;
    this.keys[i] = key;
  }

  private sink(from: number): void {
    const row = this.rows[from];
    const key = this.keys[from];
    let i = from;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.isBefore(this.rows[child + 1], this.keys[child + 1], child)) child++;
      if (this.isBefore(row, key, child)) break;
      this.move(child, i);
      i = child;
    }
    this.rows[i] = row;
    this.keys[i] = key;
  }

  private isBefore(row: number, key: number, other: number): boolean {
    return key > this.keys[other] || (key === this.keys[other] && row < this.rows[other]);
  }

  private move(from: number, to: number): void {
    this.rows[to] = this.rows[from];
    this.keys[to] = this.keys[from];
  }
}
