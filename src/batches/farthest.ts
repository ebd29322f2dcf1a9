/** The row that is farthest from all centres, now and after each further one. */
import { Front } from "./front.ts";
import type { Sweeps } from "./sweeps.ts";

/** Rows looked at between two turns of others. */
const ROWS_A_TURN = 1024;

export class Farthest {
  private readonly sweeps: Sweeps;
  private readonly front: Front;
  private left: number;

  /** Of these rows. */
  constructor(sweeps: Sweeps, rows: Uint32Array) {
    const { squared } = sweeps.nearest;
    this.sweeps = sweeps;
    this.front = new Front(sweeps, rows, { of: (row) => squared[row], enough: (_, level) => level });
    this.left = rows.length;
  }

  /** The farthest row, settled; ties to the lowest. None where none is left. */
  async top(): Promise<number | undefined> {
    const { front, left } = this;
    const { nearest } = this.sweeps;
    const { heap } = front;
    if (left === 0) return undefined;
    for (let looks = 1; ; looks++) {
      if (looks % ROWS_A_TURN === 0) await this.sweeps.pace.turn();
      if (!front.isAhead(heap.topKey)) {
        await front.refill();
        continue;
      }
      const row = heap.top;
      if (nearest.squared[row] === heap.topKey) {
        if (nearest.isSettled(row)) return row;
        nearest.settle(row, heap.nextKey);
      }
      heap.lower(nearest.squared[row]);
    }
  }

  /** Takes out the row at the top. */
  take(): void {
    this.front.remove(this.front.heap.pop());
    this.left--;
  }
}
