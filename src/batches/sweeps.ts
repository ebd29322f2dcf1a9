/**
 * Brings many rows nearer to the centres at once, in float32. What comes of it are bounds, which `Nearest` makes exact
 * where it matters.
 */
import type { Ask, Ordered, SimdDistances } from "../backends/cpu/simdDistances.ts";
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

/** Groups whose centres are brought into order at a time, and entries of their lists. */
const ORDERED = 64;
const MOST_ORDERED = 2 ** 17;

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

/** The rows of a group, from `first` to `end`, and what is asked for them. */
interface GroupAsk extends Ask {
  readonly first: number;
  readonly end: number;
  /** The least horizon of one of them. */
  readonly least: number;
}

interface Batch {
  readonly asks: readonly GroupAsk[];
  readonly ordered: Ordered;
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
    const { groups, evaluations } = await Groups.around(measuring.host, measuring.points, rows, measuring.pace);
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
    const { tiles, entries, together } = kernel.sweepSize;
    const mostTiles = Math.min(tiles, Math.ceil(sorted.length / TILE) + (groups?.count ?? 0));
    /** Plans that are not in use, and those whose sweeps are under way. */
    const free: SweepPlan[] = [];
    const underWay: SweepPlan[] = [];
    const finish = async (): Promise<void> => {
      const plan = underWay.shift()!;
      await plan.finish();
      free.push(plan);
      await measuring.pace.turn();
    };
    let plan: SweepPlan | undefined;
    try {
      for await (const { list, rows: some } of groups ? this.byGroup(sorted, groups, cap) : this.inTurn(sorted)) {
        for (let at = 0; at < some.length; at += TILE) {
          plan ??= free.pop() ?? new SweepPlan(mostTiles, nearest, grouped, kernel.error, cap);
          const tile = some.subarray(at, at + TILE);
          plan.add(tile, list, groups ? 0 : seen[tile[0]], enoughOf);
          if (plan.tiles < mostTiles && plan.entries < entries) continue;
          plan.begin(kernel);
          underWay.push(plan);
          plan = undefined;
          if (underWay.length >= together) await finish();
        }
      }
      if (plan) {
        plan.begin(kernel);
        underWay.push(plan);
      }
      while (underWay.length > 0) await finish();
    } finally {
      // What is under way reads centres that may be about to go.
      for (const one of underWay) await one.finish().catch(() => {});
    }
  }

  /** Rows of no group are all compared with what they have not seen, in turn. */
  private inTurn(rows: Uint32Array): readonly Stretch[] {
    const { centres } = this.space;
    const list = { list: Uint32Array.from({ length: centres }, (_, i) => i), near: new Float32Array(centres) };
    return [{ list, rows }];
  }

  /** Rows of a group are compared with what is near its anchor first; those that have nothing new near by, with nothing. */
  private async *byGroup(sorted: Uint32Array, groups: Groups, cap: number): AsyncIterable<Stretch> {
    const { measuring, nearest, space } = this;
    const { seen } = nearest;
    const some = Math.max(1, Math.min(ORDERED, Math.floor(MOST_ORDERED / Math.max(1, space.centres))));
    const horizonOf = this.horizonWith(groups, cap);
    // While rows of some groups are planned, the next ones' centres are brought into order.
    const ahead: Batch[] = [];
    let first = 0;
    const askNext = (): void => {
      const asks: GroupAsk[] = [];
      for (; asks.length < some && first < sorted.length; first = asks[asks.length - 1].end)
        asks.push(this.askFor(sorted, first, groups, horizonOf));
      if (asks.length > 0) ahead.push({ asks, ordered: measuring.host.inOrder(asks) });
    };
    try {
      askNext();
      while (ahead.length > 0) {
        askNext();
        const { asks, ordered } = ahead[0];
        await ordered.ready();
        for (const [i, ask] of asks.entries()) {
          const list = ordered.of(i);
          const nearestNew = list.near.length > 0 ? list.near[0] : Infinity;
          const own = sorted.subarray(ask.first, ask.end);
          if (nearestNew <= ask.least) {
            yield { list, rows: own };
            continue;
          }
          const rows = rowsWhere(own, (row) => {
            if (nearestNew <= horizonOf(row)) return true;
            if (cap === Infinity) seen[row] = space.centres;
            return false;
          });
          yield { list, rows };
        }
        ahead.shift();
        await ordered.close();
      }
    } finally {
      for (const { ordered } of ahead) await ordered.close();
    }
  }

  /** What is farther from the anchor of a row than this is farther from the row than what it has. */
  private horizonWith({ reach }: Groups, cap: number): (row: number) => number {
    const { squared } = this.nearest;
    return (row) => WIDER * (Math.sqrt(Math.min(cap, squared[row])) + reach[row]);
  }

  /** What may be new to the group whose rows begin there. */
  private askFor(sorted: Uint32Array, first: number, groups: Groups, horizonOf: (row: number) => number): GroupAsk {
    const { seen } = this.nearest;
    const group = groups.of[sorted[first]];
    let from = Infinity;
    let horizon = 0;
    let least = Infinity;
    let end = first;
    for (; end < sorted.length && groups.of[sorted[end]] === group; end++) {
      const row = sorted[end];
      const own = horizonOf(row);
      from = Math.min(from, seen[row]);
      horizon = Math.max(horizon, own);
      least = Math.min(least, own);
    }
    return { point: groups.anchorOf(group), from, horizon, least, first, end };
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
