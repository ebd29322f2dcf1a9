/** The WebGPU backend: kernels in float32 over resident chunks, and the bound that makes their picks exact. */
import { InputError } from "../../errors.ts";
import { classesOf, type Head } from "../../head.ts";
import { unitRoundoff, type Strategy } from "../../strategy.ts";
import type { Backend, BackendPool, InvalidRows, PassOptions, PoolInput } from "../backend.ts";
import { chooseFrame, classStep, paddedClasses, type FrameChoice } from "./frames.ts";
import { usage, type Gpu } from "./gpu.ts";
import { closeSegments, newReport, openSegments, REPORT_BYTES, scorePool, type DevicePool } from "./scoring.ts";
import { HISTOGRAM_BYTES, selectCandidates } from "./selection.ts";
import type { Slack } from "./shaders.gen.ts";
import type { Tuning } from "./tuning.ts";
import { ChunkedRows } from "./upload.ts";

/** Scores of a chunk by 32 strategies still fit the smallest binding limit there is. */
const MAX_CHUNK_ROWS = 2 ** 20;

export function webgpuBackend(gpu: Gpu, adapter: string, tuning: Tuning): Backend {
  return {
    name: "webgpu",
    adapter,
    load: (input) => openPool(gpu, tuning, input),
    close: async () => gpu.close(),
  };
}

function openPool(gpu: Gpu, tuning: Tuning, input: PoolInput): BackendPool {
  const { source, head } = input;
  const classes = head ? classesOf(head) : source.cols;
  const frame = chooseFrame(classes, tuning.adapterClass);
  const chunkRows = rowsAChunk(gpu, tuning, input, classes);
  const pool: DevicePool = {
    gpu,
    tuning,
    input,
    classes,
    frame,
    chunks: new ChunkedRows(gpu, source, chunkRows, tuning.residentBytes),
    chunkRows,
    weights: head && gpu.filled("weights", weightsFor(head, frame), usage.storage),
  };

  return {
    async scores(strategies, options) {
      const slots = Math.max(1, strategies.length);
      const segments = await openSegments(pool, slots, undefined);
      const report = newReport(gpu);
      const started = performance.now();
      try {
        const upload = await scorePool(pool, { segments, report }, strategies, options);
        await gpu.finished();
        const kernel = (performance.now() - started) / 1000 - upload;
        const reading = performance.now();
        const values = Array.from({ length: slots }, () => new Float32Array(source.rows));
        for (const { first, rows, scores } of segments) {
          const [bytes] = await gpu.read([scores, rows * slots * 4]);
          values.forEach((all, slot) => all.set(new Float32Array(bytes, slot * rows * 4, rows), first));
        }
        const [state] = await gpu.read([report, REPORT_BYTES]);
        const readback = (performance.now() - reading) / 1000;
        return { values, invalid: invalidIn(state), timings: { upload, kernel, readback } };
      } finally {
        closeSegments(segments);
        report.destroy();
      }
    },

    async candidates(strategy, selection, options) {
      const strategies = strategy ? [strategy] : [];
      const segments = await openSegments(pool, 1, selection.taken);
      const report = newReport(gpu);
      const histogram = gpu.filled("histogram", new Uint32Array(HISTOGRAM_BYTES / 4), usage.storage);
      const started = performance.now();
      try {
        const scored = { segments, report };
        const upload = await scorePool(pool, scored, strategies, options, histogram);
        const scoring = (performance.now() - started) / 1000 - upload;
        const slack = strategy ? slackOf(pool, strategy, options) : { fixed: 0, per_norm: 0 };
        const found = await selectCandidates(pool, scored, histogram, selection, slack);
        return {
          rows: found.rows,
          invalid: invalidIn(found.report),
          timings: { upload, kernel: scoring + found.kernel, readback: found.readback },
        };
      } finally {
        closeSegments(segments);
        report.destroy();
        histogram.destroy();
      }
    },

    close() {
      pool.chunks.close();
      pool.weights?.destroy();
    },
  };
}

/** A multiple of 64 rows that fits one binding and one dispatch. */
function rowsAChunk(gpu: Gpu, tuning: Tuning, { kind, source }: PoolInput, classes: number): number {
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  if (64 * source.cols * 4 > limit) {
    throw new InputError(`${source.name}: ${source.cols} columns are more than this GPU can bind: use the cpu backend`);
  }
  const byBytes = Math.min(tuning.chunkBytes, limit) / (source.cols * 4);
  const byWork = kind === "features" ? tuning.chunkProducts / (source.cols * classes) : Infinity;
  return Math.max(1, Math.floor(Math.min(byBytes, byWork, tuning.segmentRows, MAX_CHUNK_ROWS) / 64)) * 64;
}

/**
 * A one-layer head as a frame reads it: [inputs + 1, padded classes] with the bias as last line and zeros past the
 * classes. Lane l of a team takes classes l, l + team, … of a step; they lie beside each other here, one load for four.
 */
function weightsFor({ layers: [layer] }: Head, frame: FrameChoice): Float32Array {
  const { weight, bias, inputs, outputs } = layer;
  const { slice, team } = frame;
  const step = classStep(frame);
  const padded = paddedClasses(outputs, frame);
  const laidOut = new Float32Array((inputs + 1) * padded);
  for (let c = 0; c < outputs; c++) {
    const inStep = c % step;
    const column = c - inStep + (inStep % team) * slice + Math.floor(inStep / team);
    for (let d = 0; d < inputs; d++) laidOut[d * padded + column] = weight[c * inputs + d];
    laidOut[inputs * padded + column] = bias[c];
  }
  return laidOut;
}

/**
 * How far a kernel's score may be from the textbook's.
 *
 * `fixed` is the strategy's own bound; a temperature other than 1 on probabilities adds the error of taking their
 * logarithm. `per_norm` is what the head adds: a dot product of n terms, bias included, is off by at most
 * n·u/(1 − n·u) · ‖(x, 1)‖ · ‖(w, b)‖ in any order of summation (Higham 2002, section 3.1), every logit at once.
 */
function slackOf({ input, classes, frame }: DevicePool, strategy: Strategy, { temperature }: PassOptions): Slack {
  const sensitivity = strategy.sensitivity(classes, 1) / temperature;
  const own = strategy.bound(classes, frame.additions, 1);
  if (input.head) {
    const terms = (input.source.cols + 1) * unitRoundoff;
    // The norm itself is rounded, hence the last per cent.
    return { fixed: own, per_norm: 1.01 * sensitivity * (terms / (1 - terms)) * largestWeightNorm(input.head) };
  }
  if (input.kind === "probabilities" && temperature !== 1) {
    return { fixed: 2 * own + sensitivity * (16 + 12 * Math.log(classes)) * unitRoundoff, per_norm: 0 };
  }
  return { fixed: own, per_norm: 0 };
}

/** The largest ‖(w, b)‖ over the classes of a one-layer head. */
function largestWeightNorm({ layers: [{ weight, bias, inputs, outputs }] }: Head): number {
  let largest = 0;
  for (let c = 0; c < outputs; c++) {
    let squares = bias[c] ** 2;
    for (let d = 0; d < inputs; d++) squares += weight[c * inputs + d] ** 2;
    largest = Math.max(largest, squares);
  }
  return Math.sqrt(largest);
}

function invalidIn(report: ArrayBuffer): InvalidRows {
  const [count, first] = new Uint32Array(report);
  return { count, first };
}
