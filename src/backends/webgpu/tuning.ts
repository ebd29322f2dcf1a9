/** The sizes of the work that one kind of adapter is given at a time. */

/** `software`: lavapipe, SwiftShader and their kind, where a thread is a lane of a CPU's vector unit. */
export type AdapterClass = "gpu" | "software";

export interface Tuning {
  readonly adapterClass: AdapterClass;
  /** Bytes of input a chunk and a dispatch: enough to fill a GPU; near 50 ms where a CPU plays one. */
  readonly chunkBytes: number;
  /** Bytes that a head may take for its work on a chunk. */
  readonly scratchBytes: number;
  /** Products that one dispatch of a head may cost: 50 ms where a CPU plays the GPU. */
  readonly chunkProducts: number;
  /** Chunks a submit: a software adapter's submit must stay short, a GPU's should be few. */
  readonly chunksASubmit: number;
  /** More workgroups than this would only cost: rows past them are taken in strides. */
  readonly maxGroups: number;
  /** Bytes of scores in one buffer, when the binding limit allows it. */
  readonly segmentBytes: number;
  /** Most bytes of embeddings in one buffer, where the binding limit allows it. */
  readonly pointBytes: number;
  /** Most bytes of embeddings in all; more are brought to the device by each sweep anew. */
  readonly allPointBytes: number;
  /** Bytes that a sweep over embeddings may take beside them, in one part of it. */
  readonly sweepBytes: number;
  /** Bytes that clusters of rows may take. */
  readonly clusterBytes: number;
  /** Bytes of input that stay on the device between passes; the rest is read anew for each. */
  readonly residentBytes: number;
  /** What all of this is to fit in. */
  readonly room: number;
}

const common = {
  scratchBytes: 96 * 2 ** 20,
  segmentBytes: 2 ** 26,
  pointBytes: 2 ** 32,
  allPointBytes: Infinity,
  sweepBytes: 96 * 2 ** 20,
  clusterBytes: Infinity,
  residentBytes: 8 * 2 ** 30,
  room: 2 ** 35,
};

export const tunings: Record<AdapterClass, Tuning> = {
  gpu: { adapterClass: "gpu", chunkBytes: 2 ** 26, chunkProducts: 2e11, chunksASubmit: 64, maxGroups: 2048, ...common },
  software: {
    adapterClass: "software",
    chunkBytes: 2 ** 23,
    chunkProducts: 2e8,
    chunksASubmit: 2,
    maxGroups: 64,
    ...common,
  },
};

/**
 * The same within so many bytes of device memory. What is there at a time: resident input and points, a quarter each; a
 * head's work and clusters, an eighth each; up to five chunks, three of them to write into; scores, and up to two parts of a
 * sweep.
 */
export function tuningWithin(tuning: Tuning, bytes: number): Tuning {
  const share = (most: number, part: number): number => Math.min(most, Math.floor(bytes / part));
  return {
    ...tuning,
    residentBytes: share(tuning.residentBytes, 4),
    allPointBytes: share(tuning.allPointBytes, 4),
    scratchBytes: share(tuning.scratchBytes, 8),
    clusterBytes: share(tuning.clusterBytes, 8),
    chunkBytes: share(tuning.chunkBytes, 64),
    segmentBytes: share(tuning.segmentBytes, 32),
    sweepBytes: share(tuning.sweepBytes, 32),
    room: bytes,
  };
}
