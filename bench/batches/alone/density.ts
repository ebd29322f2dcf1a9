/** How dense the pool is around every row, by the distances between all of them. A device leaves it to the processor. */
import { densityOf } from "../../../src/remedies/density.ts";
import { Pace } from "../../../src/pace.ts";
import { vectorsIn } from "../../../src/vectors.ts";
import { pointOf, squaredBetween } from "../distances.ts";
import { comparing, onCrew, valuesFault, type Alone } from "./alone.ts";

/** Of so many rows one is judged: an odd number, for kernels take rows by twos and fours. */
const JUDGED = 47;
const rounding = { us: 1e-5, peer: 1e-3 };

export const density: Alone = {
  open({ threads }, { dims }, { embeddings }) {
    const points = { ...vectorsIn(embeddings, dims), metric: "euclidean" } as const;
    return onCrew(threads, async (crew) => {
      const { lowest, highest } = await densityOf(points, new Uint32Array(), new Pace(), crew);
      return { picks: [], values: lowest.map((low, row) => (low + highest[row]) / 2) };
    });
  },
  judge(one, pool) {
    const { rows } = one;
    const points = Array.from({ length: rows }, (_, row) => pointOf(one, pool)(row));
    const right = Array.from({ length: Math.ceil(rows / JUDGED) }, (_, i) => {
      const own = points[i * JUDGED];
      const close = points.map((other) => 1 / (1 + Math.sqrt(squaredBetween(own, other))));
      return (close.reduce((sum, each) => sum + each, 0) - 1) / (rows - 1);
    });
    return ({ values = [] }, by) => {
      if (values.length !== rows) return `${values.length} densities, not ${rows}`;
      const strange = Array.from(values).findIndex((value) => !(value > 0 && value < 1));
      if (strange >= 0) return `the density of row ${strange} is ${values[strange]}`;
      const judged = Array.from(values).filter((_, row) => row % JUDGED === 0);
      return valuesFault(`densities of each ${JUDGED}th row`, judged, right, rounding[by]);
    };
  },
  work: (one) => comparing(one, one.rows),
};
