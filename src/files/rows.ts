/** Lists of row numbers: what is labelled already, or what an earlier selection picked. */
import { parse } from "csv-parse/sync";
import { InputError } from "../errors.ts";
import { quoted, shown } from "./columns.ts";
import { readText } from "./fileBytes.ts";
import { extensionOf } from "./extension.ts";
import { readIntegers } from "./npyFiles.ts";

export const rowFormats = [".npy", ".csv", ".jsonl", ".json"] as const;

/**
 * Row numbers, counted from 0, in the order of the file: .npy integers, a `row` column of .csv, numbers or `row` keys
 * of .jsonl, and an array of either, or a selection with its `picks`, of .json. The list may be empty.
 */
export async function readRows(path: string): Promise<Uint32Array> {
  return readers[extensionOf(path, rowFormats)](path, "row");
}

/**
 * Classes, a row after the other, in the same formats: of tables, the `label` column. Where a table has a `row` column,
 * too, it says whose each label is, in any order: each row from 0 on has one.
 */
export async function readLabels(path: string): Promise<Uint32Array> {
  const format = extensionOf(path, rowFormats);
  const labels = await readers[format](path, "label");
  const rows = format === ".npy" || !(await hasRows(path, format)) ? undefined : await readers[format](path, "row");
  if (!rows) return labels;
  const placed = new Uint32Array(labels.length);
  const seen = new Set<number>();
  rows.forEach((row, i) => {
    if (row >= rows.length || seen.has(row))
      throw new InputError(
        `${path}: row ${row} ${seen.has(row) ? "is there twice" : `is beyond the ${rows.length} labels`}: give each row from 0 on one label`,
      );
    seen.add(row);
    placed[row] = labels[i];
  });
  return placed;
}

/** Whether the first entry of a table says whose it is. */
async function hasRows(path: string, format: ".csv" | ".jsonl" | ".json"): Promise<boolean> {
  const text = await readText(path);
  if (format === ".csv") {
    const [header = []] = parse(text, { bom: true, trim: true, skip_empty_lines: true, to: 1 }) as string[][];
    return header.includes("row");
  }
  const first: unknown =
    format === ".jsonl"
      ? JSON.parse(text.split("\n").find((line) => line.trim() !== "") ?? "null")
      : firstOf(JSON.parse(text));
  return typeof first === "object" && first !== null && "row" in first;
}

function firstOf(content: unknown): unknown {
  return (Array.isArray(content) ? content : (content as { picks?: unknown[] } | null)?.picks)?.[0];
}

/** What a list is of, and what its column is called. */
type Name = "row" | "label";

const readers: Record<(typeof rowFormats)[number], (path: string, name: Name) => Promise<Uint32Array>> = {
  ".npy": async (path, name) =>
    Uint32Array.from(await readIntegers(path), (value, i) => wholeNumber(`${path}: index ${i}`, value, name)),
  ".csv": async (path, name) => fromCsv(path, await readText(path), name),
  ".jsonl": async (path, name) => fromJsonLines(path, await readText(path), name),
  ".json": async (path, name) => fromJson(path, await readText(path), name),
};

function fromCsv(path: string, text: string, name: Name): Uint32Array {
  let header: string[] = [];
  const columns = (names: string[]) => (header = names.map((column) => column.trim()));
  const records = refusing(path, () =>
    parse(text, { columns, bom: true, trim: true, skip_empty_lines: true, info: true }),
  ) as unknown as CsvRecord[];
  if (!header.includes(name))
    throw new InputError(`${path}: there is no "${name}" column; it has ${quoted(header) || "none"}`);
  return Uint32Array.from(records, ({ record, info }) => {
    const cell = record[name];
    return wholeNumber(`${path}: line ${info.lines}`, /^[+-]?\d+(\.\d*)?$/.test(cell) ? Number(cell) : cell, name);
  });
}

/** What csv-parse gives with `info`. */
interface CsvRecord {
  readonly record: Record<string, string>;
  readonly info: { readonly lines: number };
}

function fromJsonLines(path: string, text: string, name: Name): Uint32Array {
  const rows: number[] = [];
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    const where = `${path}: line ${i + 1}`;
    rows.push(
      wholeNumber(
        where,
        valueOf(
          refusing(where, () => JSON.parse(line)),
          name,
        ),
        name,
      ),
    );
  });
  return Uint32Array.from(rows);
}

function fromJson(path: string, text: string, name: Name): Uint32Array {
  const content: unknown = refusing(path, () => JSON.parse(text));
  const list = Array.isArray(content) ? content : (content as { picks?: unknown } | null)?.picks;
  if (!Array.isArray(list))
    throw new InputError(`${path}: holds neither an array of rows nor a selection with "picks"`);
  return Uint32Array.from(list, (item, i) => wholeNumber(`${path}: index ${i}`, valueOf(item, name), name));
}

function valueOf(item: unknown, name: Name): unknown {
  return typeof item === "object" && item !== null ? (item as Partial<Record<Name, unknown>>)[name] : item;
}

function wholeNumber(where: string, value: unknown, name: Name): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  const said = value === undefined ? `has no ${name}` : `holds ${shown(value)}`;
  throw new InputError(`${where} ${said}; a ${name} is a whole number from 0 on`);
}

/** Runs a parser whose complaints are about the file. */
function refusing<T>(where: string, parser: () => T): T {
  try {
    return parser();
  } catch (error) {
    throw new InputError(
      `${where}: ${(error as Error).message.replace(/\s+/g, " ").slice(0, 120)}; mend or write it again`,
    );
  }
}
