/**
 * Rows grouped around anchors, so that one distance rules out a centre for a whole group (triangle inequality): a centre
 * c is no nearer to a row r than d(c, anchor) − d(r, anchor).
 *
 * The groups are the leaves of a tree that is grown on a sample: a row goes where the nearer of two poles is. Any grouping
 * is right; a good one saves more.
 */
import { descend } from "../backends/cpu/comparisons.ts";
import type { SimdDistances } from "../backends/cpu/simdDistances.ts";
import { roundedUp, widened, type DistanceError, type PointData } from "../backends/distances.ts";
import type { Pace } from "../pace.ts";
import { NODE, PoleTree } from "./poleTree.ts";
import type { RowStates } from "./rowStates.ts";
import { rowsWhere, sampleOf } from "./rows.ts";

/** Fewer rows than this are not worth grouping. */
const FEWEST_ROWS = 256;
/** Rows that the tree is grown on: one in so many, and at most so many. */
const SAMPLE_STEP = 8;
const LARGEST_SAMPLE = 16384;
/** Rows asked whether the groups are tight, and what share of a distance is. */
const ASKED = 255;
const TIGHT = 0.4;
/** Rows sent down the tree at a time. */
const SENT = 2 ** 14;

export class Groups {
  /** [rows]: number of the group from 1; 0 where none was looked for. */
  readonly of: Uint16Array;
  /** Where the reach of each row is written to. */
  private readonly states: RowStates;
  /** Poles and, after them, the anchors of the groups, all as centres. */
  private readonly places: SimdDistances;
  private readonly nodes: Int32Array;
  private readonly firstAnchor: number;

  private constructor(rows: number, states: RowStates, tree: PoleTree) {
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
    sampled.addRows(sample);
    const tree = new PoleTree(sampled, host.another());
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
