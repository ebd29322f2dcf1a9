/** As many clusters as picks, and the row nearest each centre. */
import type { BatchRule, Pick } from "./batch.ts";
import { cluster } from "./clusters.ts";

export const kMeans = {
  name: "kmeans",
  about: "one row for each of k clusters, the largest cluster first",
  formula: "the smallest d to each of k centres",
  source: "Lloyd 1982; Arthur & Vassilvitskii 2007",
  needs: ["embeddings"],
  rowBytes: 76,
  async select(context) {
    const { k, seed } = context.options;
    const space = context.space();
    const rows = context.free();
    const { own, squared } = await cluster(context, rows, k, seed);
    const sizes = new Uint32Array(k);
    /** Position of the row nearest each centre. */
    const nearest: (number | undefined)[] = Array.from({ length: k }, () => undefined);
    for (let i = 0; i < rows.length; i++) {
      sizes[own[i]]++;
      const best = nearest[own[i]];
      if (best === undefined || squared[i] < squared[best]) nearest[own[i]] = i;
    }
    const bySize = [...sizes.keys()].sort((a, b) => sizes[b] - sizes[a] || a - b);
    const picks: Pick[] = [];
    for (const c of bySize) {
      const i = nearest[c];
      if (i !== undefined) picks.push({ row: rows[i], score: space.distance(squared[i]) });
    }
    // Where rows are equal there are fewer clusters than picks: the first rows that are left make up for them.
    const picked = new Set(picks.map(({ row }) => row));
    for (let i = 0; picks.length < k; i++)
      if (!picked.has(rows[i])) picks.push({ row: rows[i], score: space.distance(squared[i]) });
    return { picks };
  },
} as const satisfies BatchRule;
