/** The most typical rows of the largest clusters that have no label: for the first labels, when scores mean little. */
import type { BatchContext, BatchRule, Pick } from "./batch.ts";
import { labelledPoints } from "./centres.ts";
import { cluster } from "./clusters.ts";
import type { Measuring } from "./sweeps.ts";
import { Typicality } from "./typicality.ts";

/** Clusters at most: past it, clusters are asked again. */
const MOST_CLUSTERS = 500;

export const typiClust = {
  name: "typiclust",
  about: "the most typical row of each large cluster without a label",
  formula: "the largest 1 / mean d to 20 neighbours in the cluster",
  source: "Hacohen et al. 2022",
  needs: ["embeddings"],
  rowBytes: 96,
  async select(context) {
    const { k, seed } = context.options;
    const free = context.free();
    const labelled = labelledPoints(context);
    const rows = Uint32Array.from([...free, ...labelled]).sort();
    const clusters = Math.min(k + labelled.length, rows.length, MOST_CLUSTERS);
    const { own } = await cluster(context, rows, clusters, seed);
    const isLabelled = new Set(labelled);
    const groups = Array.from({ length: clusters }, () => new Group());
    rows.forEach((row, i) => groups[own[i]].join(row, isLabelled.has(row)));
    const measuring = await context.measuring();
    const picks: Pick[] = [];
    while (picks.length < k) {
      const group = groups.reduce((best, other) => (other.isBefore(best) ? other : best));
      picks.push(await group.take(measuring, context.space));
      await context.pace.turn({ stage: "picking", rows: picks.length, of: k });
    }
    return { picks };
  },
} as const satisfies BatchRule;

/** The rows of a cluster. */
class Group {
  private readonly rows: number[] = [];
  private labels = 0;
  private left = 0;
  private readonly known = new Set<number>();
  /** Rows without a label, the most typical first; made when first asked for. */
  private ranking: Typicality | undefined;

  join(row: number, isLabelled: boolean): void {
    this.rows.push(row);
    if (isLabelled) this.known.add(row);
    this.labels += Number(isLabelled);
    this.left += Number(!isLabelled);
  }

  /** Rows to take before those of another: it has some, has fewer labels, or is larger. Ties go to the one at hand. */
  isBefore(other: Group): boolean {
    if (this.left === 0 || other.left === 0) return this.left > 0;
    return this.labels === other.labels ? this.rows.length > other.rows.length : this.labels < other.labels;
  }

  /** The most typical row without a label; from then on it has one. */
  async take(measuring: Measuring, space: BatchContext["space"]): Promise<Pick> {
    this.ranking ??= await Typicality.among(measuring, space, Uint32Array.from(this.rows), this.known);
    this.left--;
    this.labels++;
    return this.ranking.take();
  }
}
