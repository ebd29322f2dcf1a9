/** Rows of numbers that can be had one at a time, at once: all in memory, or paged in as they are asked for. */
import type { DirectRows } from "./matrix.ts";

export interface Vectors {
  readonly rows: number;
  readonly dims: number;
  readonly data: Float32Array;
  /** Where the values of a row begin in `data`. Asked for another row, they may be gone. */
  at(row: number): number;
}

export const pointStorages = ["float32", "float16", "int8"] as const;
/**
 * How embeddings are kept on a device: as they are; in 2 bytes a value, which moves each by 2⁻¹¹ of itself at most, and
 * where it is below 2⁻¹⁴, to 0; or in one, which moves it by 1/254 of the largest of its row. Picks are the same: what the
 * moves leave open is settled on the float32 rows. Embeddings beyond ±65504 do not fit float16.
 */
export type PointStorage = (typeof pointStorages)[number];

export interface Points extends Vectors {
  /** Rows that are no points, ascending. */
  readonly invalid: Uint32Array;
}

/** Vectors [rows, dims] that lie in memory, which is not copied. */
export function vectorsIn(data: Float32Array, dims: number): Vectors {
  return { rows: data.length / dims, dims, data, at: (row) => row * dims };
}

/** Bytes read at a time: as long as the call itself takes (some 1.5 µs), where one row of them is wanted. */
const PAGE_BYTES = 2 ** 12;

/**
 * Vectors [rows, dims] of which no more than so many bytes are in memory, or one page. A page has one place there (direct
 * mapping), so that finding it costs a division.
 */
export function pagedVectors(direct: DirectRows, rows: number, dims: number, bytes: number): Vectors {
  const pageRows = Math.max(1, Math.floor(PAGE_BYTES / 4 / dims));
  const pages = Math.ceil(rows / pageRows);
  const places = Math.min(pages, Math.max(1, Math.floor(bytes / 4 / dims / pageRows)));
  const data = new Float32Array(places * pageRows * dims);
  /** [places]: 1 + the page that is there. */
  const held = new Uint32Array(places);
  return {
    rows,
    dims,
    data,
    at(row) {
      const page = Math.floor(row / pageRows);
      const place = page % places;
      const first = page * pageRows;
      const to = place * pageRows * dims;
      if (held[place] !== page + 1) {
        const count = Math.min(pageRows, rows - first);
        held[place] = 0;
        direct.read(first, count, data.subarray(to, to + count * dims));
        held[place] = page + 1;
      }
      return to + (row - first) * dims;
    },
  };
}
