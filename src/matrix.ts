/**
 * Shapes and their checks: the one door through which data comes in. Past it, nothing is checked again.
 *
 * All matrices are row-major float32.
 */
import { InputError } from "./errors.ts";

/** Logits or probabilities, `[passes, rows, classes]`: a pass a member of a committee, one for a plain model. */
export interface Predictions {
  readonly data: Float32Array;
  /** Default 1. */
  readonly passes?: number;
  readonly rows: number;
  readonly classes: number;
}

/** What a head reads or distances are measured on, `[rows, dims]`. */
export interface Features {
  readonly data: Float32Array;
  readonly rows: number;
  readonly dims: number;
}

/** The values of rows in fewer bytes than float32, which holds each of them exactly. */
export interface PackedRows {
  /** `float16`: IEEE's binary16, little-endian. `int8`: two's complement. */
  readonly type: "float16" | "int8";
  /** Writes rows [start, start + count) of every pass into `into`, which is exactly the bytes of [passes, count, cols]. */
  read(start: number, count: number, into: Uint8Array): void | Promise<void>;
}

/** Bytes a packed value. */
export const packedBytes: Record<PackedRows["type"], number> = { float16: 2, int8: 1 };

/**
 * Rows that can be read again, a range at a time. An array, a file, and rows computed on demand all come as this, so
 * no kernel and no strategy knows where its data lives.
 *
 * Work that goes over all rows asks for them in order, one range after the other: the next when the last has come back,
 * though what came is still being computed on. Two such works at the same time ask independently of each other.
 */
export interface RowSource {
  /** What errors call it: a file's path, or "logits". */
  readonly name: string;
  readonly rows: number;
  /** Values a row and pass: classes, dims, or 1 for scores. */
  readonly cols: number;
  /** Default 1. */
  readonly passes?: number;
  /** What errors call each pass, where passes come from several sources. */
  readonly passNames?: readonly string[];
  /** All values, [passes, rows, cols], where they are in memory anyway. */
  readonly data?: Float32Array;
  /** How a file has the values, for people: "float32", "text", … */
  readonly stored?: string;
  /** The same values in fewer bytes, where they are stored so: a device is given these, and makes float32 of them. */
  readonly packed?: PackedRows;
  /** Writes rows [start, start + count) of every pass into `into`, which is exactly [passes, count, cols]. */
  read(start: number, count: number, into: Float32Array): void | Promise<void>;
  /**
   * Opens the same rows to be read without waiting, where that can be. Some have to be copied to a file for it, which the
   * signal ends with its reason.
   */
  direct?(signal?: AbortSignal): Promise<DirectRows>;
  /** Where a row lies, where rows come from several files. */
  origin?(row: number): Origin;
  close?(): Promise<void>;
}

/** A file, and a row of it. */
export interface Origin {
  readonly file: string;
  readonly fileRow: number;
}

/** Rows of one pass that are there at once, for work that asks for single ones in no order. */
export interface DirectRows {
  /** Writes rows [start, start + count) into `into`, which is exactly [count, cols]. */
  read(start: number, count: number, into: Float32Array): void;
  close(): Promise<void>;
}

/** Predictions, or those of each member of a committee: rows and classes alike. */
export type Members = Predictions | RowSource | readonly (Predictions | RowSource)[];

/**
 * From this magnitude on a feature or a weight is refused: products and squared norms must stay within float32 for
 * kernels and textbook to agree.
 */
export const FEATURE_LIMIT = 2 ** 50;

/** The values of a row source: what its columns mean. */
export type Kind = "logits" | "probabilities" | "features" | "scores" | "embeddings";

/** A typed array as a row source. The array is read where it lies, never copied: leave it unchanged while in use. */
export function arraySource(name: string, data: Float32Array, rows: number, cols: number, passes = 1): RowSource {
  checkCount(name, "rows", rows);
  checkCount(name, "columns", cols);
  checkCount(name, "passes", passes);
  if (!(data instanceof Float32Array)) throw new InputError(`${name}: data must be a Float32Array`);
  if (data.length !== passes * rows * cols) {
    const shape = `${passes > 1 ? `${passes} passes × ` : ""}${rows} × ${cols}`;
    throw new InputError(`${name}: ${shape} needs ${passes * rows * cols} values, data has ${data.length}`);
  }
  return {
    name,
    rows,
    cols,
    passes,
    data,
    read(start, count, into) {
      for (let pass = 0; pass < passes; pass++) {
        const first = (pass * rows + start) * cols;
        into.set(data.subarray(first, first + count * cols), pass * count * cols);
      }
    },
  };
}

/** Passes of a row source. */
export const passesOf = ({ passes = 1 }: RowSource): number => passes;

/** What errors call a pass: its source, and its number where that has several. */
export function passName(source: RowSource, pass: number): string {
  return source.passNames?.[pass] ?? (passesOf(source) > 1 ? `${source.name}: pass ${pass}` : source.name);
}

/** What errors call a row: by its file, where there are several. */
export function rowName(source: RowSource, row: number, pass = 0): string {
  const origin = source.origin?.(row);
  if (!origin) return `${passName(source, pass)}: row ${row}`;
  return `${origin.file}: row ${origin.fileRow} (row ${row} of the pool)`;
}

