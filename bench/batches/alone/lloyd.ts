/** k-means as its definition reads, and as each backend does it: the same steps from the same centres. */
import { Crew } from "../../../src/backends/cpu/crew.ts";
import { HostClusters } from "../../../src/backends/cpu/clusters.ts";
import type { ClusterKernel } from "../../../src/backends/clusters.ts";
import type { PointData } from "../../../src/backends/distances.ts";
import { lloyd } from "../../../src/batches/clusters.ts";
import { embeddingSpace } from "../../../src/distance.ts";
import type { Engine } from "../../../src/index.ts";
import { arraySource } from "../../../src/matrix.ts";
import { Pace } from "../../../src/pace.ts";
import { vectorsIn } from "../../../src/vectors.ts";
import type { BatchCase } from "../cases.ts";
import type { BatchPool } from "../data.ts";
import { comparing, openBackend, type Alone, type Given, type Opened } from "./alone.ts";

/**
 * What centres may be off by, as a share of how far rows are from theirs: in float32 some rows are with another. Those of
 * the last step but one are farther off.
 */
const rounding = { us: 1e-6, peer: 0.002 };

/** The first pass compares every row with every centre, and so do the steps of peers; ours need less of them later. */
export const kmeans: Alone = {
  open: openSteps,
  judge(one, pool) {
    const fault = centresJudge(one, pool);
    return ({ values = [] }, by) => fault(values, rounding[by]);
  },
  work: (one) => comparing(one, one.k),
  given: (one, pool): Given[] => [{ array: firstCentresOf(one, pool), shape: [one.k, one.dims] }],
};

/** Rows that are the first centres, evenly spread: [k, dims]. */
export function firstCentresOf({ rows, dims, k }: BatchCase, { embeddings }: BatchPool): Float32Array {
  const centres = new Float32Array(k * dims);
  for (let c = 0; c < k; c++) {
    const at = Math.floor((c * rows) / k) * dims;
    centres.set(embeddings.subarray(at, at + dims), c * dims);
  }
  return centres;
}

/** What is wrong with centres, by every distance at every step in float64. */
function centresJudge(
  one: BatchCase,
  pool: BatchPool,
): (centres: ArrayLike<number>, tolerance: number) => string | undefined {
  const { dims, k } = one;
  const { centres: right, spread } = textbook(one, pool);
  return (centres, tolerance) => {
    if (centres.length !== k * dims) return `${centres.length / dims} centres, not ${k}`;
    for (let c = 0; c < k; c++) {
      let squares = 0;
      for (let i = c * dims; i < (c + 1) * dims; i++) squares += (centres[i] - right[i]) ** 2;
      // Written so that NaN is wrong too.
      if (!(Math.sqrt(squares) <= tolerance * spread)) return `centre ${c} is off by ${Math.sqrt(squares)}`;
    }
    return undefined;
  };
}

/** Centres after all steps, an empty cluster keeping its own, and the root mean square distance of rows to those before. */
function textbook(one: BatchCase, pool: BatchPool): { centres: Float64Array; spread: number } {
  const { rows, dims, k, steps = 1 } = one;
  const { embeddings } = pool;
  const centres = Float64Array.from(firstCentresOf(one, pool));
  let spread = 0;
  for (let step = 0; step < steps; step++) {
    const sums = new Float64Array(k * dims);
    const sizes = new Float64Array(k);
    let total = 0;
    for (let row = 0; row < rows; row++) {
      let own = 0;
      let least = Infinity;
      for (let c = 0; c < k; c++) {
        let squares = 0;
        for (let d = 0; d < dims; d++) squares += (embeddings[row * dims + d] - centres[c * dims + d]) ** 2;
        if (squares < least) {
          least = squares;
          own = c;
        }
      }
      sizes[own]++;
      total += least;
      for (let d = 0; d < dims; d++) sums[own * dims + d] += embeddings[row * dims + d];
    }
    for (let i = 0; i < centres.length; i++) {
      const size = sizes[Math.floor(i / dims)];
      if (size > 0) centres[i] = sums[i] / size;
    }
    spread = Math.sqrt(total / rows);
  }
  return { centres, spread };
}

/** The points stay where they are computed on. */
async function openSteps({ backend, threads }: Engine, one: BatchCase, pool: BatchPool): Promise<Opened> {
  const { rows, dims, k, steps = 1 } = one;
  const points: PointData = { ...vectorsIn(pool.embeddings, dims), metric: "euclidean" };
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  const first = Float64Array.from(firstCentresOf(one, pool));
  const { open, close } = backend === "cpu" ? await onHost(points, threads) : await onDevice(points, rows, dims);
  return {
    async run() {
      let kernel: ClusterKernel | undefined;
      const clusters = async (): Promise<ClusterKernel> => (kernel = await open(all, k));
      const context = { pace: new Pace(), space: () => embeddingSpace(points, "euclidean"), clusters };
      try {
        // As wide as points are for the library, as long as dims are a multiple of 16.
        return { picks: [], values: (await lloyd(context, all, k, first.slice(), steps)).centres };
      } finally {
        kernel?.close();
      }
    },
    close,
  };
}

interface Clusters {
  open(rows: Uint32Array, k: number): Promise<ClusterKernel>;
  close(): Promise<void>;
}

async function onHost(points: PointData, threads: number): Promise<Clusters> {
  const crew = await Crew.open(threads);
  return { open: (rows, k) => HostClusters.open(points, rows, k, crew), close: () => crew.close() };
}

async function onDevice(points: PointData, rows: number, dims: number): Promise<Clusters> {
  const backend = await openBackend();
  const input = { kind: "features", source: arraySource("features", points.data, rows, dims) } as const;
  const pool = backend.load(input);
  return {
    async open(chosen, k) {
      const kernel = await pool.clusters?.(points, chosen, k);
      if (!kernel) throw new Error("the device has no room for the clusters");
      return kernel;
    },
    async close() {
      pool.close();
      await backend.close();
    },
  };
}
