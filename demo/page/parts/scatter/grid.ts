/** Which point is nearest: points sorted into square cells, so that only those around are looked at. */
import type { Extent } from "./extent.ts";

export class PointGrid {
  private readonly points: Float32Array;
  private readonly extent: Extent;
  private readonly columns: number;
  private readonly lines: number;
  /** Side of a cell. */
  private readonly side: number;
  /** Where each cell begins in `rows`, [cells + 1]. */
  private readonly starts: Uint32Array;
  private readonly rows: Uint32Array;

  /** Points outside the extent are left out. */
  constructor(points: Float32Array, extent: Extent) {
    this.points = points;
    this.extent = extent;
    const width = extent.right - extent.left;
    const height = extent.top - extent.bottom;
    this.side = Math.sqrt((width * height) / Math.max(1, points.length / 4)); // two points to a cell, were they spread evenly
    this.columns = Math.ceil(width / this.side);
    this.lines = Math.ceil(height / this.side);
    this.starts = new Uint32Array(this.columns * this.lines + 2);
    const cells = Int32Array.from({ length: points.length / 2 }, (_, row) => this.cellOf(row));
    // Counted one place further on than it will be found: placing moves each start to where the next cell begins.
    for (const cell of cells) if (cell >= 0) this.starts[cell + 2]++;
    for (let cell = 2; cell < this.starts.length; cell++) this.starts[cell] += this.starts[cell - 1];
    this.rows = new Uint32Array(this.starts.at(-1)!);
    for (const [row, cell] of cells.entries()) if (cell >= 0) this.rows[this.starts[cell + 1]++] = row;
  }

  /** The row nearest to (x, y), the lowest of several, or undefined where none is within `reach`. */
  nearest(x: number, y: number, reach: number): number | undefined {
    const [left, right] = [this.column(x - reach), this.column(x + reach)];
    const [bottom, top] = [this.line(y - reach), this.line(y + reach)];
    let found: number | undefined;
    let least = reach * reach;
    for (let line = Math.max(0, bottom); line <= Math.min(this.lines - 1, top); line++) {
      const first = this.starts[line * this.columns + Math.max(0, left)];
      const end = this.starts[line * this.columns + Math.min(this.columns - 1, right) + 1];
      for (let at = first; at < end; at++) {
        const row = this.rows[at];
        const squared = (this.points[2 * row] - x) ** 2 + (this.points[2 * row + 1] - y) ** 2;
        if (squared < least || (squared === least && row < (found ?? Infinity))) [least, found] = [squared, row];
      }
    }
    return found;
  }

  private column(x: number): number {
    return Math.floor((x - this.extent.left) / this.side);
  }

  private line(y: number): number {
    return Math.floor((y - this.extent.bottom) / this.side);
  }

  private cellOf(row: number): number {
    const column = this.column(this.points[2 * row]);
    const line = this.line(this.points[2 * row + 1]);
    const isInside = column >= 0 && column < this.columns && line >= 0 && line < this.lines;
    return isInside ? line * this.columns + column : -1;
  }
}
