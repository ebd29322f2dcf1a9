/** What the gallery's scatter plot shows, for the page that draws it and the test that knows what it has to be. */
import type { Mark } from "../../../demo/page/parts/scatter/marks.ts";
import type { Regions } from "../../../demo/page/parts/scatter/regions.ts";

const CLASSES = 3;

/** Rows take their class in turn; classes are discs of radius 1 beside each other, 3 apart. */
export function discs(rows: number): { points: Float32Array; classes: Uint8Array } {
  const points = new Float32Array(2 * rows);
  const classes = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    classes[row] = row % CLASSES;
    const angle = row * 2.399963; // the golden angle: even, and no two alike
    const radius = Math.sqrt((row + 0.5) / rows);
    points[2 * row] = 3 * classes[row] + radius * Math.cos(angle);
    points[2 * row + 1] = radius * Math.sin(angle);
  }
  return { points, classes };
}

/** Three stripes, surer towards the bottom. */
export function stripes(): Regions {
  const [columns, rows] = [30, 12];
  const cells = Array.from({ length: columns * rows }, (_, cell) => cell);
  return {
    columns,
    rows,
    classes: Uint8Array.from(cells, (cell) => ((cell % columns) * CLASSES) / columns),
    sureness: Float32Array.from(cells, (cell) => 1 - Math.floor(cell / columns) / rows),
  };
}

export const marks: readonly Mark[] = [
  { row: 30, kind: "labelled" },
  { row: 31, kind: "labelled" },
  { row: 3002, kind: "pick" },
  { row: 6000, kind: "next", text: "1" },
];
