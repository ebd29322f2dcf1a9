/**
 * Rows grouped around anchors, so that one distance rules out a centre for a whole group (triangle inequality): a centre
 * c is no nearer to a row r than d(c, anchor) − d(r, anchor).
 *
 * The groups are the leaves of a tree that is grown on a sample: a row goes where the nearer of two poles is. Any grouping
 * is right; a good one saves more.
 */
import type { Anchors, Space } from "../distance.ts";
import { randomBits, streams } from "../random.ts";

/** Rows that the tree is grown on: one in so many, and at most so many. */
const SAMPLE_STEP = 8;
const LARGEST_SAMPLE = 32768;
/** Rows of the sample that a leaf has at most; and fewer where a second pole would leave less than this share of Σ d². */
const LEAF = 12;
const WORTH_A_SPLIT = 0.5;
/** Centres nearest to an anchor that a row is tried against before all others. */
const TRIED_FIRST = 8;
/** Rows asked whether the groups are tight, and what share of a distance is. */
const ASKED = 255;
const TIGHT = 0.4;
/** Widens what float64 rounds, relative to a distance. */
const ROUNDING = 1e-12;

export interface Leaf {
  /** From 1. */
  readonly number: number;
  readonly anchor: number;
  /** How far from the anchor each centre is at least, of those looked at: the first ones. */
  readonly distances: number[];
  /** The few of them that are nearest to the anchor, the nearest first. */
  readonly nearest: number[];
}

interface Split {
  /** Another pole than the one that rows come from, and the nodes of those that stay and those that are nearer to it. */
  readonly pole: number;
  readonly near: Node;
  readonly far: Node;
}

type Node = Leaf | Split;

/** Where a row belongs. */
export interface Place {
  readonly leaf: Leaf;
  /** Distance from the row to the anchor, at most. */
  readonly reach: number;
}

export class Groups {
  /** Distances evaluated. */
  evaluations = 0;
  /** Whether rows are much nearer to their anchor than to others: loose groups rule nothing out. */
  readonly areTight: boolean;
  private readonly space: Space;
  private readonly anchors: Anchors;
  private readonly leaves: Leaf[] = [];
  private readonly root: Node;
  private readonly rootPole: number;
  /** [rows]: number of the group; 0 where none was looked for. */
  private readonly groupOf: Uint16Array;
  private readonly reachOf: Float32Array;

  constructor(space: Space, anchors: Anchors) {
    this.space = space;
    this.anchors = anchors;
    this.groupOf = new Uint16Array(space.rows);
    this.reachOf = new Float32Array(space.rows);
    const step = Math.max(SAMPLE_STEP, Math.ceil(space.rows / LARGEST_SAMPLE));
    const sample = Uint32Array.from({ length: Math.ceil(space.rows / step) }, (_, i) => i * step);
    this.rootPole = anchors.add([sample[0]]);
    this.root = this.grow(sample, this.rootPole);
    this.areTight = this.tightness(sample) < TIGHT;
  }

  /** The group of a row, which is the one looked at. */
  placeOf(row: number): Place {
    if (this.groupOf[row] === 0) this.settle(row);
    return { leaf: this.leaves[this.groupOf[row] - 1], reach: this.reachOf[row] };
  }

  /** Tells a group of the centres that are new. */
  scan({ anchor, distances, nearest }: Leaf): void {
    for (let centre = distances.length; centre < this.space.centres; centre++) {
      distances.push(Math.sqrt(this.anchors.toCentre(anchor, centre)) * (1 - ROUNDING));
      this.evaluations++;
      let i = nearest.length;
      while (i > 0 && distances[nearest[i - 1]] > distances[centre]) i--;
      if (i < TRIED_FIRST) nearest.splice(i, 0, centre);
      if (nearest.length > TRIED_FIRST) nearest.pop();
    }
  }

  /** How far rows are from their own anchor, beside how far from any: a median of some rows. */
  private tightness(sample: Uint32Array): number {
    const shares = Array.from({ length: ASKED }, (_, i) => {
      const row = sample[Math.floor((i * sample.length) / ASKED)];
      this.space.look(row);
      const { reach } = this.placeOf(row);
      const { anchor } = this.leaves[(i * 31) % this.leaves.length];
      this.evaluations++;
      return reach / Math.sqrt(this.anchors.squared(anchor));
    });
    return shares.sort((a, b) => a - b)[ASKED >> 1];
  }

  private settle(row: number): void {
    const { anchors } = this;
    let node = this.root;
    let squared = anchors.squared(this.rootPole);
    this.evaluations++;
    while ("pole" in node) {
      const other = anchors.squared(node.pole, squared);
      this.evaluations++;
      node = other < squared ? node.far : node.near;
      squared = Math.min(squared, other);
    }
    this.evaluations++;
    // Rounded up, so that a float32 holds it.
    const reach = Math.fround(Math.sqrt(anchors.squared(node.anchor)) * (1 + 2 ** -22));
    this.groupOf[row] = node.number;
    this.reachOf[row] = reach;
  }

  /** A node for these rows of the sample, all of which came to the side of a pole. */
  private grow(rows: Uint32Array, pole: number): Node {
    const { space, anchors } = this;
    const squared = Float64Array.from(rows, (row) => {
      space.look(row);
      return anchors.squared(pole);
    });
    this.evaluations += rows.length;
    const other = rows.length > 2 ? drawn(rows, squared) : undefined;
    if (other === undefined) return this.leaf(rows);
    const far = anchors.add([other]);
    const fromFar = Float64Array.from(rows, (row) => {
      space.look(row);
      return anchors.squared(far);
    });
    this.evaluations += rows.length;
    const together = sum(squared);
    const apart = sum(squared.map((value, i) => Math.min(value, fromFar[i])));
    if (rows.length <= LEAF && apart >= WORTH_A_SPLIT * together) return this.leaf(rows);
    const near = rows.filter((_, i) => fromFar[i] >= squared[i]);
    const rest = rows.filter((_, i) => fromFar[i] < squared[i]);
    return { pole: far, near: this.grow(near, pole), far: this.grow(rest, far) };
  }

  private leaf(rows: Uint32Array): Leaf {
    const leaf: Leaf = { number: this.leaves.length + 1, anchor: this.anchors.add(rows), distances: [], nearest: [] };
    this.leaves.push(leaf);
    return leaf;
  }
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

/** Any row but those where the pole is; none where all are. */
function drawn(rows: Uint32Array, squared: Float64Array): number | undefined {
  const others = rows.filter((_, i) => squared[i] > 0);
  if (others.length === 0) return undefined;
  const lot = randomBits(0, streams.sample, others[0], others.length) / 2 ** 32;
  return others[Math.floor(lot * others.length)];
}
