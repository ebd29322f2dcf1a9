/** The k rows of a pool that are the most typical, by their 20 nearest. A device leaves it to the processor. */
import { SimdDistances } from "../../../src/backends/cpu/simdDistances.ts";
import { Typicality } from "../../../src/batches/typicality.ts";
import { embeddingSpace } from "../../../src/distance.ts";
import { Pace } from "../../../src/pace.ts";
import { vectorsIn } from "../../../src/vectors.ts";
import { pointOf, squaredBetween } from "../distances.ts";
import { comparing, onCrew, type Alone } from "./alone.ts";

const NEIGHBOURS = 20;
const rounding = { us: 1e-9, peer: 1e-3 };

export const typicality: Alone = {
  open({ threads }, { rows, dims, k }, { embeddings }) {
    const points = { ...vectorsIn(embeddings, dims), metric: "euclidean" } as const;
    const all = Uint32Array.from({ length: rows }, (_, row) => row);
    const space = () => embeddingSpace(points, "euclidean");
    return onCrew(threads, async (crew) => {
      const host = await SimdDistances.open(points, crew);
      try {
        const measuring = { space: space(), points, host, device: undefined, pace: new Pace() };
        const ranking = await Typicality.among(measuring, space, all, new Set());
        const picks = Array.from({ length: k }, () => ranking.take());
        return { picks: picks.map(({ row }) => row), scores: picks.map(({ score }) => score) };
      } finally {
        host.close();
      }
    });
  },
  judge(one, pool) {
    const { rows, k } = one;
    const points = Array.from({ length: rows }, (_, row) => pointOf(one, pool)(row));
    const right = points.map((own, row) => {
      const squared = Float64Array.from(points, (other) => squaredBetween(own, other));
      squared[row] = Infinity;
      const nearest = squared.sort().subarray(0, NEIGHBOURS);
      return NEIGHBOURS / nearest.reduce((sum, each) => sum + Math.sqrt(each), 0);
    });
    const best = right.toSorted((a, b) => b - a);
    return ({ picks, scores = [] }, by) => {
      if (new Set(picks).size !== k) return `${new Set(picks).size} rows picked, not ${k}`;
      if (scores.length !== k) return `${scores.length} scores, not ${k}`;
      // Written so that NaN is wrong too.
      for (const [i, row] of picks.entries())
        for (const found of [scores[i], right[row]])
          if (!(Math.abs(found - best[i]) <= rounding[by] * best[i]))
            return `pick ${i}, row ${row}: its typicality is ${found}, and ${best[i]} would be right`;
      return undefined;
    };
  },
  work: (one) => comparing(one, one.rows),
};
