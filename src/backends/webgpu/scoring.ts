/** One pass over the pool: every chunk through the score kernel, the scores left on the device. */
import { FEATURE_LIMIT } from "../../matrix.ts";
import type { PassOptions, PoolInput } from "../backend.ts";
import type { Strategy } from "../../strategy.ts";
import { paddedClasses, rowsAtOnce, type FrameChoice } from "./frames.ts";
import { usage, type Gpu, type KernelSource } from "./gpu.ts";
import { scoreProgram } from "./program.ts";
import type { ScoreParams } from "./shaders.gen.ts";
import type { Tuning } from "./tuning.ts";
import type { ChunkedRows } from "./upload.ts";

/** A stretch of the pool whose scores lie in one buffer. */
export interface Segment {
  /** First row, in the pool. */
  readonly first: number;
  readonly rows: number;
  /** [strategies, rows], the bits of float32. */
  readonly scores: GPUBuffer;
  /** A bit a row: those that must not be picked. */
  readonly taken: GPUBuffer;
}

/** A pool as the device sees it. */
export interface DevicePool {
  readonly gpu: Gpu;
  readonly tuning: Tuning;
  readonly input: PoolInput;
  readonly classes: number;
  readonly frame: FrameChoice;
  readonly chunks: ChunkedRows;
  readonly chunkRows: number;
  /** [dims + 1, padded classes], the bias last: the head's weights as the frame reads them. */
  readonly weights: GPUBuffer | undefined;
}

/** What a pass leaves on the device. */
export interface Scored {
  readonly segments: readonly Segment[];
  /** Counts of invalid rows and the largest norm, as the shader lays them out. */
  readonly report: GPUBuffer;
}

/** Bytes of the report as the shader lays it out: invalid, first_invalid, norm. */
export const REPORT_BYTES = 12;
const NO_ROW = 0xffffffff;
/** Empty score buffers for the whole pool. Segments are whole chunks, so a chunk never crosses into the next one. */
export async function openSegments(
  pool: DevicePool,
  slots: number,
  taken: Uint32Array | undefined,
): Promise<Segment[]> {
  const { gpu, input, tuning, chunkRows } = pool;
  const most = Math.min(tuning.segmentRows, gpu.device.limits.maxStorageBufferBindingSize / 4 / slots);
  const size = Math.max(1, Math.floor(most / chunkRows)) * chunkRows;
  const segments: Segment[] = [];
  try {
    for (let first = 0; first < input.source.rows; first += size) {
      const rows = Math.min(size, input.source.rows - first);
      const scores = await gpu.buffer("scores", rows * slots * 4, usage.storage | usage.copySource);
      const bits = taken ? taken.subarray(first / 32, Math.ceil((first + rows) / 32)) : new Uint32Array(1);
      segments.push({ first, rows, scores, taken: gpu.filled("taken", bits, usage.storage) });
    }
    return segments;
  } catch (error) {
    closeSegments(segments);
    throw error;
  }
}

export function closeSegments(segments: readonly Segment[]): void {
  for (const { scores, taken } of segments) {
    scores.destroy();
    taken.destroy();
  }
}

export function newReport(gpu: Gpu): GPUBuffer {
  return gpu.filled("report", new Uint32Array([0, NO_ROW, 0]), usage.storage | usage.copySource);
}

/**
 * Fills the segments with the scores of each strategy, or with the given scores where there is none. With a histogram
 * the first digit of the first strategy's keys is counted on the way. Gives the seconds spent on reading and uploading.
 */
export async function scorePool(
  pool: DevicePool,
  { segments, report }: Scored,
  strategies: readonly Strategy[],
  options: PassOptions,
  histogram?: GPUBuffer,
): Promise<number> {
  const { gpu, tuning, input, frame } = pool;
  const kernel = await gpu.kernel(scoreKernel(pool, strategies, options, histogram !== undefined));
  const inputName = { logits: "predictions", probabilities: "predictions", features: "features", scores: "given" }[
    input.kind
  ];
  let batch = gpu.batch();
  let recorded = 0;
  let upload = 0;
  let since = performance.now();
  for await (const { first, rows, buffer, uploaded } of pool.chunks.chunks()) {
    upload += performance.now() - since;
    const segment = segments.find((s) => first < s.first + s.rows) as Segment;
    const params: ScoreParams = {
      rows,
      classes: pool.classes,
      dims: input.source.cols,
      first_row: first,
      segment_row: first - segment.first,
      segment_rows: segment.rows,
      padded_classes: paddedClasses(pool.classes, frame),
      seed: options.seed,
      half_team: frame.team >> 1,
      limit: floatBits(input.kind === "features" ? FEATURE_LIMIT : Infinity),
      half_floor: -50 * options.temperature,
      double_scale: 2 / options.temperature,
    };
    const bindings = {
      params,
      scores: segment.scores,
      report,
      [inputName]: buffer,
      ...(pool.weights && { weights: pool.weights }),
      ...(histogram && { taken: segment.taken, histogram }),
    };
    kernel.dispatch(batch, bindings, Math.min(Math.ceil(rows / rowsAtOnce(frame)), tuning.maxGroups));
    if (uploaded || ++recorded % tuning.chunksASubmit === 0) {
      gpu.submit(batch);
      batch = gpu.batch();
    }
    options.onProgress?.(first + rows);
    since = performance.now();
  }
  gpu.submit(batch);
  return upload / 1000;
}

function scoreKernel(
  { input, frame }: DevicePool,
  strategies: readonly Strategy[],
  { temperature }: PassOptions,
  histogram: boolean,
): KernelSource {
  const probabilities = input.kind === "probabilities";
  return {
    code: scoreProgram({
      frame: input.kind === "scores" ? "given" : frame.frame,
      input: input.kind === "features" ? "linear" : "predictions",
      slice: frame.slice,
      histogram,
      strategies: strategies.map(({ name }) => name),
    }),
    entryPoint: "score_rows",
    constants: {
      WORKGROUP: frame.workgroup,
      TEAM: frame.team,
      PROBABILITIES: Number(probabilities),
      DIRECT: Number(probabilities && temperature === 1),
    },
  };
}

function floatBits(value: number): number {
  return new Uint32Array(new Float32Array([value]).buffer)[0];
}
