/** The k best rows of a pool of any size, in memory for about twice as many. */

export interface ScoredRow {
  readonly row: number;
  readonly score: number;
}

/** Keeps the best k of what it is offered in ascending order of rows; ties go to the lowest. */
export class BestRows {
  private readonly k: number;
  /** No later row with this score or less can be among the k. */
  bar = -Infinity;
  private readonly kept: ScoredRow[] = [];

  constructor(k: number) {
    this.k = k;
  }

  offer(row: number, score: number): void {
    if (score <= this.bar) return;
    this.kept.push({ row, score });
    if (this.kept.length >= 2 * this.k + 1024) this.cut();
  }

  /** Best first. */
  sorted(): ScoredRow[] {
    this.cut();
    return this.kept;
  }

  private cut(): void {
    this.kept.sort((a, b) => b.score - a.score || a.row - b.row);
    this.kept.length = Math.min(this.kept.length, this.k);
    if (this.kept.length === this.k) this.bar = this.kept[this.k - 1].score;
  }
}
