/** What lies behind the points: which class a model would say everywhere, coarse, and drawn without corners. */
import type { Pixels } from "./pixels.ts";

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
  const { columns, rows } = regions;
  const cells = cellColours(regions, ground, palette);
  const line = new Float32Array(3 * columns); // cells at the height of a line of pixels
  for (let y = 0; y < height; y++) {
    const [below, above, up] = between(((height - y - 0.5) / height) * rows, rows);
    for (let i = 0; i < line.length; i++) {
      const low = cells[below * line.length + i];
      line[i] = low + (cells[above * line.length + i] - low) * up;
    }
    for (let x = 0; x < width; x++) {
      // As `between`, without an array for every pixel.
      const place = Math.min(columns - 1, Math.max(0, ((x + 0.5) / width) * columns - 0.5));
      const first = 3 * Math.floor(place);
      const second = Math.min(first + 3, line.length - 3);
      const part = place - Math.floor(place);
      const red = line[first] + (line[second] - line[first]) * part;
      const green = line[first + 1] + (line[second + 1] - line[first + 1]) * part;
      const blue = line[first + 2] + (line[second + 2] - line[first + 2]) * part;
      data[y * width + x] = 0xff000000 | (blue << 16) | (green << 8) | red;
    }
  }
}

/** [rows, columns, 3]: red, green and blue from 0 to 255. */
function cellColours({ columns, rows, classes, sureness }: Regions, ground: number, palette: readonly number[]) {
  const colours = new Float32Array(3 * columns * rows);
  for (let cell = 0; cell < columns * rows; cell++) {
    const colour = palette[classes[cell] % palette.length];
    const share = STRONGEST * (sureness?.[cell] ?? 1);
    for (let channel = 0; channel < 3; channel++) {
      const under = (ground >>> (8 * channel)) & 255;
      colours[3 * cell + channel] = under + (((colour >>> (8 * channel)) & 255) - under) * share;
    }
  }
  return colours;
}

/** The cells whose middles are before and after a place, in cells from the first edge, and how far it is between them. */
function between(place: number, cells: number): readonly [before: number, after: number, part: number] {
  const clamped = Math.min(cells - 1, Math.max(0, place - 0.5));
  const before = Math.floor(clamped);
  return [before, Math.min(before + 1, cells - 1), clamped - before];
}
