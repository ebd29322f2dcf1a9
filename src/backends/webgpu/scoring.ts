/** One pass over the pool: every chunk through the score kernel, the scores left on the device for a stretch of rows at a time. */
import { FEATURE_LIMIT } from "../../matrix.ts";
import { passesIn, type PassOptions, type PoolInput } from "../backend.ts";
import type { Strategy } from "../../strategy.ts";
import { chooseFrame, passBlocks, rowsAtOnce, type FrameChoice } from "./frames.ts";
import { floatBits, usage, type Batch, type Binding, type Gpu, type KernelSource } from "./gpu.ts";
import { openHeadRunner, type HeadLogits, type HeadRunner } from "./head.ts";
import { headError } from "../headError.ts";
import type { DeviceHead } from "./layers.ts";
import { scoreProgram, type Tally } from "./program.ts";
import type { ScoreParams } from "./shaders.gen.ts";
import type { Tuning } from "./tuning.ts";
import type { Chunk, ChunkedRows } from "./upload.ts";

/** A stretch of the pool whose scores are on the device. */
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
  readonly chunks: ChunkedRows;
  readonly chunkRows: number;
  readonly head: DeviceHead | undefined;
}

/** What a pass is to do. */
export interface Pass {
  /** Either all of them need gradients, or none does. Without any, the pool holds scores. */
  readonly strategies: readonly Strategy[];
  readonly options: PassOptions;
  readonly tally: Tally;
  /** What the shader reports of the rows so far. */
  readonly report: GPUBuffer;
  /** To count a segment's scores in, for the tally "histogram". */
  readonly histogram?: GPUBuffer;
  /** A bit a row: those that must not be picked. */
  readonly taken?: Uint32Array;
  /** Takes what it needs of a segment, whose buffers are used again for the next. */
  consume(segment: Segment): Promise<void>;
}

/** Bytes of the report as the shader lays it out: invalid, first_invalid, norm, doubts. */
export const REPORT_BYTES = 16;
const NO_ROW = 0xffffffff;

/** Rows whose scores are on the device at a time: whole chunks, so that none crosses into the next segment. */
function rowsASegment({ gpu, input, tuning, chunkRows }: DevicePool, slots: number): number {
  const most = Math.min(tuning.segmentBytes, gpu.device.limits.maxStorageBufferBindingSize) / 4 / slots;
  return Math.min(input.source.rows, Math.max(1, Math.floor(most / chunkRows)) * chunkRows);
}

export function newReport(gpu: Gpu): GPUBuffer {
  return gpu.filled("report", new Uint32Array([0, NO_ROW, 0, 0]), usage.storage | usage.copySource);
}

/** The frame that reads a pool in one pass over it. */
export function frameFor({ input, classes, tuning }: DevicePool, options: PassOptions): FrameChoice {
  const turned = input.head !== undefined;
  return chooseFrame({ classes, passes: passesIn(input, options), turned }, tuning.adapterClass);
}

