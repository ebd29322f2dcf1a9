/** The WebGPU backend: kernels in float32 over resident chunks, and the bound that makes their picks exact. */
import { InputError } from "../../errors.ts";
import { classesOf, type Head } from "../../head.ts";
import type { Strategy } from "../../strategy.ts";
import { unitRoundoff } from "../../strategy.ts";
import type { Backend, BackendPool, InvalidRows, PassOptions, PoolInput } from "../backend.ts";
import { chooseFrame, type AdapterClass } from "./frames.ts";
import { usage, type Gpu } from "./gpu.ts";
import { closeSegments, openSegments, paddedClasses, REPORT_BYTES, scorePool, type DevicePool } from "./scoring.ts";
import { HISTOGRAM_BYTES, selectCandidates } from "./selection.ts";
import type { Slack } from "./shaders.gen.ts";
import { ChunkedRows } from "./upload.ts";

/**
 * Bytes of input a chunk: large enough to fill a GPU, small enough that one dispatch of a software adapter stays near
 * 50 ms.
 */
const CHUNK_BYTES = { software: 8 << 20, gpu: 64 << 20 };
/** Products a chunk of features may cost where a CPU plays the GPU: 50 ms at 8 GFLOP/s. */
const CHUNK_PRODUCTS = { software: 2e8, gpu: 2e11 };
/** Rows of input that stay on the device between passes take at most this many bytes. */
const RESIDENT_BYTES = 8 * 2 ** 30;

export function webgpuBackend(gpu: Gpu, adapter: string, adapterClass: AdapterClass): Backend {
  return {
    name: "webgpu",
    adapter,
    load: (input) => openPool(gpu, adapterClass, input),
    close: async () => gpu.close(),
  };
}

function openPool(gpu: Gpu, adapterClass: AdapterClass, input: PoolInput): BackendPool {
  const { source, head } = input;
  const classes = head ? classesOf(head) : source.cols;
  const frame = chooseFrame(classes, adapterClass);
  const chunkRows = rowsAChunk(gpu, adapterClass, input, classes);
  const pool: DevicePool = {
    gpu,
    adapterClass,
    input,
    classes,
    frame,
    chunks: new ChunkedRows(gpu, source, chunkRows, RESIDENT_BYTES),
    chunkRows,
    weights: head && gpu.filled("weights", transposedWeights(head, paddedClasses(classes, frame)), usage.storage),
  };

  return {
    async scores(strategies, options) {
      const slots = Math.max(1, strategies.length);
      const segments = await openSegments(pool, slots, undefined);
      const started = performance.now();
      try {
        const scored = await scorePool(pool, segments, strategies, options);
        await gpu.finished();
        const kernel = (performance.now() - started) / 1000 - scored.upload;
        const reading = performance.now();
        const values = Array.from({ length: slots }, () => new Float32Array(source.rows));
        for (const { first, rows, scores } of segments) {
          const [bytes] = await gpu.read([scores, rows * slots * 4]);
          values.forEach((all, slot) => all.set(new Float32Array(bytes, slot * rows * 4, rows), first));
        }
        const [report] = await gpu.read([scored.report, REPORT_BYTES]);
        scored.report.destroy();
        const readback = (performance.now() - reading) / 1000;
        return { values, invalid: invalidIn(report), timings: { upload: scored.upload, kernel, readback } };
      } finally {
        closeSegments(segments);
      }
    },

    async candidates(strategy, selection, options) {
      const strategies = strategy ? [strategy] : [];
      const segments = await openSegments(pool, 1, selection.taken);
      const histogram = await gpu.buffer("histogram", HISTOGRAM_BYTES, usage.storage);
      const started = performance.now();
      try {
        const scored = await scorePool(pool, segments, strategies, options, histogram);
        const scoring = (performance.now() - started) / 1000 - scored.upload;
        const slack = strategy ? slackOf(pool, strategy, options) : { fixed: 0, per_norm: 0 };
        const found = await selectCandidates(pool, scored, histogram, selection, slack);
        scored.report.destroy();
        return {
          rows: found.rows,
          invalid: invalidIn(found.report),
          timings: { upload: scored.upload, kernel: scoring + found.kernel, readback: found.readback },
        };
      } finally {
        closeSegments(segments);
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
function rowsAChunk(gpu: Gpu, adapterClass: AdapterClass, { kind, source }: PoolInput, classes: number): number {
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  if (64 * source.cols * 4 > limit) {
    throw new InputError(`${source.name}: ${source.cols} columns are more than this GPU can bind: use the cpu backend`);
  }
  const byBytes = Math.min(CHUNK_BYTES[adapterClass], limit) / (source.cols * 4);
  const byWork = kind === "features" ? CHUNK_PRODUCTS[adapterClass] / (source.cols * classes) : Infinity;
  return Math.max(1, Math.floor(Math.min(byBytes, byWork, 1 << 24) / 64)) * 64;
}

/** A one-layer head as the kernel reads it: [inputs + 1, padded] with the bias as last row, zeros past the classes. */
function transposedWeights({ layers: [layer] }: Head, padded: number): Float32Array {
  const { weight, bias, inputs, outputs } = layer;
  const transposed = new Float32Array((inputs + 1) * padded);
  for (let c = 0; c < outputs; c++) {
    for (let d = 0; d < inputs; d++) transposed[d * padded + c] = weight[c * inputs + d];
    transposed[inputs * padded + c] = bias[c];
  }
  return transposed;
}

/**
 * How far a kernel's score may be from the textbook's.
 *
 * `fixed` is the strategy's own bound; a temperature other than 1 on probabilities adds the error of taking their
 * logarithm. `per_norm` is what the head adds: a dot product of n terms, bias included, is off by at most
 * n·u/(1 − n·u) · ‖(x, 1)‖ · ‖(w, b)‖ in any order of summation (Higham 2002, section 3.1), every logit at once.
 */
function slackOf({ input, classes, frame }: DevicePool, strategy: Strategy, { temperature }: PassOptions): Slack {
  const sensitivity = strategy.sensitivity(classes) / temperature;
  const own = strategy.bound(classes, frame.additions);
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
