/**
 * How far apart rows of embeddings are: in float64, the judge's view, never a kernel's.
 *
 * A sum of squares, never the dot expansion: rows that are equal are at distance 0 exactly.
 */
import { square } from "./elementary.ts";
import type { Vectors } from "./vectors.ts";

export const metricNames = ["euclidean", "squared", "cosine"] as const;
/**
 * `euclidean`; `squared`, the square of that; or `cosine`: 1 − cos of the angle between two rows, from 0 to 2. It is half
 * the squared distance of the rows scaled to length 1, and is taken as that.
 */
export type Metric = (typeof metricNames)[number];

/** Rows as points, and those of them that are centres. Squared distances are what is compared. */
export interface Space {
  readonly rows: number;
  /** Centres so far, numbered as they came. */
  readonly centres: number;
  addCentre(row: number): void;
  /** Makes a row the one that is measured from. */
  look(row: number): void;
  /** Squared distance from it to a centre; where that is more than `enough`, any number that is more will do. */
  squared(centre: number, enough: number): number;
  /** The distance that a squared one stands for, in the unit of the metric. */
  distance(squared: number): number;
}

/** A space whose rows are vectors. */
export interface PointSpace extends Space {
  /** The row that is looked at, filled up with zeros. It is the same array every time. */
  readonly point: Float64Array;
  /** The squared distance that one in the unit of the metric stands for. */
  squaredOf(distance: number): number;
}

/** Dimensions summed up before it is asked whether they are enough already. */
const STRETCH = 16;

/** The space of embeddings, which are read where they lie. */
export function embeddingSpace(vectors: Vectors, metric: Metric): PointSpace {
  return new EmbeddingSpace(vectors, metric);
}

class EmbeddingSpace implements PointSpace {
  readonly rows: number;
  private readonly vectors: Vectors;
  private readonly metric: Metric;
  private readonly chosen: PointList;
  readonly point: Float64Array;

  constructor(vectors: Vectors, metric: Metric) {
    this.rows = vectors.rows;
    this.vectors = vectors;
    this.metric = metric;
    const width = Math.ceil(vectors.dims / STRETCH) * STRETCH;
    this.point = new Float64Array(width);
    this.chosen = new PointList(width);
  }

  get centres(): number {
    return this.chosen.count;
  }

  addCentre(row: number): void {
    this.look(row);
    this.chosen.push(this.point);
  }

  squared(centre: number, enough: number): number {
    const { point, chosen } = this;
    return squaredDistance(point, 0, chosen.values, centre * point.length, point.length, enough);
  }

  distance(squared: number): number {
    if (this.metric === "squared") return squared;
    return this.metric === "cosine" ? squared / 2 : Math.sqrt(squared);
  }

  squaredOf(distance: number): number {
    if (this.metric === "squared") return distance;
    return this.metric === "cosine" ? 2 * distance : square(distance);
  }

  look(row: number): void {
    const { vectors, point } = this;
    const first = vectors.at(row);
    const { data, dims } = vectors;
    for (let i = 0; i < dims; i++) point[i] = data[first + i];
    if (this.metric !== "cosine") return;
    let squares = 0;
    for (let i = 0; i < dims; i++) squares += square(point[i]);
    const length = Math.sqrt(squares);
    for (let i = 0; i < dims; i++) point[i] /= length;
  }
}

/** Points one after the other, each of `width` values; what is past its dims is 0. */
class PointList {
  count = 0;
  values: Float64Array;
  private readonly width: number;

  constructor(width: number) {
    this.width = width;
    this.values = new Float64Array(16 * width);
  }

  push(point: Float64Array): number {
    const at = this.count * this.width;
    if (at === this.values.length) {
      const larger = new Float64Array(2 * at);
      larger.set(this.values);
      this.values = larger;
    }
    this.values.set(point, at);
    return this.count++;
  }
}

/** Σ (p − q)² over `width` values, in four chains; cut short where it is more than `enough` already. */
export function squaredDistance(
  p: Float64Array,
  pAt: number,
  q: Float64Array,
  qAt: number,
  width: number,
  enough: number,
): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let start = 0; start < width; start += STRETCH) {
    for (let i = start; i < start + STRETCH; i += 4) {
      const u = p[pAt + i] - q[qAt + i];
      const v = p[pAt + i + 1] - q[qAt + i + 1];
      const w = p[pAt + i + 2] - q[qAt + i + 2];
      const x = p[pAt + i + 3] - q[qAt + i + 3];
      a += u * u;
      b += v * v;
      c += w * w;
      d += x * x;
    }
    if (a + b + (c + d) > enough) break;
  }
  return a + b + (c + d);
}
