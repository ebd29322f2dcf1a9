/**
 * Rows grouped around anchors, so that one distance rules out a centre for a whole group (triangle inequality): a centre
 * c is no nearer to a row r than d(c, anchor) − d(r, anchor).
 *
 * The groups are the leaves of a tree that is grown on a sample: a row goes where the nearer of two poles is. Any grouping
 * is right; a good one saves more.
 */
import { descend } from "../backends/cpu/comparisons.ts";
import type { SimdDistances } from "../backends/cpu/simdDistances.ts";
import { pointOf, roundedUp, widened, type DistanceError, type PointData } from "../backends/distances.ts";
import type { Pace } from "../pace.ts";
import { randomBits, streams } from "../random.ts";
import type { RowStates } from "./rowStates.ts";
import { rowsWhere, sampleOf } from "./rows.ts";

/** Fewer rows than this are not worth grouping. */
const FEWEST_ROWS = 256;
/** Rows that the tree is grown on: one in so many, and at most so many. */
const SAMPLE_STEP = 8;
const LARGEST_SAMPLE = 16384;
/** Rows of the sample that a leaf has at most; and fewer where a second pole would leave less than this share of Σ d². */
const LEAF = 12;
const WORTH_A_SPLIT = 0.75;
/** Rows asked whether the groups are tight, and what share of a distance is. */
const ASKED = 255;
const TIGHT = 0.4;
/** Rows sent down the tree at a time. */
const SENT = 2 ** 14;
/** Of a node: its pole, where those that stay go, where those nearer to the pole go. A leaf has −1, its anchor, its number. */
const NODE = 3;

export class Groups {
  /** [rows]: number of the group from 1; 0 where none was looked for. */
  readonly of: Uint16Array;
  /** Where the reach of each row is written to. */
  private readonly states: RowStates;
  /** Poles and, after them, the anchors of the groups, all as centres. */
  private readonly places: SimdDistances;
  private readonly nodes: Int32Array;
  private readonly firstAnchor: number;

  private constructor(rows: number, states: RowStates, tree: Tree) {
    this.of = new Uint16Array(rows);
    this.states = states;
    this.places = tree.places;
    this.firstAnchor = tree.places.count;
    for (const mean of tree.means) this.places.addCentres(mean);
    this.nodes = Int32Array.from(tree.nodes);
    for (let at = 0; at < this.nodes.length; at += NODE)
      if (this.nodes[at] < 0) this.nodes[at + 1] = this.firstAnchor + this.nodes[at + 2] - 1;
  }

  /** Groups of these rows of what `host` measures, or none where groups would be loose and rule nothing out. */
  static async around(
    host: SimdDistances,
    points: PointData,
    states: RowStates,
    rows: Uint32Array,
    pace: Pace,
  ): Promise<{ groups?: Groups; evaluations: number }> {
    if (rows.length < FEWEST_ROWS) return { evaluations: 0 };
    const sample = sampleOf(rows, Math.min(LARGEST_SAMPLE, Math.ceil(rows.length / SAMPLE_STEP)));
    const sampled = host.another();
    for (const row of sample) sampled.addCentres(pointOf(points, row));
    const tree = new Tree(sampled, host.another());
    sampled.close();
    const groups = new Groups(points.rows, states, tree);
    groups.places.evaluations += sampled.evaluations;
    const isTight = (await groups.tightness(sample, pace)) < TIGHT;
    if (!isTight) groups.places.close();
    return { ...(isTight && { groups }), evaluations: groups.evaluations };
  }

  /** Distances evaluated. */
  get evaluations(): number {
    return this.places.evaluations;
  }

  get error(): DistanceError {
    return this.places.error;
  }

  get count(): number {
    return this.places.count - this.firstAnchor;
  }

