/** What each pass believes of a row, read when it is asked for and kept while there is room. */
import { log } from "../elementary.ts";
import { pLogP } from "../passes.ts";
import type { RowBeliefs } from "../strategy.ts";
import type { BatchContext } from "./batch.ts";

export interface RowPasses {
  readonly passes: number;
  readonly classes: number;
  /** Probabilities, [passes, classes]. */
  readonly each: Float64Array;
  /** Mean entropy of the passes, in nats. */
  readonly within: number;
}

/**
 * A copy of what is told of a row. Probabilities that were given may sum to a little more or less than 1; here they are
 * brought to it, for what labels tell together is bounded only where they are.
 */
export function rowPasses({
  passes,
  classes,
  each: given,
  logEach,
}: Pick<RowBeliefs, "passes" | "classes" | "each" | "logEach">): RowPasses {
  const each = given.slice();
  let within = 0;
  for (let first = 0; first < each.length; first += classes) {
    const end = first + classes;
    let sum = 0;
    for (let i = first; i < end; i++) sum += given[i];
    const logSum = log(sum);
    for (let i = first; i < end; i++) {
      each[i] /= sum;
      within -= pLogP(each[i], logEach[i] - logSum) / passes;
    }
  }
  return { passes, classes, each, within };
}

/** Keeps the rows that were asked for last, in `limit` bytes at most. */
export class KeptRows {
  /** Of the rows that are kept. */
  bytes = 0;
  private readonly beliefs: BatchContext["beliefs"];
  private readonly limit: number;
  private readonly seen: (row: number, passes: RowPasses) => void;
  /** In the order in which they were last asked for. */
  private readonly kept = new Map<number, RowPasses>();

  /** `seen` is told of every row that is read. */
  constructor(beliefs: BatchContext["beliefs"], limit: number, seen: (row: number, passes: RowPasses) => void) {
    this.beliefs = beliefs;
    this.limit = limit;
    this.seen = seen;
  }

  /** What the passes believe of these rows, in their order. */
  async of(rows: Uint32Array): Promise<RowPasses[]> {
    const found = new Map<number, RowPasses>();
    for (const row of rows) {
      const known = this.kept.get(row);
      if (!known) continue;
      found.set(row, known);
      this.kept.delete(row);
      this.kept.set(row, known);
    }
    const missing = rows.filter((row) => !found.has(row)).sort();
    if (missing.length > 0)
      await this.beliefs(missing, (beliefs) => {
        const read = rowPasses(beliefs);
        found.set(beliefs.row, read);
        this.keep(beliefs.row, read);
        this.seen(beliefs.row, read);
      });
    return Array.from(rows, (row) => found.get(row)!);
  }

  private keep(row: number, passes: RowPasses): void {
    this.kept.set(row, passes);
    this.bytes += passes.each.byteLength;
    for (const [oldest, { each }] of this.kept) {
      if (this.bytes <= this.limit) return;
      this.kept.delete(oldest);
      this.bytes -= each.byteLength;
    }
  }
}
