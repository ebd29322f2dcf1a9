/** Pools of scores: nothing is computed, they are only looked at. */
import { blocksOf } from "../../readAhead.ts";
import type { PassOptions, PoolInput, ScorePass, Selection } from "../backend.ts";
import { Candidates } from "./candidates.ts";
import type { Crew } from "./crew.ts";
import { Sieve } from "./sieve.ts";

/** Scores looked at at a time: they stay in the cache. */
const STRETCH = 2 ** 15;

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
    const started = performance.now();
    timings.upload += (started - since) / 1000;
    for (let at = 0; at < rows; at += STRETCH) {
      look(first + at, values.subarray(at, Math.min(rows, at + STRETCH)), notANumber);
      onProgress?.(Math.min(first + rows, first + at + STRETCH));
      await pace.turn();
    }
    since = performance.now();
    timings.kernel += (since - started) / 1000;
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
export async function bestGiven(crew: Crew, input: PoolInput, { k, taken }: Selection, options: PassOptions) {
  const best = new Candidates(k);
  using sieve = new Sieve(crew, STRETCH);
  const pass = await scan(input, options, (first, values, notANumber) => {
    const exactly = (place: number): number => values[place];
    for (const place of sieve.sift(values, best.barFor(0))) {
      const row = first + place;
      if (!Number.isFinite(values[place])) notANumber(row);
      else if (((taken[row >>> 5] >>> (row & 31)) & 1) === 0) best.offer(row, values[place], 0, place, exactly);
    }
  });
  return { ...pass, rows: best.found(), settled: best.settled };
}
