/** How far the last centres are from the anchors of groups of rows. */
import { roundedDown } from "../backends/distances.ts";
import type { Groups } from "./groups.ts";

/** Of so many centres, the last ones, the distances to all anchors are kept. */
const KEPT = 512;
/** Widens what float64 rounds, relative to a distance. */
const ROUNDING = 1e-12;

export class AnchorDistances {
  private readonly groups: Groups;
  private readonly first: number;
  private centres: number;
  /** [KEPT, groups]: how far a centre is from each anchor at least; that of centre c is on line c mod KEPT. */
  private readonly kept: Float32Array;

  /** Of centres from number `first` on. */
  constructor(groups: Groups, first: number) {
    this.groups = groups;
    this.first = first;
    this.centres = first;
    this.kept = new Float32Array(KEPT * groups.count);
  }

  /** Takes in the next centre, [dims]. */
  note(point: Float32Array): void {
    const { groups, kept } = this;
    const { relative, absolute } = groups.error;
    const line = (this.centres++ % KEPT) * groups.count;
    const squared = groups.toAnchors(point);
    for (let i = 0; i < squared.length; i++)
      kept[line + i] = roundedDown(Math.max(0, Math.sqrt(squared[i]) * (1 - relative) - absolute));
  }

  /** Whether a centre is known to be farther from a row than `root`. */
  isFarther(centre: number, row: number, root: number): boolean {
    const { groups, kept, first, centres } = this;
    const group = groups.of[row];
    if (group === 0 || centre < first || centre < centres - KEPT) return false;
    const apart = kept[(centre % KEPT) * groups.count + group - 1];
    return apart - groups.reach[row] > root * (1 + ROUNDING);
  }
}