  /** Finds the groups of those of these rows that have none. */
  async assign(rows: Uint32Array, pace: Pace): Promise<void> {
    const { of, states, places } = this;
    const open = rowsWhere(rows, (row) => of[row] === 0);
    const leaves = new Uint32Array(SENT);
    const squared = new Float32Array(SENT);
    const nodes = Int32Array.from(this.nodes);
    for (let first = 0; first < open.length; first += SENT) {
      const some = open.subarray(first, first + SENT);
      await descend(places, some, nodes, 0, leaves, squared);
      for (let i = 0; i < some.length; i++) {
        of[some[i]] = leaves[i];
        states.setReach(some[i], roundedUp(Math.sqrt(widened(squared[i], places.error))));
      }
      await pace.turn();
    }
  }

  /** The anchor of a group, [dims]. */
  anchorOf(group: number): Float32Array {
    return this.places.centre(this.firstAnchor + group - 1);
  }

  /** How far rows are from their own anchor, beside how far from any: a median of some rows. */
  private async tightness(sample: Uint32Array, pace: Pace): Promise<number> {
    const asked = Uint32Array.from({ length: ASKED }, (_, i) => sample[Math.floor((i * sample.length) / ASKED)]);
    await this.assign(asked, pace);
    const shares = Array.from(asked, (row, i) => {
      const other = this.firstAnchor + ((i * 31) % this.count);
      const [squared] = this.places.fromRow(row, other, other + 1);
      return this.states.reach(row) / Math.sqrt(squared);
    });
    return shares.sort((a, b) => a - b)[ASKED >> 1];
  }
}

/** Nodes over the rows of a sample, which are the centres of `sampled`. */
class Tree {
  readonly nodes: number[] = [];
  /** Poles. */
  readonly places: SimdDistances;
  /** Of the rows of each leaf. */
  readonly means: Float32Array[] = [];
  private readonly sampled: SimdDistances;

  constructor(sampled: SimdDistances, places: SimdDistances) {
    this.sampled = sampled;
    this.places = places;
    places.addCentres(sampled.centre(0));
    this.grow(
      Uint32Array.from({ length: sampled.count }, (_, i) => i),
      0,
    );
  }

  /** A node for some rows of the sample, which came to the side of a pole. Gives its number. */
  private grow(rows: Uint32Array, pole: number): number {
    const { sampled, places, nodes } = this;
    const toOwn = sampled.toListed(places.centre(pole), rows).slice();
    const other = rows.length > 2 ? drawn(toOwn) : undefined;
    if (other === undefined) return this.leaf(rows);
    const otherPoint = sampled.centre(rows[other]);
    const toOther = sampled.toListed(otherPoint, rows).slice();
    const together = sum(toOwn);
    const apart = sum(toOwn.map((value, i) => Math.min(value, toOther[i])));
    if (rows.length <= LEAF && apart >= WORTH_A_SPLIT * together) return this.leaf(rows);
    const node = nodes.length / NODE;
    const otherPole = places.count;
    nodes.push(otherPole, 0, 0);
    places.addCentres(otherPoint);
    const staying = this.grow(
      rows.filter((_, i) => toOther[i] >= toOwn[i]),
      pole,
    );
    const going = this.grow(
      rows.filter((_, i) => toOther[i] < toOwn[i]),
      otherPole,
    );
    nodes[node * NODE + 1] = staying;
    nodes[node * NODE + 2] = going;
    return node;
  }

  private leaf(rows: Uint32Array): number {
    const { sampled, nodes, means } = this;
    const mean = sampled.centre(rows[0]).fill(0);
    for (const row of rows) sampled.centre(row).forEach((value, d) => (mean[d] += value / rows.length));
    means.push(mean);
    nodes.push(-1, 0, means.length);
    return nodes.length / NODE - 1;
  }
}

const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

/** Any row but those where the pole is; none where all are. */
function drawn(squared: Float32Array): number | undefined {
  const others = [...squared.keys()].filter((i) => squared[i] > 0);
  if (others.length === 0) return undefined;
  return others[Math.floor((randomBits(0, streams.sample, others.length) / 2 ** 32) * others.length)];
}
