/**
 * The model whose predictions are ranked: a committee, each member of which weighs the labels that it knows by how near
 * they are. A member knows a resample of the labelled rows, drawn with replacement; where members know different labels
 * they disagree, and far from all labels none of them is sure.
 */
import type { Draws } from "./draws.ts";

export const MEMBERS = 8;

/** Within about this distance labels count as near, in units of the plane. */
const NEAR = 0.5;
/** The logit of a class that has all the weight: 6 makes a member 99.5% sure. */
const SUREST = 6;

export interface Committee {
  readonly classes: number;
  /** Of each labelled row: x, y and class. */
  readonly known: readonly { readonly x: number; readonly y: number; readonly label: number }[];
  /** How often each member drew each labelled row, [members, known]. */
  readonly counts: Uint8Array;
}

export function committeeOf(known: Committee["known"], classes: number, { below }: Draws): Committee {
  const counts = new Uint8Array(MEMBERS * known.length);
  for (let member = 0; member < MEMBERS; member++)
    for (let drawn = 0; drawn < known.length; drawn++) counts[member * known.length + below(known.length)]++;
  return { classes, known, counts };
}

/** What the members say of points [first, end), written into `logits`, [members, rows, classes]. */
export function predict(
  { classes, known, counts }: Committee,
  points: Float32Array,
  [first, end]: readonly [number, number],
  logits: Float32Array,
): void {
  const rows = points.length / 2;
  const closeness = new Float64Array(known.length);
  const votes = new Float64Array(classes);
  for (let row = first; row < end; row++) {
    for (const [i, { x, y }] of known.entries()) {
      const squared = (points[2 * row] - x) ** 2 + (points[2 * row + 1] - y) ** 2;
      closeness[i] = 1 / (NEAR * NEAR + squared) ** 2;
    }
    for (let member = 0; member < MEMBERS; member++) {
      votes.fill(0);
      let all = 0;
      for (const [i, { label }] of known.entries()) {
        const weight = counts[member * known.length + i] * closeness[i];
        votes[label] += weight;
        all += weight;
      }
      for (let c = 0; c < classes; c++) logits[(member * rows + row) * classes + c] = (SUREST * votes[c]) / all;
    }
  }
}
