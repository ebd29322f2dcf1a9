/** Clusters of rows with a class each, for loops to learn. */
import type { Features } from "../../src/index.ts";
import { bell } from "./pools.ts";

export interface Blobs {
  readonly features: Features;
  /** Class of each row. */
  readonly labels: Uint32Array;
}

/** Rows take their class in turn; the centres of classes are `apart` from each other, and rows spread by 1 around them. */
export function makeBlobs(seed: number, rows: number, classes: number, dims: number, apart: number): Blobs {
  const around = bell(seed, 1);
  const labels = Uint32Array.from({ length: rows }, (_, row) => row % classes);
  const data = Float32Array.from({ length: rows * dims }, (_, at) => {
    const [row, d] = [Math.floor(at / dims), at % dims];
    return around(row, d) + (d % classes === labels[row] ? apart : 0);
  });
  return { features: { data, rows, dims }, labels };
}
