/** Pools of scores: nothing is computed, so they are looked at where they are. */
import { blocksOf } from "../../readAhead.ts";
import type { PassOptions, PoolInput, ScorePass, Selection } from "../backend.ts";
import { Contenders } from "./contenders.ts";

/** Looked at between two turns of others. */
const STRETCH = 2 ** 18;

/**
 * Tells `look` of every score in the order of rows, a stretch at a time, which in turn tells of those that are no numbers.
 */
async function scan(
  { source }: PoolInput,
  { pace, onProgress }: PassOptions,
  look: (first: number, values: Float32Array, notANumber: (row: number) => void) => void,
): Promise<ScorePass> {
  const invalid = { count: 0, first: 0 };
  const notANumber = (row: number): void => {
    if (invalid.count++ === 0) invalid.first = row;
  };
  const timings = { upload: 0, kernel: 0, readback: 0 };
  let since = performance.now();
  const blocks = source.data ? [{ first: 0, rows: source.rows, values: source.data }] : blocksOf(source);
  for await (const { first, rows, values } of blocks) {
    timings.upload += (performance.now() - since) / 1000;
    for (let at = 0; at < rows; at += STRETCH) {
      const started = performance.now();
      look(first + at, values.subarray(at, Math.min(rows, at + STRETCH)), notANumber);
      timings.kernel += (performance.now() - started) / 1000;
      onProgress?.(Math.min(first + rows, first + at + STRETCH));
      await pace.turn();
    }
    since = performance.now();
  }
  return { invalid, timings };
}

/** All of them, NaN where they are no numbers. */
export async function givenScores(input: PoolInput, options: PassOptions) {
  const all = new Float32Array(input.source.rows);
  const pass = await scan(input, options, (first, values, notANumber) => {
    all.set(values, first);
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) continue;
      all[first + i] = NaN;
      notANumber(first + i);
    }
  });
  return { ...pass, values: all, slack: 0 };
}

/** The rows of the k best. */
export async function bestGiven(input: PoolInput, { k, taken }: Selection, options: PassOptions) {
  const best = new Contenders(k);
  const pass = await scan(input, options, (first, values, notANumber) => {
    let bar = best.barFor(0);
    for (let i = 0; i < values.length; i++) {
      const score = values[i];
      // What is no number is not left out here.
      if (score < bar && score > -Infinity) continue;
      const row = first + i;
      if (!Number.isFinite(score)) notANumber(row);
      else if (((taken[row >>> 5] >>> (row & 31)) & 1) === 0) {
        best.offer(row, score, 0);
        bar = best.barFor(0);
      }
    }
  });
  return { ...pass, rows: best.found() };
}
