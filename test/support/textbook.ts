/** A backend that is nothing but the textbook in float64, one row after the other: what all others are held against. */
import type { Strategy } from "../../src/strategy.ts";
import type { Backend, BackendPool, PassOptions, PoolInput, ScorePass } from "../../src/backends/backend.ts";
import { passesOf } from "../../src/matrix.ts";
import { readAhead } from "../../src/readAhead.ts";
import { BestRows } from "../../src/backends/cpu/bestRows.ts";
import { beliefsReader, validityCheck } from "../../src/backends/cpu/reference.ts";

/** Values read at a time: fits the cache, and lets an asynchronous source breathe. */
const CHUNK_VALUES = 1 << 18;

export function textbookBackend(): Backend {
  return { name: "cpu", adapter: "textbook", threads: 1, load: openPool, close: async () => {} };
}

function openPool(opened: PoolInput): BackendPool {
  let input = opened;
  return {
    scores: (strategies, options, tell) =>
      scan(input, strategies, options, (first, found) =>
        tell(
          first,
          found.map((scores) => Float32Array.from(scores)),
        ),
      ),
    async bounded(strategy, options) {
      const values = new Float32Array(input.source.rows);
      const pass = await scan(input, strategy ? [strategy] : [], options, (first, [scores]) =>
        values.set(scores, first),
      );
      return { ...pass, values, slack: 0 };
    },
    async candidates(strategy, { k, taken }, options) {
      const best = new BestRows(k);
      const pass = await scan(input, strategy ? [strategy] : [], options, (first, [chunk]) => {
        for (let i = 0; i < chunk.length; i++) {
          const row = first + i;
          const isTaken = (taken[row >>> 5] >>> (row & 31)) & 1;
          if (!isTaken && !Number.isNaN(chunk[i])) best.offer(row, chunk[i]);
        }
      });
      return { rows: Uint32Array.from(best.sorted(), ({ row }) => row).sort(), ...pass };
    },
    use(next) {
      input = next;
    },
    close() {},
  };
}

/**
 * Scores a pool, a chunk at a time: `tell` is given the first row of each, and the scores of its rows by each strategy,
 * good until the next. Those of invalid rows are NaN.
 */
async function scan(
  input: PoolInput,
  strategies: readonly Strategy[],
  options: PassOptions,
  tell: (first: number, scores: readonly (Float64Array | Float32Array)[]) => void | Promise<void>,
): Promise<ScorePass> {
  const { source } = input;
  const { rows, cols } = source;
  const passes = passesOf(source);
  const chunkRows = Math.min(rows, Math.max(1, Math.floor(CHUNK_VALUES / (passes * cols))));
  const scores = strategies.map(() => new Float64Array(chunkRows));
  const scoreRow = rowScorer(input, strategies, options);
  const isValid = validityCheck(input);
  const invalid = { count: 0, first: 0 };
  const timings = { upload: 0, kernel: 0, readback: 0 };
  let since = performance.now();
  for await (const { first, rows: count, values: chunk } of readAhead(source, chunkRows)) {
    timings.upload += seconds(since);
    const stride = count * cols;
    const started = performance.now();
    // Given scores are their own.
    const found = strategies.length > 0 ? scores.map((all) => all.subarray(0, count)) : [chunk];
    for (let i = 0; i < count; i++) {
      const row = first + i;
      let valid = true;
      for (let pass = 0; pass < passes; pass++) valid &&= isValid(chunk, pass * stride + i * cols);
      if (valid) scoreRow(chunk, i * cols, row, stride, i, found);
      else {
        if (invalid.count++ === 0) invalid.first = row;
        for (const values of found) values[i] = NaN;
      }
    }
    timings.kernel += seconds(started);
    await tell(first, found);
    options.onProgress?.(first + count);
    await options.pace.turn();
    since = performance.now();
  }
  return { invalid, timings };
}

type ScoreRow = (
  chunk: Float32Array,
  at: number,
  row: number,
  stride: number,
  place: number,
  scores: readonly (Float64Array | Float32Array)[],
) => void;

/** Writes the scores of one row. Strategies that need gradients have a forward pass of their own, without dropout. */
function rowScorer(input: PoolInput, strategies: readonly Strategy[], options: PassOptions): ScoreRow {
  const readers = [false, true].map((gradients) => {
    const slots = [...strategies.keys()].filter((slot) => (strategies[slot].needs === "gradients") === gradients);
    return { slots, read: slots.length > 0 ? beliefsReader(input, options, gradients) : undefined };
  });
  return (chunk, at, row, stride, place, scores) => {
    for (const { slots, read } of readers) {
      const beliefs = read?.(chunk, at, row, stride);
      if (beliefs) for (const slot of slots) scores[slot][place] = strategies[slot].score(beliefs);
    }
  };
}

const seconds = (since: number): number => (performance.now() - since) / 1000;
