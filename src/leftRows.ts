/** Rows that are left to pick: those without a label, and what to say where they are too few. */
import { InputError } from "./errors.ts";

/** Labelled rows of a pool: a bit a row, 32 a word, and ascending; a row named twice counts once. */
export interface LabelledRows {
  readonly taken: Uint32Array;
  readonly labelled: Uint32Array;
}

/** @throws InputError where one is not in the pool */
export function labelledRows(given: Iterable<number>, rows: number): LabelledRows {
  const taken = new Uint32Array(Math.ceil(rows / 32));
  const labelled: number[] = [];
  if (typeof given !== "object" || !(Symbol.iterator in given)) throw new InputError("labelled must be a list of rows");
  for (const row of given) {
    if (!Number.isInteger(row) || row < 0 || row >= rows)
      throw new InputError(`labelled row ${row} is not in the pool: rows are 0 to ${rows - 1}`);
    const bit = 1 << (row & 31);
    if (taken[row >>> 5] & bit) continue;
    taken[row >>> 5] |= bit;
    labelled.push(row);
  }
  return { taken, labelled: Uint32Array.from(labelled).sort() };
}

/** Of so many rows in the pool, `left` are neither labelled nor invalid, and k are more. */
export function tooFew(k: number, left: number, rows: number, labelled: number, invalid: number): InputError {
  if (left === 0) {
    const all = labelled === 0 ? "invalid" : invalid === 0 ? "labelled" : "labelled or invalid";
    return new InputError(`nothing is left to pick: all ${rows} rows are ${all}`);
  }
  const without = [labelled && `${labelled} labelled`, invalid && `${invalid} invalid`].filter(Boolean).join(" and ");
  return new InputError(
    `k = ${k} is more than the ${left} rows left of ${rows}${without && ` (${without})`}: ask for at most ${left}`,
  );
}
