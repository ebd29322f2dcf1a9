/** Which columns of a table are the values of a row: the same rules for every format that has columns. */
import { InputError } from "../errors.ts";

/** Rows that are read once, in order. */
export interface TableRows {
  /** Of each value of a row. */
  readonly names: string[];
  /** How the values are stored, for people. */
  readonly stored: string;
  /** Whole rows. */
  readonly chunks: AsyncIterable<Float32Array>;
}

export interface Column {
  readonly name: string;
  /** A number a row, a list of numbers a row, or what cannot be read as either. */
  readonly kind: "number" | "list" | "other";
  /** Of another: what it holds instead, in words. */
  readonly what?: string;
}

/**
 * Places of the columns to read: those named, in that order, or all with numbers but `row`, which counts them. A list
 * is read alone.
 */
export function chooseColumns(table: string, known: readonly Column[], columns?: readonly string[]): number[] {
  if (columns) return namedColumns(table, known, columns);
  const places = known.map((_, place) => place).filter((place) => known[place].name !== ROW);
  const numbers = places.filter((place) => known[place].kind === "number");
  const lists = places.filter((place) => known[place].kind === "list");
  if (lists.length === 0 && numbers.length > 0) return numbers;
  if (lists.length === 1 && numbers.length === 0) return lists;
  const listed = (some: readonly number[]) => quoted(some.map((place) => known[place].name));
  if (lists.length === 0) throw new InputError(`${table}: has no column of numbers to read; it has ${all(known)}`);
  const beside = numbers.length > 0 ? ` beside single numbers in ${listed(numbers)}` : "";
  throw new InputError(
    `${table}: has lists in ${listed(lists)}${beside}: name one list, or the columns of single numbers (option columns)`,
  );
}

/** The column that says which row a line is. */
export const ROW = "row";

function namedColumns(table: string, known: readonly Column[], columns: readonly string[]): number[] {
  if (columns.length === 0) throw new InputError(`${table}: no column is named; it has ${all(known)}`);
  return columns.map((name) => {
    const place = known.findIndex((column) => column.name === name);
    const said = shown(name);
    if (place < 0) throw new InputError(`${table}: there is no column ${said}; it has ${all(known)}`);
    if (known.findLastIndex((column) => column.name === name) !== place)
      throw new InputError(`${table}: column ${said} comes more than once; give each a name of its own`);
    const { kind, what = "no numbers" } = known[place];
    if (kind === "other") throw new InputError(`${table}: column ${said} holds ${what}; name others (option columns)`);
    if (kind === "list" && columns.length > 1)
      throw new InputError(`${table}: column ${said} holds lists: name it alone, or only columns of single numbers`);
    return place;
  });
}

/** Columns, and of those without numbers what they hold, where that is known. */
const all = (known: readonly Column[]): string =>
  joined(known.map(({ name, what }) => `${shown(name)}${what === undefined ? "" : ` (${what})`}`)) || "none";

export const quoted = (names: readonly string[]): string => joined(names.map(shown));

/** Words for a message, which stays one line that can be read. */
function joined(words: readonly string[]): string {
  const more = words.length > MOST_NAMES ? ` and ${words.length - MOST_NAMES} more` : "";
  return words.slice(0, MOST_NAMES).join(", ") + more;
}

const MOST_NAMES = 20;

/** A value for a message: what a file holds may be of any length. */
export function shown(value: unknown): string {
  const text = jsonOf(typeof value === "string" ? value.slice(0, LONGEST_SHOWN) : value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

const LONGEST_SHOWN = 80;

/** JSON of anything that came from a file, where there may be more lists within lists than there is stack for. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "lists within lists";
  }
}
