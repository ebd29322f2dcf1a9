/**
 * The rows that may be among the k best, in memory that has a bound however many of them float32 cannot tell apart: past a
 * crowd of them, each further one is scored by the reference as it comes by, and the k best of those are kept.
 */
import { BestRows } from "./bestRows.ts";
import { Contenders } from "./contenders.ts";

/** Contenders that are kept beside 2k, of 16 bytes each, twice for a moment. */
const CROWD = 2 ** 18;

export class Candidates {
  private scored = 0;
  private readonly most: number;
  private readonly contenders: Contenders;
  /** Of those that came past the crowd. */
  private readonly best: BestRows;
  private isCrowded = false;

  constructor(k: number, crowd = CROWD) {
    this.most = 2 * k + crowd;
    this.contenders = new Contenders(k);
    this.best = new BestRows(k);
  }

  /** What a score that may be off by `slack` has to be to matter. */
  barFor(slack: number): number {
    return Math.max(this.contenders.barFor(slack), this.best.bar - slack);
  }

  /** Rows come in their order. `exactly` gives the reference's score at a place; without it there may be any crowd. */
  offer(row: number, score: number, slack: number, place: number, exactly?: (place: number) => number): void {
    this.isCrowded ||= exactly !== undefined && this.contenders.isCrowd(this.most);
    if (!this.isCrowded) return this.contenders.offer(row, score, slack);
    if (score < this.barFor(slack)) return;
    this.best.offer(row, exactly!(place));
    this.scored++;
  }

  /** Rows that were scored by the reference and are not among those found. */
  get settled(): number {
    return this.scored - this.best.sorted().length;
  }

  /** In their order. */
  found(): Uint32Array {
    const first = this.contenders.found();
    const later = Uint32Array.from(this.best.sorted(), ({ row }) => row).sort();
    const all = new Uint32Array(first.length + later.length);
    all.set(first);
    all.set(later, first.length);
    return all;
  }
}
