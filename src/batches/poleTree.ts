/** A tree of poles over a sample of rows: at each node, a row goes where the nearer of two poles is. */
import type { SimdDistances } from "../backends/cpu/simdDistances.ts";
import { randomBits, streams } from "../random.ts";

/** Of a node: its pole, where those that stay go, where those nearer to the pole go. A leaf has −1, its anchor, its number. */
export const NODE = 3;
/** Rows of the sample that a leaf has at most; and fewer where a second pole would leave less than this share of Σ d². */
const LEAF = 12;
const WORTH_A_SPLIT = 0.75;

/** The rows of the sample are the centres of `sampled`. A node's lie side by side, with what is known of them. */
export class PoleTree {
  readonly nodes: number[] = [];
  /** Poles. */
  readonly places: SimdDistances;
  /** Of the rows of each leaf. */
  readonly means: Float32Array[] = [];
  private readonly sampled: SimdDistances;
  private readonly rows: Uint32Array;
  /** Squared distances of those to the pole of their node. */
  private readonly toOwn: Float32Array;
  /** Those of a node that go to its other pole, while they are sorted out. */
  private readonly goingRows: Uint32Array;
  private readonly goingTo: Float32Array;

  constructor(sampled: SimdDistances, places: SimdDistances) {
    const { count } = sampled;
    this.sampled = sampled;
    this.places = places;
    this.rows = Uint32Array.from({ length: count }, (_, i) => i);
    this.goingRows = new Uint32Array(count);
    this.goingTo = new Float32Array(count);
    const first = sampled.centre(0);
    places.addCentres(first);
    this.toOwn = sampled.toListed(first, this.rows).slice();
    this.grow(0, count);
  }

  /** A node for rows from `first` to `end`, which came to the side of a pole. Gives its number. */
  private grow(first: number, end: number): number {
    const { sampled, places, nodes } = this;
    const other = end - first > 2 ? this.drawn(first, end) : undefined;
    if (other === undefined) return this.leaf(first, end);
    const otherPoint = sampled.centre(this.rows[other]);
    const toOther = sampled.toListed(otherPoint, this.rows.subarray(first, end));
    if (end - first <= LEAF && !this.isWorthASplit(first, toOther)) return this.leaf(first, end);
    const node = nodes.length / NODE;
    nodes.push(places.count, 0, 0);
    places.addCentres(otherPoint);
    const middle = this.part(first, toOther);
    nodes[node * NODE + 1] = this.grow(first, middle);
    nodes[node * NODE + 2] = this.grow(middle, end);
    return node;
  }

  /** Any row but those where the pole is; none where all are. */
  private drawn(first: number, end: number): number | undefined {
    const { toOwn } = this;
    let others = 0;
    for (let i = first; i < end; i++) if (toOwn[i] > 0) others++;
    let left = Math.floor((randomBits(0, streams.sample, others) / 2 ** 32) * others);
    for (let i = first; i < end; i++) if (toOwn[i] > 0 && left-- === 0) return i;
    return undefined;
  }

  private isWorthASplit(first: number, toOther: Float32Array): boolean {
    let together = 0;
    let apart = 0;
    for (let i = 0; i < toOther.length; i++) {
      const own = this.toOwn[first + i];
      together += own;
      apart += Math.min(own, toOther[i]);
    }
    return apart < WORTH_A_SPLIT * together;
  }

  /** Puts the rows that stay before those that go, each in the order they had. Gives where those begin. */
  private part(first: number, toOther: Float32Array): number {
    const { rows, toOwn, goingRows, goingTo } = this;
    let middle = first;
    let going = 0;
    for (let i = 0; i < toOther.length; i++) {
      const row = rows[first + i];
      const own = toOwn[first + i];
      if (toOther[i] < own) {
        goingRows[going] = row;
        goingTo[going++] = toOther[i];
      } else {
        rows[middle] = row;
        toOwn[middle++] = own;
      }
    }
    rows.set(goingRows.subarray(0, going), middle);
    toOwn.set(goingTo.subarray(0, going), middle);
    return middle;
  }

  private leaf(first: number, end: number): number {
    const { sampled, nodes, means, rows } = this;
    means.push(sampled.meanOf(rows.subarray(first, end)));
    nodes.push(-1, 0, means.length);
    return nodes.length / NODE - 1;
  }
}
