/**
 * Brings many rows nearer to the centres at once, in float32. What comes of it are bounds, which `Nearest` makes exact
 * where it matters.
 */
import type { SimdDistances } from "../backends/cpu/simdDistances.ts";
import { narrowed, pointOf, TILE, widened, type DistanceKernel, type PointData } from "../backends/distances.ts";
import type { PointSpace } from "../distance.ts";
import type { Pace } from "../pace.ts";
import { Groups } from "./groups.ts";
import { Nearest } from "./nearest.ts";
import { rowsWhere, sampleOf, sortedBy } from "./rows.ts";
import { SweepPlan, type CentreList, type Enough, type Grouped } from "./sweepPlan.ts";

/** What distances are measured with: this machine's processor, and a device where there is one. */
export interface Measuring {
  readonly space: PointSpace;
  readonly points: PointData;
  readonly host: SimdDistances;
  readonly device: DistanceKernel | undefined;
  readonly pace: Pace;
}

/** Tiles, and entries of lists, of one sweep: some 10 MB each. */
const MOST_TILES = 2 ** 13;
const MOST_LISTED = 2 ** 20;

/** Rows that tell what is near. */
const SAMPLE = 2048;
/** Centres from which on groups are tried: finding the group of a row costs some twenty distances. */
const WORTH_GROUPS = 64;
/** Widens what float32 rounds. */
const WIDER = 1 + 2 ** -20;

/** Rows, and what they are compared with. */
interface Stretch {
  readonly list: CentreList;
  readonly rows: Uint32Array;
}

export class Sweeps {
  readonly nearest: Nearest;
  readonly space: PointSpace;
  private readonly measuring: Measuring;
  private readonly kernel: DistanceKernel;
  private groups: Groups | undefined;
  private grouped: Grouped | undefined;
  /** Spent on groups that are not used. */
  private wasted = 0;

  /** With these rows of the pool as centres. */
  constructor(measuring: Measuring, centres: Uint32Array) {
    this.measuring = measuring;
    this.space = measuring.space;
    this.nearest = new Nearest(measuring.space, undefined, measuring.host);
    this.kernel = measuring.device ?? measuring.host;
    for (const row of centres) this.addCentre(row);
  }

  /** Waited for between two pieces of the work. */
  get pace(): Pace {
    return this.measuring.pace;
  }

  /** Puts rows into groups, where with so many centres to come that promises to save distances. */
  async group(rows: Uint32Array, coming: number): Promise<void> {
    const { measuring, space } = this;
    if (space.centres + coming < WORTH_GROUPS) return;
    const { groups, evaluations } = await Groups.around(measuring.points, rows, measuring.pace);
    if (!groups) {
      this.wasted += evaluations;
      return;
    }
    this.groups = groups;
    this.grouped = {
      reach: groups.reach,
      met: new Uint32Array(space.rows),
      depth: new Float32Array(space.rows),
    };
  }

  /** Distances evaluated so far. */
  get evaluations(): number {
    const { measuring, nearest, groups } = this;
    const bulk = measuring.host.evaluations + (measuring.device?.evaluations ?? 0);
    return bulk + nearest.evaluations + (groups?.evaluations ?? 0) + this.wasted;
  }

  addCentre(row: number): void {
    const { measuring, space } = this;
    const point = pointOf(measuring.points, row);
    space.addCentre(row);
    measuring.host.addCentres(point);
    measuring.device?.addCentres(point);
  }

  /**
   * Lowers what is known of the squared distances of these rows to the nearest centre: until it is less than `enoughOf` a
   * row, or right but for what float32 rounds.
   */
  lower(rows: Uint32Array, enoughOf: Enough): Promise<void> {
    return this.sweep(rows, enoughOf, Infinity);
  }

  /** The same of rows that come out below a squared distance, `cap`; the others are left as they are. */
  private async sweep(rows: Uint32Array, enoughOf: Enough, cap: number): Promise<void> {
    const { nearest, space, groups, grouped, kernel, measuring } = this;
    const { squared, seen } = nearest;
    const stale = rowsWhere(rows, (row) => seen[row] < space.centres && squared[row] > 0);
    await groups?.assign(stale, measuring.pace);
    const sorted = groups ? sortedBy(stale, groups.of, groups.count + 1) : sortedBy(stale, seen, space.centres);
    const mostTiles = Math.min(MOST_TILES, Math.ceil(sorted.length / TILE) + (groups?.count ?? 0));
    let plan: SweepPlan | undefined;
    for (const { list, rows: some } of groups ? this.byGroup(sorted, groups, cap) : this.inTurn(sorted))
      for (let at = 0; at < some.length; at += TILE) {
        plan ??= new SweepPlan(mostTiles, nearest, grouped, kernel.error, cap);
        const tile = some.subarray(at, at + TILE);
        plan.add(tile, list, groups ? 0 : seen[tile[0]], enoughOf);
        if (plan.tiles < mostTiles && plan.entries < MOST_LISTED) continue;
        await plan.run(kernel);
        await measuring.pace.turn();
        plan = undefined;
      }
    await plan?.run(kernel);
    await measuring.pace.turn();
  }

  /** Rows of no group are all compared with what they have not seen, in turn. */
  private inTurn(rows: Uint32Array): readonly Stretch[] {
    const { centres } = this.space;
    const list = { list: Uint32Array.from({ length: centres }, (_, i) => i), near: new Float32Array(centres) };
    return [{ list, rows }];
  }

  /** Rows of a group are compared with what is near its anchor first; those that have nothing new near by, with nothing. */
  private *byGroup(sorted: Uint32Array, groups: Groups, cap: number): Iterable<Stretch> {
    const { measuring, nearest, space } = this;
    const { squared, seen } = nearest;
    // What is farther from the anchor than that is farther from the row than what it has.
    const horizonOf = (row: number): number => WIDER * (Math.sqrt(Math.min(cap, squared[row])) + groups.reach[row]);
    for (let first = 0, end = 0; first < sorted.length; first = end) {
      const group = groups.of[sorted[first]];
      let from = Infinity;
      let horizon = 0;
      for (; end < sorted.length && groups.of[sorted[end]] === group; end++) {
        from = Math.min(from, seen[sorted[end]]);
        horizon = Math.max(horizon, horizonOf(sorted[end]));
      }
      const list = measuring.host.inOrder(groups.anchorOf(group), from, horizon);
      const nearestNew = list.near.length > 0 ? list.near[0] : Infinity;
      const rows = rowsWhere(sorted.subarray(first, end), (row) => {
        if (nearestNew <= horizonOf(row)) return true;
        if (cap === Infinity) seen[row] = space.centres;
        return false;
      });
      yield { list, rows };
    }
  }

  /** The least squared distance between any of these rows and any centre. */
  async leastOf(rows: Uint32Array): Promise<number> {
    const { squared } = this.nearest;
    const { error } = this.kernel;
    const least = (): number => rows.reduce((found, row) => Math.min(found, squared[row]), Infinity);
    // Some rows tell what the others must be nearer than; the nearest of all may come out a little above that.
    await this.lower(sampleOf(rows, SAMPLE), () => 0);
    await this.sweep(rows, () => 0, widened(least(), error) * WIDER);
    const bound = least();
    let found = Infinity;
    for (const row of rows) {
      // What float32 says is wider than the truth by its error, twice at most.
      if (found === 0 || narrowed(narrowed(squared[row], error), error) > bound) continue;
      this.nearest.settle(row, 0);
      found = Math.min(found, squared[row]);
    }
    return found;
  }
}
