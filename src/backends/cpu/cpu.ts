/** The CPU backend: the textbook formulas in float64, one row after the other. */
import type { Strategy } from "../../strategy.ts";
import type { Backend, BackendPool, InvalidRows, PassOptions, PoolInput, ScorePass } from "../backend.ts";
import { beliefsReader, validityCheck } from "./reference.ts";
import { topRows } from "./topk.ts";

/** Values read at a time: fits the cache, and lets an asynchronous source breathe. */
const CHUNK_VALUES = 1 << 18;

export function cpuBackend(adapter: string): Backend {
  return { name: "cpu", adapter, load: openPool, close: async () => {} };
}

function openPool(input: PoolInput): BackendPool {
  return {
    scores: (strategies, options) => scorePool(input, strategies, options),
    async candidates(strategy, { k, taken }, options) {
      const { values, invalid, timings } = await scorePool(input, strategy ? [strategy] : [], options);
      const started = performance.now();
      // Rounding to float32 keeps the order, so no row that beats the k-th in float64 falls below it here.
      const rows = topRows(values[0], k, taken);
      return { rows, invalid, timings: { ...timings, kernel: timings.kernel + seconds(started) } };
    },
    close() {},
  };
}

async function scorePool(input: PoolInput, strategies: readonly Strategy[], options: PassOptions): Promise<ScorePass> {
  const { source } = input;
  const { rows, cols } = source;
  const values = Array.from({ length: Math.max(1, strategies.length) }, () => new Float32Array(rows));
  const readBeliefs = input.kind === "scores" ? undefined : beliefsReader(input, options);
  const isValid = validityCheck(input);
  const invalid: { -readonly [K in keyof InvalidRows]: InvalidRows[K] } = { count: 0, first: 0 };
  const timings = { upload: 0, kernel: 0, readback: 0 };
  const chunkRows = Math.max(1, Math.floor(CHUNK_VALUES / cols));
  const buffer = new Float32Array(Math.min(chunkRows, rows) * cols);
  for (let first = 0; first < rows; first += chunkRows) {
    const count = Math.min(chunkRows, rows - first);
    // Given scores are read to where they stay.
    const chunk = readBeliefs ? buffer.subarray(0, count * cols) : values[0].subarray(first, first + count);
    let started = performance.now();
    await source.read(first, count, chunk);
    timings.upload += seconds(started);
    started = performance.now();
    for (let i = 0; i < count; i++) {
      const row = first + i;
      if (!isValid(chunk, i * cols)) {
        if (invalid.count++ === 0) invalid.first = row;
        for (const scores of values) scores[row] = NaN;
      } else if (readBeliefs) {
        const beliefs = readBeliefs(chunk, i * cols, row);
        for (let slot = 0; slot < strategies.length; slot++) values[slot][row] = strategies[slot].score(beliefs);
      }
    }
    timings.kernel += seconds(started);
    options.onProgress?.(first + count);
  }
  return { values, invalid, timings };
}

const seconds = (since: number): number => (performance.now() - since) / 1000;
