/** Pools of any size, of rows that are made as they are asked for. */
import type { RowSource } from "../src/index.ts";
import { randomBits, randomUniform } from "../src/random.ts";

export const CLASSES = 10;
/** Rows whose classes are all as likely, evenly spread: the picks, should all be well. */
export const PLANTED = 1000;

/** Rows that lie in a table one behind the other. */
const BLOCK = 4096;
const TABLE = 2 ** 20;
const noise = (values: number, width: number): Float32Array =>
  Float32Array.from({ length: values }, (_, i) => width * (randomUniform(1, 2, i) - 0.5));
const table = noise(TABLE + BLOCK * CLASSES, 12);

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

export const DIMS = 64;
const CLOUDS = 900;

/** Embeddings, [rows, DIMS]: each row is in one of 900 clouds, some 24 apart and 5 wide. */
export function pointsOf(rows: number): RowSource {
  const centres = noise(CLOUDS * DIMS, 10);
  const around = noise(TABLE + DIMS, 4);
  return {
    name: "generated points",
    rows,
    cols: DIMS,
    read(start, count, into) {
      for (let i = 0, to = 0; i < count; i++) {
        const centre = (randomBits(5, 2, start + i) % CLOUDS) * DIMS;
        const from = randomBits(7, 2, start + i) % TABLE;
        for (let d = 0; d < DIMS; d++, to++) into[to] = centres[centre + d] + around[from + d];
      }
    },
  };
}
