/** The row that is farthest from all centres, now and after each further one. */
import { RowHeap } from "./heap.ts";
import type { Nearest } from "./nearest.ts";

/** Rows settled first, to know how far the farthest is at least. */
const SAMPLE = 64;

export class Farthest {
  private readonly nearest: Nearest;
  private readonly heap: RowHeap;

  /** Of these rows; there is at least one centre already. */
  constructor(nearest: Nearest, rows: Uint32Array) {
    this.nearest = nearest;
    sweep(nearest, rows);
    this.heap = new RowHeap(rows.length);
    this.heap.fill(rows, (row) => nearest.squared[row]);
  }

  get isEmpty(): boolean {
    return this.heap.size === 0;
  }

  /** The farthest row, settled; ties to the lowest. */
  top(): number {
    const { heap, nearest } = this;
    for (;;) {
      const row = heap.top;
      if (nearest.squared[row] === heap.topKey) {
        if (nearest.isSettled(row)) return row;
        nearest.settle(row, heap.nextKey);
      }
      heap.lower(nearest.squared[row]);
    }
  }

  /** Takes the farthest row out. */
  take(): number {
    this.top();
    return this.heap.pop();
  }
}

/** A first bound for every row: it is looked at until it is nearer than the farthest that is known by then. */
function sweep(nearest: Nearest, rows: Uint32Array): void {
  const step = Math.ceil(rows.length / SAMPLE);
  let farthest = 0;
  const settle = (row: number): void => {
    nearest.settle(row, farthest);
    if (nearest.isSettled(row)) farthest = Math.max(farthest, nearest.squared[row]);
  };
  for (let i = 0; i < rows.length; i += step) settle(rows[i]);
  for (const row of rows) settle(row);
}
