/**
 * Picks by scores and distances together. A row's worth only falls as picks come nearer, but for what changes for all
 * rows at once; so old worths are bounds, and a row is looked at when its bound comes to the top.
 */
import type { ScoreBounds, Pick } from "./batch.ts";
import { RowHeap } from "./heap.ts";
import type { Nearest } from "./nearest.ts";

/** How scores and distances are weighed, with no smaller a worth for a higher score or a longer distance. */
export interface Weights {
  worth(score: number, distance: number): number;
}

/** Scores fetched at a time: those of the rows most likely asked for next. */
const FETCHED = 64;

export class Contest {
  private readonly nearest: Nearest;
  private readonly scores: ScoreBounds;
  private readonly heap: RowHeap;
  /** Rows left. */
  private rows: Uint32Array;
  private readonly picked = new Set<number>();
  private bound: Weights | undefined;

  constructor(nearest: Nearest, scores: ScoreBounds, rows: Uint32Array) {
    this.nearest = nearest;
    this.scores = scores;
    this.rows = rows;
    this.heap = new RowHeap(rows.length);
  }

  /** Until told again, no weights that `pick` is given make more of a row than these. */
  boundBy(bound: Weights): void {
    this.bound = bound;
    this.rows = this.rows.filter((row) => !this.picked.has(row));
    this.picked.clear();
    this.heap.fill(this.rows, (row) => this.keyOf(row));
  }

  /** Takes out the row of the highest worth, ties to the lowest row. Its score is that worth. */
  async pick(weights: Weights): Promise<Pick> {
    const { heap, nearest, scores } = this;
    const { space, squared } = nearest;
    const open: Pick[] = [];
    let best: Pick | undefined;
    while (heap.size > 0 && (best === undefined || heap.topKey >= best.score)) {
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
    this.picked.add(best.row);
    return best;
  }

  private keyOf(row: number): number {
    const { space, squared } = this.nearest;
    const key = this.bound!.worth(this.scores.highest[row], space.distance(squared[row]));
    return key + Math.abs(key) * ROUNDING;
  }

  private async fetch(): Promise<void> {
    const { lowest, highest, exact } = this.scores;
    const rows = this.heap
      .first(FETCHED)
      .filter((row) => lowest[row] !== highest[row])
      .sort();
    const found = await exact(rows);
    rows.forEach((row, i) => (lowest[row] = highest[row] = found[i]));
  }
}

/** A worth is a few float64 operations, each within 2⁻⁵³. */
const ROUNDING = 2 ** -48;