/** Scores the rows of a segment after the other. Gives the seconds spent on reading and uploading. */
export async function scorePool(pool: DevicePool, pass: Pass): Promise<number> {
  const { strategies, options, tally, report, histogram, taken, consume } = pass;
  const { gpu, tuning, input, classes, chunkRows, head } = pool;
  const frame = frameFor(pool, options);
  const kernel = await gpu.kernel(scoreKernel(pool, frame, strategies, options, tally));
  const passes = passesIn(input, options);
  const rounds = strategies.some(({ needs }) => needs === "divergence") ? [0, 1] : [0];
  const steps = rounds.flatMap((round) => passBlocks(passes).map((block) => ({ round, ...block })));
  const gradients = strategies.some(({ needs }) => needs === "gradients");
  const rows = Math.min(chunkRows, input.source.rows);
  const error = head && headError(head.norms, head.head.activation, options.dropout);
  const run = head && error && { device: head, options, gradients, error, rows };
  let runner: HeadRunner | undefined;
  let sums: GPUBuffer | undefined;
  const sumsBytes = steps.length > 1 ? (classes + 1) * rows * 16 : 16;

  /** Where the kernel finds the logits of a block of passes. */
  const stored = (chunk: Chunk): Pick<HeadLogits, "classStride" | "rowStride" | "passStride"> => ({
    classStride: 1,
    rowStride: classes,
    passStride: chunk.rows * classes,
  });
  const scoreStep = (batch: Batch, segment: Segment, chunk: Chunk, index: number): void => {
    const { round, first, count } = steps[index];
    const logits = runner?.sample(batch, chunk, first, count);
    const { classStride, rowStride, passStride } = logits ?? stored(chunk);
    const params: ScoreParams = {
      rows: chunk.rows,
      classes,
      first_row: chunk.first,
      segment_row: chunk.first - segment.first,
      segment_rows: segment.rows,
      seed: options.seed,
      half_team: frame.team >> 1,
      limit: floatBits(input.kind === "features" ? FEATURE_LIMIT : Infinity),
      half_floor: -50 * options.temperature,
      double_scale: 2 / options.temperature,
      class_stride: classStride,
      row_stride: rowStride,
      pass_stride: passStride,
      first_pass: logits ? 0 : first,
      passes: count,
      seen: first,
      all_passes: passes,
      round,
      is_last: Number(index === steps.length - 1),
      // Never so small that float32 takes it for 0.
      gap: error ? Math.max(2 * error.logits, 2 ** -100) : 0,
    };
    const bindings: Record<string, Binding> = { params, scores: segment.scores, report };
    if (logits) {
      bindings.logits = logits.logits;
      bindings.row_states = logits.rowStates;
      if (logits.gradients) bindings.gradients = logits.gradients;
    } else bindings[input.kind === "scores" ? "given" : "predictions"] = chunk.buffer;
    if (sums) bindings.sums = sums;
    if (histogram) Object.assign(bindings, { taken: segment.taken, histogram });
    kernel.dispatch(batch, bindings, Math.min(Math.ceil(chunk.rows / rowsAtOnce(frame)), tuning.maxGroups));
  };

  let batch = gpu.batch();
  const submit = (): void => {
    gpu.submit(batch);
    batch = gpu.batch();
  };
  const slots = Math.max(1, strategies.length);
  const segmentRows = rowsASegment(pool, slots);
  const scores = await gpu.buffer("scores", segmentRows * slots * 4, usage.storage | usage.copySource);
  const bits = gpu.filled(
    "taken",
    new Uint32Array(taken ? Math.ceil(segmentRows / 32) : 1),
    usage.storage | usage.copyTarget,
  );
  const begin = (first: number): Segment => {
    const segment = { first, rows: Math.min(segmentRows, input.source.rows - first), scores, taken: bits };
    if (taken) gpu.device.queue.writeBuffer(bits, 0, taken.slice(first / 32, Math.ceil((first + segment.rows) / 32)));
    if (histogram) batch.encoder.clearBuffer(histogram);
    return segment;
  };
  let recorded = 0;
  let upload = 0;
  try {
    runner = run && (await openHeadRunner(gpu, tuning, run));
    sums = passes > 1 ? await gpu.buffer("sums", sumsBytes, usage.storage) : undefined;
    let segment = begin(0);
    let since = performance.now();
    for await (const { uploaded, ...chunk } of pool.chunks.chunks()) {
      upload += performance.now() - since;
      runner?.begin(batch, chunk);
      for (let index = 0; index < steps.length; index++) {
        if (index > 0) submit();
        scoreStep(batch, segment, chunk, index);
      }
      const done = chunk.first + chunk.rows;
      const isFull = done === segment.first + segment.rows;
      if (isFull || runner || uploaded || ++recorded % tuning.chunksASubmit === 0) submit();
      options.onProgress?.(done);
      await options.pace.turn();
      if (isFull) {
        await consume(segment);
        if (done < input.source.rows) segment = begin(done);
      }
      since = performance.now();
    }
  } finally {
    runner?.close();
    sums?.destroy();
    scores.destroy();
    bits.destroy();
  }
  return upload / 1000;
}

function scoreKernel(
  { input }: DevicePool,
  frame: FrameChoice,
  strategies: readonly Strategy[],
  { temperature }: PassOptions,
  tally: Tally,
): KernelSource {
  const probabilities = input.kind === "probabilities";
  const needs = (need: Strategy["needs"]): boolean => strategies.some((strategy) => strategy.needs === need);
  return {
    code: scoreProgram({
      frame: input.kind === "scores" ? "given" : frame.frame,
      input: input.head === undefined ? "predictions" : needs("gradients") ? "gradients" : "head",
      slice: frame.slice,
      tally,
      strategies: strategies.map(({ name }) => name),
    }),
    entryPoint: "score_rows",
    constants: {
      WORKGROUP: frame.workgroup,
      TEAM: frame.team,
      PROBABILITIES: Number(probabilities),
      DIRECT: Number(probabilities && temperature === 1),
      VOTES: Number(needs("votes")),
    },
  };
}
