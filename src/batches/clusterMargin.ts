/** Small margins from as many clusters as there are, so that no one kind of row fills the batch. */
import type { BatchRule, Pick } from "./batch.ts";
import { cluster } from "./clusters.ts";

/** Rows considered for each pick. */
const CONSIDERED = 10;

export const clusterMargin = {
  name: "cluster-margin",
  about: "small margins, taken in turn from clusters of them",
  formula: "the 10 k smallest margins in k clusters, the smallest margin of each in turn, small clusters first",
  source: "Citovsky et al. 2021",
  needs: ["predictions", "embeddings"],
  rowBytes: 16,
  strategy: "margin",
  async select(context) {
    const { k, seed } = context.options;
    const considered = await context.best(CONSIDERED * k, k);
    const rows = Uint32Array.from(considered, ({ row }) => row).sort();
    const { own } = await cluster(context, rows, k, seed);
    const clusterOf = new Map(Array.from(rows, (row, i) => [row, own[i]]));
    const members: Pick[][] = Array.from({ length: k }, () => []);
    // Smallest margins first, as they come.
    for (const one of considered) members[clusterOf.get(one.row)!].push(one);
    const turns = members.map((list, c) => ({ list, c })).sort((a, b) => a.list.length - b.list.length || a.c - b.c);
    const picks: Pick[] = [];
    for (let round = 0; picks.length < k; round++)
      for (const { list } of turns) if (picks.length < k && round < list.length) picks.push(list[round]);
    return { picks };
  },
} as const satisfies BatchRule;
