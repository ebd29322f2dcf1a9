/** What a batch is worth, in numbers that mean the same for every rule. */
import type { Pool } from "poolwise";
import { percent } from "../parts/Readings.tsx";
import type { Scene } from "./scene.ts";

export interface Measures {
  /** Share of picks with another pick within `CLOSE`. */
  readonly redundancy: number;
  /** From the row that is farthest from all labelled rows and picks to the nearest of them. */
  readonly radius: number;
  /** Of the picks, by the strategy that is set, whatever the rule went by. */
  readonly meanScore: number;
  readonly milliseconds: number;
}

/** What each is called, and how it is written. */
export const measureLooks: Readonly<Record<keyof Measures, { label: string; format: (value: number) => string }>> = {
  redundancy: { label: "redundancy", format: percent },
  radius: { label: "covering radius", format: (value) => value.toFixed(2) },
  meanScore: { label: "mean score", format: (value) => value.toFixed(3) },
  milliseconds: { label: "time", format: (value) => `${Math.max(1, Math.round(value)).toLocaleString("en")} ms` },
};

export const measureNames = Object.keys(measureLooks) as (keyof Measures)[];

/** In units of the plane, which is about 10 wide: rings of two such picks overlap, and they are nearly one question. */
export const CLOSE = 0.2;

/** Euclidean, in float64. */
export function distance(points: Float32Array, a: number, b: number): number {
  return Math.sqrt((points[2 * a] - points[2 * b]) ** 2 + (points[2 * a + 1] - points[2 * b + 1]) ** 2);
}

export function redundancyOf(points: Float32Array, picks: readonly number[]): number {
  const redundant = picks.filter((row) =>
    picks.some((other) => other !== row && distance(points, row, other) <= CLOSE),
  );
  return redundant.length / picks.length;
}

export const meanOf = (scores: Float32Array, picks: readonly number[]): number =>
  picks.reduce((sum, row) => sum + scores[row], 0) / picks.length;

/** One more pick of k-center would be the row that is farthest from all of these: how far it is says how far any is. */
export async function radiusOf(pool: Pool, { labelled }: Scene, picks: readonly number[], signal: AbortSignal) {
  const { picks: farthest } = await pool.select("k-center", { k: 1, labelled: [...labelled, ...picks], signal });
  return farthest[0].score;
}
