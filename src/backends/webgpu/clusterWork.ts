/** What k-means' kernels work in: buffers that live as long as the clusters, and dispatches that are cut. */
import type { DevicePoints } from "./devicePoints.ts";
import { usage, type Binding } from "./gpu.ts";
import { clusterPrograms } from "./program.ts";

const WORKGROUP = 64;
/** Sorted rows of a cluster that one thread adds up. */
export const PART = 256;
/** What a row costs beside distances, in products: its place in lists and counters. */
export const ROW_PRODUCTS = 256;
/** No cluster, as kernels have it. */
export const NONE = 0xffffffff;

const usages = {
  rows: usage.storage | usage.copyTarget,
  known: usage.storage | usage.copySource,
  doubts: usage.storage | usage.copySource,
  moves: usage.storage | usage.copyTarget,
  sorted: usage.storage,
  centres: usage.storage | usage.copyTarget,
  motion: usage.storage | usage.copyTarget,
  tally: usage.storage | usage.copySource | usage.copyTarget,
  subtotals: usage.storage | usage.copyTarget,
  sums: usage.storage | usage.copySource,
};
export type ClusterBuffers = Record<keyof typeof usages, GPUBuffer>;

/** Places, in a list of rows, of those whose points are in one buffer. */
export interface PlaceStretch {
  readonly first_row: number;
  readonly rows: number;
  readonly points: GPUBuffer;
  readonly first: number;
  readonly end: number;
}

/** What the buffers below take for a place, but for what its sums do. */
export const PLACE_BYTES = 40;

/** Undefined where the device has no room for so many places. */
export async function openBuffers(
  { gpu, tuning, width }: DevicePoints,
  places: number,
  k: number,
): Promise<ClusterBuffers | undefined> {
  const sizes: Record<keyof ClusterBuffers, number> = {
    rows: 4 * places,
    known: 12 * places,
    doubts: 8 * places,
    moves: 8 * places,
    sorted: 8 * places,
    centres: 4 * k * width,
    motion: 8 * k,
    tally: 4 * (2 + 2 * k),
    subtotals: 8 * width * (k + Math.ceil((2 * places) / PART)),
    sums: 8 * k * width,
  };
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  if (Object.values(sizes).reduce((sum, size) => sum + size) > tuning.clusterBytes) return undefined;
  if (Math.max(...Object.values(sizes)) > Math.min(maxStorageBufferBindingSize, maxBufferSize)) return undefined;
  const buffers: Partial<ClusterBuffers> = {};
  for (const name of Object.keys(usages) as (keyof ClusterBuffers)[]) {
    const buffer = await gpu.tryBuffer(name, sizes[name], usages[name]);
    if (!buffer) {
      closeBuffers(buffers);
      return undefined;
    }
    buffers[name] = buffer;
  }
  return buffers as ClusterBuffers;
}

export function closeBuffers(buffers: Partial<ClusterBuffers>): void {
  for (const buffer of Object.values(buffers)) buffer.destroy();
}

/** `rows` ascend. */
export function stretchesOf({ stretches }: DevicePoints, rows: Uint32Array): PlaceStretch[] {
  let end = 0;
  const all = stretches.map((stretch) => {
    const first = end;
    while (end < rows.length && rows[end] < stretch.first + stretch.rows) end++;
    return { first_row: stretch.first, rows: stretch.rows, points: stretch.buffer, first, end };
  });
  return all.filter(({ first, end: last }) => first < last);
}

/** Runs a kernel over what is from `first` to before `end`, `products` each, cut so that no dispatch costs too much. */
export async function runInParts(
  { gpu, tuning }: DevicePoints,
  entryPoint: keyof typeof clusterPrograms,
  { first, end, products, threads = 1 }: { first: number; end: number; products: number; threads?: number },
  bindings: (first: number, end: number) => Record<string, Binding>,
): Promise<void> {
  const kernel = await gpu.kernel({ code: clusterPrograms[entryPoint](), entryPoint, constants: {} });
  const most = Math.max(1, Math.floor(tuning.chunkProducts / products));
  for (let at = first; at < end; at += most) {
    const last = Math.min(at + most, end);
    const groups = Math.min(Math.ceil(((last - at) * threads) / WORKGROUP), tuning.maxGroups);
    const batch = gpu.batch();
    kernel.dispatch(batch, bindings(at, last), groups);
    gpu.submit(batch);
  }
}
