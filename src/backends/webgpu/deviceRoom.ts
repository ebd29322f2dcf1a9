/** How much of a device a pool takes. */
import { InputError } from "../../errors.ts";
import { passesOf } from "../../matrix.ts";
import type { DeviceNeeds, DeviceWork, PoolInput } from "../backend.ts";
import { PLACE_BYTES } from "./clusterWork.ts";
import type { Gpu } from "./gpu.ts";
import { productsOf, scratchWidth } from "./layers.ts";
import { wordsAPoint } from "./pointStorage.ts";
import type { DevicePool } from "./scoring.ts";
import { CROWD } from "./selection.ts";
import type { Tuning } from "./tuning.ts";

/** Scores of a chunk by 32 strategies still fit the smallest binding limit there is. */
const MAX_CHUNK_ROWS = 2 ** 20;

/** Parts of sweeps that have been brought to the device and wait for the collector. */
const STREAMED_BYTES = 192e6;
/** What a driver and its compiler take of a process, beyond what they have when the device is open. */
const DRIVER_BYTES = 80e6;

/** A multiple of 64 rows that fits one binding and one dispatch. */
export function rowsAChunk(gpu: Gpu, tuning: Tuning, { source, head }: PoolInput, classes: number): number {
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  const passes = passesOf(source);
  // What a row takes of the largest buffers: its values, and between two blocks of passes its sums.
  const width = Math.max(
    passes * source.cols,
    passes > 1 || head ? 4 * (classes + 1) : 0,
    head ? scratchWidth(head) : 0,
  );
  const weights = Math.max(0, ...(head?.layers ?? []).map(({ inputs, outputs }) => (inputs + 2) * (outputs + 12)));
  if (4 * Math.max(64 * width, weights) > limit) {
    const columns = passes > 1 ? `${passes} passes of ${source.cols} columns` : `${source.cols} columns`;
    const what = head ? `${head.name ?? "head"}: its layers` : `${source.name}: ${columns}`;
    throw new InputError(`${what} are more than this GPU can bind: use the cpu backend`);
  }
  const byBytes = Math.min(head ? tuning.scratchBytes : tuning.chunkBytes, limit) / (width * 4);
  const byWork = head ? tuning.chunkProducts / productsOf(head) : Infinity;
  return Math.max(1, Math.floor(Math.min(byBytes, byWork, tuning.segmentBytes / 4, MAX_CHUNK_ROWS) / 64)) * 64;
}

/** Bytes that scoring and measuring take at most. */
export function needsOf({ tuning, input, head }: DevicePool, { strategies, measures }: DeviceWork): DeviceNeeds {
  const { rows, cols } = input.source;
  const bytes = 4 * passesOf(input.source) * rows * cols;
  const chunk = Math.min(tuning.chunkBytes, bytes);
  const segment = Math.min(tuning.segmentBytes, 4 * strategies * rows);
  // Where they are found, and where they are read.
  const candidates = 2 * Math.min(4 * CROWD, segment);
  const { embeddings, kind, storage = "float32" } = input;
  const scoring =
    kind === "embeddings"
      ? 0
      : Math.min(tuning.residentBytes, bytes) + 5 * chunk + segment + candidates + (head ? tuning.scratchBytes : 0);
  const points = measures && embeddings ? 4 * wordsAPoint(storage, 4 * Math.ceil(embeddings.cols / 4)) * rows : 0;
  // Points are swept or put into clusters, never both at a time.
  const clusters = Math.min(tuning.clusterBytes, points > 0 ? PLACE_BYTES * rows : 0);
  const beside = Math.max(2 * Math.min(tuning.sweepBytes, points), clusters);
  const device = scoring + (points <= tuning.allPointBytes ? points : 0) + beside;
  const isPlayed = tuning.adapterClass === "software";
  const waiting = points > tuning.allPointBytes ? STREAMED_BYTES : 0;
  return { device, host: DRIVER_BYTES + waiting + (isPlayed ? device : 3 * chunk) };
}
