/** Whether picks are right, by the definitions in float64 and by nothing of what the library does to be fast. */
import type { Batch, Pick } from "../../src/index.ts";
import { pickFault } from "../../src/bench/reference.ts";
import type { BatchCase } from "./cases.ts";
import type { BatchPool } from "./data.ts";
import { distanceFault, pointOf } from "./distances.ts";
import { gainFault } from "./gains.ts";
import { gradientOf, longestFault } from "./gradients.ts";

/** Picks of whoever made them. */
export interface BatchAnswer {
  readonly picks: readonly number[];
  /** What each was chosen by, the first picks' while later ones are estimates; none where they are not told. */
  readonly scores?: readonly number[];
  /** How far the farthest row is left. */
  readonly radius?: number;
  /** Of work that picks nothing. */
  readonly values?: ArrayLike<number>;
}

/** What float64 and float32 may round off, as a share. */
export const rounding = { float64: 1e-9, float32: 1e-3 };

/**
 * Judges batches: the first by what the rule promises, with the radius that another program found, and every later one, of
 * whatever backend, by the first.
 */
export function judgeOf(one: BatchCase, pool: BatchPool, radius?: number): (batch: Batch) => string | undefined {
  let right: readonly Pick[] | undefined;
  return ({ picks, radius: found }) => {
    if (right) return pickFault(picks, right);
    const exact = picks.filter(({ standardError }) => standardError === undefined);
    const answer = { picks: picks.map(({ row }) => row), scores: exact.map(({ score }) => score), radius: found };
    const fault = answerFault(one, pool, answer, rounding.float64) ?? radiusFault(found, radius);
    if (fault === undefined) right = picks;
    return fault;
  };
}

function radiusFault(found: number | undefined, radius: number | undefined): string | undefined {
  if (radius === undefined || Math.abs(found! - radius) <= rounding.float32 * radius) return undefined;
  return `the radius is ${found}, and NumPy has ${radius}`;
}

/** What is wrong with picks from the whole pool. */
export function answerFault(
  one: BatchCase,
  pool: BatchPool,
  { picks, scores = [] }: BatchAnswer,
  tolerance: number,
): string | undefined {
  const known = new Set(pool.labelled);
  const { size } = new Set(picks.filter((row) => !known.has(row)));
  if (size !== one.k) return `${size} rows picked, not ${one.k}`;
  if (one.rule === "batchbald") return gainFault(one, pool.logits, picks, scores, tolerance);
  if (one.rule === "badge") {
    const gradient = gradientOf(one, pool);
    return longestFault(one, pool, scores[0], tolerance) ?? distanceFault(gradient, [], picks, scores, tolerance);
  }
  // What hybrid picks by tells no distance.
  return one.rule === "k-center"
    ? distanceFault(pointOf(one, pool), pool.labelled, picks, scores, tolerance)
    : undefined;
}
