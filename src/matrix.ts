/**
 * Shapes and their checks: the one door through which data comes in. Past it, nothing is checked again.
 *
 * All matrices are row-major float32.
 */
import { InputError } from "./errors.ts";

/** Logits or probabilities, `[rows, classes]`. */
export interface Predictions {
  readonly data: Float32Array;
  readonly rows: number;
  readonly classes: number;
}

/** What a head reads or distances are measured on, `[rows, dims]`. */
export interface Features {
  readonly data: Float32Array;
  readonly rows: number;
  readonly dims: number;
}

/**
 * Rows that can be read again, a range at a time. An array, a file, and rows computed on demand all come as this, so
 * no kernel and no strategy knows where its data lives.
 */
export interface RowSource {
  /** What errors call it: a file's path, or "logits". */
  readonly name: string;
  readonly rows: number;
  /** Values a row: classes, dims, or 1 for scores. */
  readonly cols: number;
  /** Writes rows [start, start + count) into `into`, which holds exactly count · cols values. */
  read(start: number, count: number, into: Float32Array): void | Promise<void>;
  close?(): Promise<void>;
}

/**
 * From this magnitude on a feature or a weight is refused: products and squared norms must stay within float32 for
 * kernels and textbook to agree.
 */
export const FEATURE_LIMIT = 2 ** 50;

/** The values of a row source: what its columns mean. */
export type Kind = "logits" | "probabilities" | "features" | "scores";

/** A typed array as a row source. The array is read where it lies, never copied: leave it unchanged while in use. */
export function arraySource(name: string, data: Float32Array, rows: number, cols: number): RowSource {
  checkCount(name, "rows", rows);
  checkCount(name, "columns", cols);
  if (!(data instanceof Float32Array)) throw new InputError(`${name}: data must be a Float32Array`);
  if (data.length !== rows * cols) {
    throw new InputError(`${name}: ${rows} × ${cols} needs ${rows * cols} values, data has ${data.length}`);
  }
  return {
    name,
    rows,
    cols,
    read(start, count, into) {
      into.set(data.subarray(start * cols, (start + count) * cols));
    },
  };
}

/** Anything a pool may be loaded from as a row source; `sizes` is what its second size is called. */
export function sourceOf(
  name: string,
  given: Predictions | Features | Float32Array | RowSource,
  sizes: "classes" | "dims" | "scores",
): RowSource {
  if (given instanceof Float32Array) return arraySource(name, given, given.length, 1);
  if (given === null || typeof given !== "object")
    throw new InputError(`${name}: expected { data, rows, ${sizes} } or a row source`);
  if ("read" in given) {
    checkCount(given.name, "rows", given.rows);
    checkCount(given.name, "columns", given.cols);
    if (sizes === "scores" && given.cols !== 1)
      throw new InputError(`${given.name}: scores are one column, got ${given.cols}: keep the one to rank by`);
    return given;
  }
  return arraySource(name, given.data, given.rows, "classes" in given ? given.classes : given.dims);
}

function checkCount(name: string, what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new InputError(`${name}: ${what} must be a whole number of at least 1, got ${value}`);
}
