/**
 * Brings many rows nearer to the centres at once, in float32. What comes of it are bounds, which `Nearest` makes exact
 * where it matters.
 */
import { inOrder, type Ask, type CentreList, type Ordered } from "../backends/cpu/centreOrder.ts";
import type { SimdDistances } from "../backends/cpu/simdDistances.ts";
import { narrowed, pointOf, TILE, widened, type DistanceKernel, type PointData } from "../backends/distances.ts";
import type { PointSpace } from "../distance.ts";
import type { Pace } from "../pace.ts";
import { Groups } from "./groups.ts";
import { KnownRows } from "./knownRows.ts";
import { Nearest } from "./nearest.ts";
import { rowsWhere, sampleOf, sortedBy } from "./rows.ts";
import { SweepPlan, type Enough } from "./sweepPlan.ts";

/** What distances are measured with: this machine's processor, and a device where there is one. */
export interface Measuring {
  readonly space: PointSpace;
  readonly points: PointData;
  readonly host: SimdDistances;
  readonly device: DistanceKernel | undefined;
  readonly pace: Pace;
  /** Distances from which on groups are tried, where that is another number than usual. */
  readonly groupsFrom?: number;
}

/** Groups whose centres are brought into order at a time, entries of their lists, and rows from which on it gets no more. */
const ORDERED = 64;
const MOST_ORDERED = 2 ** 17;
const ENOUGH_ROWS = 2 ** 16;

/** Rows that tell what is near. */
const SAMPLE = 2048;
/**
 * Distances from which on groups are tried: finding the group of a row costs some twenty, and so does what is then known of
 * it. Of a million rows in clusters, by 64 values, 100 picks take up to 3 times as long in groups, 300 between 0.8 times
 * and twice as long, and 1000 take 0.7 to 0.8 times as long.
 */
const WORTH_GROUPS = 2 ** 29;
/** Widens what float32 rounds. */
const WIDER = 1 + 2 ** -20;

/** Rows, from `first` to `end` of those known, and what they are compared with. */
interface Stretch {
  readonly list: CentreList;
  readonly known: KnownRows;
  readonly first: number;
  readonly end: number;
}

/** The rows of a group, from `first` to `end` of those known, and what is asked for them. */
interface GroupAsk extends Ask {
  readonly first: number;
  readonly end: number;
  /** The least horizon of one of them. */
  readonly least: number;
}

interface Batch {
  readonly known: KnownRows;
  readonly asks: readonly GroupAsk[];
  readonly ordered: Ordered;
}

export class Sweeps {
  readonly nearest: Nearest;
  readonly space: PointSpace;
  private readonly measuring: Measuring;
  private readonly kernel: DistanceKernel;
  private groups: Groups | undefined;
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
    const { nearest, space } = this;
    const { host, points, pace, groupsFrom = WORTH_GROUPS } = this.measuring;
    if (rows.length * (space.centres + coming) < groupsFrom) return;
    const { groups, evaluations } = await Groups.around(host, points, nearest.states, rows, pace);
    if (!groups) {
      this.wasted += evaluations;
      return;
    }
    this.groups = groups;
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
    const { nearest, space, groups, kernel, measuring } = this;
    const { squared, states } = nearest;
    const stale = rowsWhere(rows, (row) => states.seen(row) < space.centres && squared[row] > 0);
    await groups?.assign(stale, measuring.pace);
    const sorted = groups
      ? sortedBy(stale, (row) => groups.of[row], groups.count + 1)
      : sortedBy(stale, (row) => states.seen(row), space.centres);
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
      for await (const { list, known, first, end } of groups
        ? this.byGroup(sorted, groups, cap)
        : this.inTurn(sorted)) {
        for (let at = first; at < end; at += TILE) {
          plan ??= free.pop() ?? new SweepPlan(mostTiles, nearest, groups !== undefined, kernel.error, cap);
          plan.add(known, at, Math.min(TILE, end - at), list, groups ? 0 : known.seen[at], enoughOf);
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
  private *inTurn(rows: Uint32Array): Iterable<Stretch> {
    const { centres } = this.space;
    const numbers = Uint32Array.from({ length: centres }, (_, i) => i);
    const list = { length: centres, list: numbers, near: new Float32Array(centres) };
    const known = new KnownRows(this.nearest, false);
    for (let first = 0; first < rows.length; first += ENOUGH_ROWS) {
      known.clear();
      known.add(rows.subarray(first, first + ENOUGH_ROWS));
      yield { list, known, first: 0, end: known.count };
    }
  }

  /** Rows of a group are compared with what is near its anchor first; those that have nothing new near by, with nothing. */
  private async *byGroup(sorted: Uint32Array, groups: Groups, cap: number): AsyncIterable<Stretch> {
    const { measuring, nearest, space } = this;
    const most = Math.max(1, Math.min(ORDERED, Math.floor(MOST_ORDERED / Math.max(1, space.centres))));
    // While rows of some groups are planned, the next ones' centres are brought into order.
    const ahead: Batch[] = [];
    const spare: KnownRows[] = [];
    let next = 0;
    const askNext = (): void => {
      if (next === sorted.length) return;
      const known = spare.pop() ?? new KnownRows(nearest, true);
      known.clear();
      const asks: GroupAsk[] = [];
      while (asks.length < most && next < sorted.length && known.count < ENOUGH_ROWS) {
        const group = groups.of[sorted[next]];
        const first = next;
        while (next < sorted.length && next < first + ENOUGH_ROWS && groups.of[sorted[next]] === group) next++;
        asks.push(askFor(known, sorted.subarray(first, next), groups.anchorOf(group), cap));
      }
      ahead.push({ known, asks, ordered: inOrder(measuring.host, asks) });
    };
    try {
      askNext();
      while (ahead.length > 0) {
        askNext();
        const { known, asks, ordered } = ahead[0];
        await ordered.ready();
        for (const [i, { first, end, least }] of asks.entries()) {
          const list = ordered.of(i);
          const nearestNew = list.length > 0 ? list.near[0] : Infinity;
          if (nearestNew <= least) {
            yield { list, known, first, end };
            continue;
          }
          const kept = known.keep(first, end, (place) => {
            if (nearestNew <= horizonOf(known, place, cap)) return true;
            if (cap === Infinity) nearest.states.see(known.rows[place], space.centres);
            return false;
          });
          yield { list, known, first, end: kept };
        }
        spare.push(ahead.shift()!.known);
        await ordered.close();
      }
    } finally {
      for (const { ordered } of ahead) await ordered.close();
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

/** What is farther from the anchor of a row than this is farther from the row than what it has. */
const horizonOf = ({ squared, reach }: KnownRows, place: number, cap: number): number =>
  WIDER * (Math.sqrt(Math.min(cap, squared[place])) + reach[place]);

/** What may be new to rows of a group, which are known from here on. */
function askFor(known: KnownRows, rows: Uint32Array, point: Float32Array, cap: number): GroupAsk {
  const first = known.count;
  known.add(rows);
  let from = Infinity;
  let horizon = 0;
  let least = Infinity;
  for (let place = first; place < known.count; place++) {
    const own = horizonOf(known, place, cap);
    from = Math.min(from, known.seen[place]);
    horizon = Math.max(horizon, own);
    least = Math.min(least, own);
  }
  return { point, from, horizon, least, first, end: known.count };
}
