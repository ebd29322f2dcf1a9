/** The CPU backend: the textbook formulas in float64, one row after the other. */
import type { Strategy } from "../../strategy.ts";
import type { Backend, BackendPool, InvalidRows, PassOptions, PoolInput, ScorePass } from "../backend.ts";
import { passesOf } from "../../matrix.ts";
import { beliefsReader, validityCheck } from "./reference.ts";
import { topRows } from "./topk.ts";

/** Values read at a time: fits the cache, and lets an asynchronous source breathe. */
const CHUNK_VALUES = 1 << 18;

export function cpuBackend(adapter: string): Backend {
  return { name: "cpu", adapter, load: openPool, close: async () => {} };
}

function openPool(opened: PoolInput): BackendPool {
  let input = opened;
  return {
    scores: (strategies, options) => scorePool(input, strategies, options),
    async bounded(strategy, options) {
      const { values, ...pass } = await scorePool(input, strategy ? [strategy] : [], options);
      return { ...pass, values: values[0], slack: 0 };
    },
    async candidates(strategy, { k, taken }, options) {
      const { values, invalid, timings } = await scorePool(input, strategy ? [strategy] : [], options);
      const started = performance.now();
      // Rounding to float32 keeps the order, so no row that beats the k-th in float64 falls below it here.
      const rows = topRows(values[0], k, taken);
      return { rows, invalid, timings: { ...timings, kernel: timings.kernel + seconds(started) } };
    },
    use(next) {
      input = next;
    },
    close() {},
  };
}

async function scorePool(input: PoolInput, strategies: readonly Strategy[], options: PassOptions): Promise<ScorePass> {
  const { source } = input;
  const { rows, cols } = source;
  const passes = passesOf(source);
  const values = Array.from({ length: Math.max(1, strategies.length) }, () => new Float32Array(rows));
  const scoreRow = rowScorer(input, strategies, options);
  const isValid = validityCheck(input);
  const invalid: { -readonly [K in keyof InvalidRows]: InvalidRows[K] } = { count: 0, first: 0 };
  const timings = { upload: 0, kernel: 0, readback: 0 };
  const chunkRows = Math.max(1, Math.floor(CHUNK_VALUES / (passes * cols)));
  const buffer = new Float32Array(Math.min(chunkRows, rows) * passes * cols);
  for (let first = 0; first < rows; first += chunkRows) {
    const count = Math.min(chunkRows, rows - first);
    const stride = count * cols;
    // Given scores are read to where they stay.
    const chunk =
      input.kind === "scores" ? values[0].subarray(first, first + count) : buffer.subarray(0, passes * stride);
    let started = performance.now();
    await source.read(first, count, chunk);
    timings.upload += seconds(started);
    started = performance.now();
    for (let i = 0; i < count; i++) {
      const row = first + i;
      let valid = true;
      for (let pass = 0; pass < passes; pass++) valid &&= isValid(chunk, pass * stride + i * cols);
      if (valid) scoreRow(chunk, i * cols, row, stride, values);
      else {
        if (invalid.count++ === 0) invalid.first = row;
        for (const scores of values) scores[row] = NaN;
      }
    }
    timings.kernel += seconds(started);
    options.onProgress?.(first + count);
  }
  return { values, invalid, timings };
}

/** Writes the scores of one row. Strategies that need gradients have a forward pass of their own, without dropout. */
function rowScorer(input: PoolInput, strategies: readonly Strategy[], options: PassOptions) {
  const readers = [false, true].map((gradients) => {
    const slots = [...strategies.keys()].filter((slot) => (strategies[slot].needs === "gradients") === gradients);
    return { slots, read: slots.length > 0 ? beliefsReader(input, options, gradients) : undefined };
  });
  return (chunk: Float32Array, at: number, row: number, stride: number, values: readonly Float32Array[]): void => {
    for (const { slots, read } of readers) {
      const beliefs = read?.(chunk, at, row, stride);
      if (beliefs) for (const slot of slots) values[slot][row] = strategies[slot].score(beliefs);
    }
  };
}

const seconds = (since: number): number => (performance.now() - since) / 1000;
