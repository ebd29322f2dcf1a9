/** What a model says of the whole plane: the class it would give each cell, and how sure it is. */
import { beliefs, type Features, type Round } from "poolwise";
import type { Extent } from "../parts/scatter/extent.ts";
import type { Regions } from "../parts/scatter/regions.ts";

/** Cells in the shape of the extent, 4 : 3. */
const COLUMNS = 96;
const ROWS = 72;

export async function regionsOf(fitted: NonNullable<Round["fitted"]>, extent: Extent): Promise<Regions> {
  const { data, columns } = await beliefs(fitted, middlesOf(extent));
  const cells = COLUMNS * ROWS;
  const classes = new Uint8Array(cells);
  const sureness = new Float32Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    const p = data.subarray(cell * columns, (cell + 1) * columns);
    classes[cell] = p.reduce((best, value, at) => (value > p[best] ? at : best), 0);
    sureness[cell] = surenessOf(p[classes[cell]], columns);
  }
  return { columns: COLUMNS, rows: ROWS, classes, sureness };
}

/** From a third, where all classes are equally likely, so that the class can be told there, too, to 1. */
const surenessOf = (likeliest: number, classes: number): number =>
  1 / 3 + ((2 / 3) * Math.max(0, likeliest - 1 / classes)) / (1 - 1 / classes);

function middlesOf({ left, right, bottom, top }: Extent): Features {
  const data = new Float32Array(2 * COLUMNS * ROWS);
  for (let cell = 0; cell < COLUMNS * ROWS; cell++) {
    data[2 * cell] = left + (((cell % COLUMNS) + 0.5) / COLUMNS) * (right - left);
    data[2 * cell + 1] = bottom + ((Math.floor(cell / COLUMNS) + 0.5) / ROWS) * (top - bottom);
  }
  return { data, rows: COLUMNS * ROWS, dims: 2 };
}
