/** Rows of points, copied to where kernels find them. */
import { scaleOf, type PointData } from "../distances.ts";
import type { Crew } from "./crew.ts";

/** Rows that are fetched at a time, and values in a line of the cache. */
const TOUCHED = 16;
const LINE_VALUES = 16;

export class PointRows {
  private readonly points: PointData;
  private readonly crew: Crew;
  private readonly width: number;
  /** Whether all points are in memory, in their order. */
  private readonly isHeld: boolean;
  /** The sum of what was read to have it fetched: without a use of it engines would leave the reading out. */
  touched = 0;

  /** Each takes `width` values there, zeros past its dims. */
  constructor(points: PointData, crew: Crew, width: number) {
    this.points = points;
    this.crew = crew;
    this.width = width;
    this.isHeld = points.data.length === points.rows * points.dims;
  }

  /** Copies rows, scaled, to a place in memory. */
  copy(rows: ArrayLike<number>, first: number, count: number, place: number): void {
    for (let i = 0; i < count; i += TOUCHED) {
      const some = Math.min(TOUCHED, count - i);
      if (this.isHeld) this.touch(rows, first + i, some);
      this.copyEach(rows, first + i, some, place / 4 + i * this.width);
    }
  }

  private copyEach(rows: ArrayLike<number>, first: number, count: number, to: number): void {
    const { points, width, crew } = this;
    const { floats } = crew;
    const { data, dims } = points;
    for (let i = 0; i < count; i++, to += width) {
      const row = rows[first + i];
      const from = points.at(row);
      if (points.metric !== "cosine") floats.set(data.subarray(from, from + dims), to);
      else {
        const scale = scaleOf(points, row);
        for (let d = 0; d < dims; d++) floats[to + d] = data[from + d] * scale;
      }
      if (dims < width) floats.fill(0, to + dims, to + width);
    }
  }

  /**
   * Reads a value of every line of the processor's cache that these rows lie in: it fetches many at a time where nothing
   * waits for them, and copying a row after the other takes three times as long without (370 against 123 ns a row of 64
   * values that lie at random among 256 MB).
   */
  private touch(rows: ArrayLike<number>, first: number, count: number): void {
    const { data, dims } = this.points;
    let sum = 0;
    for (let i = first; i < first + count; i++) {
      const end = (rows[i] + 1) * dims;
      for (let at = end - dims; at < end; at += LINE_VALUES) sum += data[at];
      sum += data[end - 1];
    }
    this.touched = sum;
  }
}
