/** Picks by distance as their definitions read: every distance at every pick. */
import type { BatchName, Engine } from "../../src/index.ts";
import { shrunk, type BatchCase } from "./cases.ts";
import { firstRows, poolData, type BatchPool } from "./data.ts";

/** A pool that this takes no time on. */
const SMALL = { rows: 2000, k: 50 };

/** The score of a pick is its distance to the nearest centre before it. The first score is the longest there is. */
export function distanceFault(
  point: Point,
  labelled: Iterable<number>,
  picks: readonly number[],
  scores: readonly number[],
  tolerance: number,
): string | undefined {
  const centres = Array.from(labelled, point);
  for (let i = 0; i < scores.length; i++) {
    const own = point(picks[i]);
    const nearest = centres.reduce((least, centre) => Math.min(least, squaredBetween(own, centre)), Infinity);
    centres.push(own);
    if (nearest < Infinity && !(Math.abs(scores[i] ** 2 - nearest) <= tolerance * scores[0] ** 2))
      return `pick ${i}, row ${picks[i]}, is at ${Math.sqrt(nearest)} and not ${scores[i]}`;
  }
  return undefined;
}

/** What is wrong with what an engine picks by distance from the first rows of a pool, alone. */
export async function smallFault(engine: Engine, one: BatchCase, pool: BatchPool): Promise<string | undefined> {
  if (one.classes) return undefined;
  const few = shrunk(one, SMALL.rows);
  const small = { ...few, k: Math.min(few.k, SMALL.k) };
  const data = firstRows(small, pool);
  using loaded = await engine.load(poolData(small, data));
  const { picks } = await loaded.select(one.rule as BatchName, { k: small.k, labelled: data.labelled });
  const right = greedyPicks(small, data);
  const at = right.findIndex((row, i) => picks[i].row !== row);
  return at < 0
    ? undefined
    : `of the first ${small.rows} rows, pick ${at} is row ${picks[at].row} where ${right[at]} is right`;
}

/** Gonzalez, or the sum of score and distance, each scaled over the free rows: every distance at every pick. */
function greedyPicks(one: BatchCase, pool: BatchPool): number[] {
  const { rule, rows, k } = one;
  const { scores, labelled } = pool;
  const known = new Set(labelled);
  const free = Array.from({ length: rows }, (_, row) => row).filter((row) => !known.has(row));
  const point = pointOf(one, pool);
  const points = free.map(point);
  const squared = new Float64Array(free.length).fill(Infinity);
  const approach = (centre: Float64Array): void =>
    points.forEach((each, i) => (squared[i] = Math.min(squared[i], squaredBetween(each, centre))));
  for (const row of labelled) approach(point(row));
  const uncertain = scaled(Float64Array.from(free, (row) => scores[row]));
  const picked = new Set<number>();
  while (picked.size < k) {
    const far = rule === "hybrid" ? scaled(squared.map(Math.sqrt)) : squared;
    let best = -1;
    let most = -Infinity;
    for (let i = 0; i < free.length; i++) {
      const worth = rule === "hybrid" ? (uncertain[i] + far[i]) / 2 : far[i];
      if (picked.has(i) || worth <= most) continue;
      best = i;
      most = worth;
    }
    picked.add(best);
    approach(points[best]);
  }
  return Array.from(picked, (i) => free[i]);
}

function scaled(values: Float64Array): Float64Array {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  return values.map((value) => (value - low) / (high - low + 1e-10));
}

type Point = (row: number) => Float64Array;

export const pointOf =
  ({ dims }: BatchCase, { embeddings }: BatchPool): Point =>
  (row) =>
    Float64Array.from(embeddings.subarray(row * dims, (row + 1) * dims));

export function squaredBetween(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}