/** Members of a committee, each with its own source, as the passes of one. */
export function memberSource(members: readonly RowSource[]): RowSource {
  const [first] = members;
  if (members.length === 1) return first;
  const { rows, cols } = first;
  for (const member of members) {
    if (member.rows === rows && member.cols === cols) continue;
    throw new InputError(
      `${member.name}: ${member.rows} × ${member.cols} beside ${first.name} with ${rows} × ${cols}: members must agree on rows and classes`,
    );
  }
  const passes = members.reduce((sum, member) => sum + passesOf(member), 0);
  const readMembers = async <T extends Values<T>>(
    readers: readonly RowReader<T>[],
    start: number,
    count: number,
    into: T,
  ): Promise<void> => {
    const width = into.length / passes;
    let pass = 0;
    for (const [i, member] of members.entries()) {
      const end = pass + passesOf(member);
      await readers[i].read(start, count, into.subarray(pass * width, end * width));
      pass = end;
    }
  };
  const packed = packedOf(members);
  return {
    name: `${first.name} and ${members.length - 1} more`,
    rows,
    cols,
    passes,
    stored: storedOf(members),
    passNames: members.flatMap((member) =>
      Array.from({ length: passesOf(member) }, (_, pass) => passName(member, pass)),
    ),
    packed: packed && {
      type: packed[0].type,
      read: (start, count, into) => readMembers(packed, start, count, into),
    },
    read: (start, count, into) => readMembers(members, start, count, into),
    async close() {
      await Promise.all(members.map((member) => member.close?.()));
    },
  };
}

/** What reads rows as float32, or as packed bytes. */
export interface RowReader<T> {
  read(start: number, count: number, into: T): void | Promise<void>;
}

/** A typed array, in as much as rows are put into it. */
export interface Values<T> {
  readonly length: number;
  subarray(begin: number, end: number): T;
  set(values: T, at: number): void;
}

/** What these sources have packed, in their order, where all of them have the same. */
export function packedOf(sources: readonly RowSource[]): PackedRows[] | undefined {
  const all = sources.flatMap(({ packed }) => packed ?? []);
  return all.length === sources.length && all.every(({ type }) => type === all[0].type) ? all : undefined;
}

/** How these are stored: "float32", or "float32, text". */
export function storedOf(sources: readonly RowSource[]): string | undefined {
  return [...new Set(sources.flatMap(({ stored }) => stored ?? []))].join(", ") || undefined;
}

/** Some rows of features, in the order given. */
export function takeRows({ data, dims }: Features, rows: ArrayLike<number>): Features {
  const taken = new Float32Array(rows.length * dims);
  for (let i = 0; i < rows.length; i++) taken.set(data.subarray(rows[i] * dims, (rows[i] + 1) * dims), i * dims);
  return { data: taken, rows: rows.length, dims };
}

type Given = Predictions | Features | Float32Array | RowSource;

/** Anything a pool may be loaded from as a row source; `sizes` is what its last size is called. */
export function sourceOf(
  name: string,
  given: Given | readonly Given[],
  sizes: "classes" | "dims" | "scores",
): RowSource {
  if (Array.isArray(given)) {
    if (sizes !== "classes") throw new InputError(`${name}: give one, not a list: only predictions have members`);
    if (given.length === 0) throw new InputError(`${name}: a committee needs members`);
    return memberSource(given.map((member: Given, i) => oneSource(`${name}[${i}]`, member, sizes)));
  }
  return oneSource(name, given as Given, sizes);
}

function oneSource(name: string, given: Given, sizes: "classes" | "dims" | "scores"): RowSource {
  if (given instanceof Float32Array) return arraySource(name, given, given.length, 1);
  if (given === null || typeof given !== "object")
    throw new InputError(`${name}: expected { data, rows, ${sizes} } or a row source`);
  if ("read" in given) {
    checkCount(given.name, "rows", given.rows);
    checkCount(given.name, "columns", given.cols);
    checkCount(given.name, "passes", passesOf(given));
    const values = passesOf(given) * given.rows * given.cols;
    if (given.data && given.data.length !== values)
      throw new InputError(
        `${given.name}: ${values} values are [passes, rows, cols], data has ${given.data.length}: leave data out`,
      );
    if (given.packed && !Object.hasOwn(packedBytes, given.packed.type))
      throw new InputError(
        `${given.name}: packed values are ${Object.keys(packedBytes).join(" or ")}, got ${given.packed.type}: leave packed out`,
      );
    if (sizes === "scores" && given.cols !== 1)
      throw new InputError(`${given.name}: scores are one column, got ${given.cols}: keep the one to rank by`);
    if (sizes !== "classes" && passesOf(given) !== 1)
      throw new InputError(`${given.name}: ${passesOf(given)} passes; only predictions have more than one`);
    return given;
  }
  return "classes" in given
    ? arraySource(name, given.data, given.rows, given.classes, given.passes)
    : arraySource(name, given.data, given.rows, given.dims);
}

function checkCount(name: string, what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new InputError(`${name}: ${what} must be a whole number of at least 1, got ${value}`);
}
