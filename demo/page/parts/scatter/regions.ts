/** What lies behind the points: which class a model would say everywhere, coarse, and drawn without corners. */
import { blend, type Pixels } from "./pixels.ts";

export interface Regions {
  /** The extent is cut into columns × rows cells of one size; cell 0 is at the left of the bottom, the next to its right. */
  readonly columns: number;
  readonly rows: number;
  /** Class of each cell. */
  readonly classes: Uint8Array;
  /** How sure of it, 0 to 1, and so how strong its colour is. Default 1 everywhere. */
  readonly sureness?: Float32Array;
}

/** Part of its colour that a cell has at most: points of the same class are still to be seen on it. */
const STRONGEST = 0.34;

/** Fills all pixels: cells give the colours at their middles, pixels between those are mixed. */
export function drawRegions(pixels: Pixels, regions: Regions, ground: number, palette: readonly number[]): void {
  const { data, width, height } = pixels;
  const { columns, rows, classes, sureness } = regions;
  const cells = Uint32Array.from(classes, (label, cell) =>
    blend(ground, palette[label % palette.length], Math.round(256 * STRONGEST * (sureness?.[cell] ?? 1))),
  );
  const across = Array.from({ length: width }, (_, x) => between((x + 0.5) / width, columns));
  const befores = Int32Array.from(across, ({ before }) => before);
  const weights = Int32Array.from(across, ({ weight }) => weight);
  const line = new Uint32Array(columns + 1); // cells at the height of a line of pixels, and the last once more
  for (let y = 0; y < height; y++) {
    const { before, weight } = between((height - y - 0.5) / height, rows);
    const below = before * columns;
    const above = Math.min(before + 1, rows - 1) * columns;
    for (let column = 0; column < columns; column++)
      line[column] = blend(cells[below + column], cells[above + column], weight);
    line[columns] = line[columns - 1];
    for (let x = 0; x < width; x++) data[y * width + x] = blend(line[befores[x]], line[befores[x] + 1], weights[x]);
  }
}

/** A place, 0 to 1 over `cells` of them: after the middle of which it is, and how much of 256 of the way to the next. */
function between(place: number, cells: number): { before: number; weight: number } {
  const at = Math.min(cells - 1, Math.max(0, place * cells - 0.5));
  const before = Math.floor(at);
  return { before, weight: Math.round(256 * (at - before)) };
}
