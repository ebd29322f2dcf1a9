/**
 * Picks by scores and distances together. A row's worth only falls as picks come nearer, but for what changes for all
 * rows at once; so old worths are bounds, and a row is looked at when its bound comes to the top.
 */
import type { ScoreBounds, Pick } from "./batch.ts";
import { Front } from "./front.ts";
import type { Sweeps } from "./sweeps.ts";

/** How scores and distances are weighed, with no smaller a worth for a higher score or a longer distance. */
export interface Weights {
  worth(score: number, distance: number): number;
  /** The distance at which a row of that score is worth so much; below 0 where it always is. */
  distance(score: number, worth: number): number;
}

/** Scores fetched at a time: those of the rows most likely asked for next. */
const FETCHED = 64;
/** Rows looked at between two turns of others. */
const ROWS_A_TURN = 1024;

export class Contest {
  private readonly sweeps: Sweeps;
  private readonly scores: ScoreBounds;
  private readonly front: Front;
  private bounds: readonly Weights[] = [];

  constructor(sweeps: Sweeps, scores: ScoreBounds, rows: Uint32Array) {
    const { space } = sweeps;
    this.sweeps = sweeps;
    this.scores = scores;
    this.front = new Front(sweeps, rows, {
      of: (row) => this.keyOf(row),
      enough: (row, level) => {
        const distances = this.bounds.map((bound) => bound.distance(scores.highest[row], level));
        return space.squaredOf(Math.max(0, Math.min(...distances)));
      },
    });
  }

  /** Until told again, no weights that `pick` is given make more of a row than the best of these. */
  boundBy(...bounds: Weights[]): void {
    this.bounds = bounds;
    this.front.forget();
  }

  /** Takes out the row of the highest worth, ties to the lowest row. Its score is that worth. */
  async pick(weights: Weights): Promise<Pick> {
    const { front, scores } = this;
    const { nearest, space } = this.sweeps;
    const { squared } = nearest;
    const { heap } = front;
    let open: Pick[] = [];
    let best: Pick | undefined;
    for (let looks = 1; ; looks++) {
      if (looks % ROWS_A_TURN === 0) await this.sweeps.pace.turn();
      const bar = best?.score ?? -Infinity;
      if (!front.isAhead(Math.max(bar, heap.topKey))) {
        await front.refill();
        open = [];
        best = undefined;
        continue;
      }
      if (heap.topKey < bar || heap.size === 0) break;
      const row = heap.top;
      const key = this.keyOf(row);
      if (key < heap.topKey) {
        heap.lower(key);
      } else if (!nearest.isSettled(row)) {
        // Any centre nearer than before may change its place.
        nearest.settle(row, squared[row]);
        heap.lower(this.keyOf(row));
      } else if (scores.lowest[row] !== scores.highest[row]) {
        await this.fetch();
      } else {
        const found = { row, score: weights.worth(scores.highest[row], space.distance(squared[row])) };
        open.push(found);
        heap.pop();
        if (best === undefined || found.score > best.score || (found.score === best.score && row < best.row))
          best = found;
      }
    }
    if (best === undefined) throw new Error("a contest without rows");
    for (const { row } of open) if (row !== best.row) heap.push(row, this.keyOf(row));
    front.remove(best.row);
    return best;
  }

  /** What a row is worth at most. */
  private keyOf(row: number): number {
    const { scores, bounds } = this;
    const { nearest, space } = this.sweeps;
    const distance = space.distance(nearest.squared[row]);
    let key = -Infinity;
    for (const bound of bounds) key = Math.max(key, bound.worth(scores.highest[row], distance));
    return key + Math.abs(key) * ROUNDING;
  }

  private async fetch(): Promise<void> {
    const { lowest, highest, exact } = this.scores;
    const rows = this.front.heap
      .first(FETCHED)
      .filter((row) => lowest[row] !== highest[row])
      .sort();
    const found = await exact(rows);
    rows.forEach((row, i) => (lowest[row] = highest[row] = found[i]));
  }
}

/** A worth is a few float64 operations, each within 2⁻⁵³. */
const ROUNDING = 2 ** -48;
