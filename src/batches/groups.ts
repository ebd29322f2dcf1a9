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
/** Rows of the sample that a leaf has at most. */
const LEAF = 12;
/** A row farther from its anchor than this many times the farthest of the sample is left out of its group. */
const ROOM = 2;
/** Widens what float64 rounds, relative to a distance. */
const ROUNDING = 1e-12;

interface Leaf {
  /** From 1. */
  readonly number: number;
  readonly anchor: number;
  /** No row of the group is farther from the anchor. */
  readonly radius: number;
  /** Centres looked at for the group as a whole, the first ones. */
  scanned: number;
  /** Those of them that may be nearest to a row of it, ascending, and how far from the anchor each is at least. */
  readonly centres: number[];
  readonly distances: number[];
}

interface Split {
  /** The pole that rows come from, and the other. */
  readonly poles: readonly [number, number];
  readonly sides: readonly [Node, Node];
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
  private readonly space: Space;
  private readonly anchors: Anchors;
  private readonly leaves: Leaf[] = [];
  private readonly root: Node;
  private readonly rootPole: number;
  /** [rows]: number of the group from 1; 0 where none was looked for, `NONE` where none was found. */
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
  }

  /** The group of a row, if it has one. The row is the one looked at. */
  placeOf(row: number): Place | undefined {
    if (this.groupOf[row] === 0) this.settle(row);
    if (this.groupOf[row] === NONE) return undefined;
    return { leaf: this.leaves[this.groupOf[row] - 1], reach: this.reachOf[row] };
  }

  /** Brings a group's centres up to date. A centre farther from all its rows than `farthest` is left out. */
  scan(leaf: Leaf, farthest: readonly number[]): void {
    const { centres } = this.space;
    for (; leaf.scanned < centres; leaf.scanned++) {
      const distance = Math.sqrt(this.anchors.toCentre(leaf.anchor, leaf.scanned)) * (1 - ROUNDING);
      this.evaluations++;
      if (distance - leaf.radius > farthest[leaf.scanned]) continue;
      leaf.centres.push(leaf.scanned);
      leaf.distances.push(distance);
    }
  }

  private settle(row: number): void {
    const { anchors } = this;
    let node = this.root;
    let squared = anchors.squared(this.rootPole);
    this.evaluations++;
    while ("poles" in node) {
      const other = anchors.squared(node.poles[1]);
      this.evaluations++;
      const side: 0 | 1 = other < squared ? 1 : 0;
      squared = Math.min(squared, other);
      node = node.sides[side];
    }
    this.evaluations++;
    // Rounded up, so that a float32 holds it.
    const reach = Math.fround(Math.sqrt(anchors.squared(node.anchor)) * (1 + 2 ** -22));
    this.groupOf[row] = reach <= node.radius ? node.number : NONE;
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
    const other = rows.length > LEAF ? drawn(rows, squared) : undefined;
    if (other === undefined) return this.leaf(rows);
    const far = anchors.add([other]);
    const isFar = rows.map((row, i) => {
      space.look(row);
      return Number(anchors.squared(far) < squared[i]);
    });
    this.evaluations += rows.length;
    const near = this.grow(
      rows.filter((_, i) => !isFar[i]),
      pole,
    );
    return {
      poles: [pole, far],
      sides: [
        near,
        this.grow(
          rows.filter((_, i) => isFar[i]),
          far,
        ),
      ],
    };
  }

  private leaf(rows: Uint32Array): Leaf {
    const { space, anchors } = this;
    const anchor = anchors.add(rows);
    let farthest = 0;
    for (const row of rows) {
      space.look(row);
      farthest = Math.max(farthest, anchors.squared(anchor));
    }
    this.evaluations += rows.length;
    const radius = ROOM * Math.sqrt(farthest);
    const leaf: Leaf = { number: this.leaves.length + 1, anchor, radius, scanned: 0, centres: [], distances: [] };
    this.leaves.push(leaf);
    return leaf;
  }
}

const NONE = 0xffff;

/** A row drawn in proportion to its squared distance; none where all are 0. */
function drawn(rows: Uint32Array, squared: Float64Array): number | undefined {
  const total = squared.reduce((sum, value) => sum + value, 0);
  if (total === 0) return undefined;
  let left = (randomBits(0, streams.sample, rows[0], rows.length) / 2 ** 32) * total;
  for (let i = 0; i < rows.length; i++) {
    left -= squared[i];
    if (left < 0) return rows[i];
  }
  return rows[squared.indexOf(squared.reduce((a, b) => Math.max(a, b)))];
}
