/** Pools of any size, of rows that are made as they are asked for. */
import type { RowSource } from "../src/index.ts";
import { randomBits, randomUniform } from "../src/random.ts";

export const CLASSES = 10;
/** Rows whose classes are all as likely, evenly spread: the picks, should all be well. */
export const PLANTED = 1000;

/** Rows that lie in the table one behind the other. */
const BLOCK = 4096;
const TABLE = 2 ** 20;
const table = Float32Array.from({ length: TABLE + BLOCK * CLASSES }, (_, i) => 12 * randomUniform(1, 2, i) - 6);

/** Logits, [rows, CLASSES]. A block of them is a stretch of a table, which one is drawn. */
export function sourceOf(rows: number): RowSource {
  return {
    name: "generated rows",
    rows,
    cols: CLASSES,
    read(start, count, into) {
      for (let row = start; row < start + count;) {
        const block = Math.floor(row / BLOCK);
        const end = Math.min(start + count, (block + 1) * BLOCK);
        const from = (randomBits(3, 2, block) % TABLE) + (row - block * BLOCK) * CLASSES;
        into.set(table.subarray(from, from + (end - row) * CLASSES), (row - start) * CLASSES);
        row = end;
      }
      for (let i = Math.ceil((start * PLANTED) / rows); i < PLANTED; i++) {
        const row = Math.floor((i * rows) / PLANTED);
        if (row >= start + count) break;
        if (row >= start) into.fill(1, (row - start) * CLASSES, (row - start + 1) * CLASSES);
      }
    },
  };
}
