/** Lists of row numbers: what is labelled already, or what an earlier selection picked. */
import { parse } from "csv-parse/sync";
import { InputError } from "../errors.ts";
import { readText } from "./bytes.ts";
import { extensionOf } from "./extension.ts";
import { readIntegers } from "./npy.ts";

export const rowFormats = [".npy", ".csv", ".jsonl", ".json"] as const;

/**
 * Row numbers, counted from 0, in the order of the file: .npy integers, a `row` column of .csv, numbers or `row` keys
 * of .jsonl, and an array of either, or a selection with its `picks`, of .json. The list may be empty.
 */
export async function readRows(path: string): Promise<Uint32Array> {
  return readers[extensionOf(path, rowFormats)](path);
}

const readers: Record<(typeof rowFormats)[number], (path: string) => Promise<Uint32Array>> = {
  ".npy": async (path) => Uint32Array.from(await readIntegers(path), (row, i) => rowNumber(`${path}: index ${i}`, row)),
  ".csv": async (path) => csvRows(path, await readText(path)),
  ".jsonl": async (path) => jsonlRows(path, await readText(path)),
  ".json": async (path) => jsonRows(path, await readText(path)),
};

function csvRows(path: string, text: string): Uint32Array {
  let header: string[] = [];
  const columns = (names: string[]) => (header = names.map((name) => name.trim()));
  const records = refusing(path, () =>
    parse(text, { columns, bom: true, trim: true, skip_empty_lines: true, info: true }),
  ) as unknown as CsvRecord[];
  if (!header.includes("row"))
    throw new InputError(
      `${path}: there is no "row" column; it has ${header.map((name) => JSON.stringify(name)).join(", ") || "none"}`,
    );
  return Uint32Array.from(records, ({ record, info }) => {
    const number = /^[+-]?\d+(\.\d*)?$/.test(record.row) ? Number(record.row) : record.row;
    return rowNumber(`${path}: line ${info.lines}`, number);
  });
}

/** What csv-parse gives with `info`. */
interface CsvRecord {
  readonly record: Record<string, string>;
  readonly info: { readonly lines: number };
}

function jsonlRows(path: string, text: string): Uint32Array {
  const rows: number[] = [];
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    const where = `${path}: line ${i + 1}`;
    rows.push(rowNumber(where, rowOf(refusing(where, () => JSON.parse(line)))));
  });
  return Uint32Array.from(rows);
}

function jsonRows(path: string, text: string): Uint32Array {
  const content: unknown = refusing(path, () => JSON.parse(text));
  const list = Array.isArray(content) ? content : (content as { picks?: unknown } | null)?.picks;
  if (!Array.isArray(list))
    throw new InputError(`${path}: holds neither an array of rows nor a selection with "picks"`);
  return Uint32Array.from(list, (item, i) => rowNumber(`${path}: index ${i}`, rowOf(item)));
}

function rowOf(item: unknown): unknown {
  return typeof item === "object" && item !== null ? (item as { row?: unknown }).row : item;
}

function rowNumber(where: string, row: unknown): number {
  if (typeof row === "number" && Number.isInteger(row) && row >= 0 && row < 2 ** 32) return row;
  const said = row === undefined ? "has no row" : `holds ${JSON.stringify(row)}`;
  throw new InputError(`${where} ${said}; a row is a whole number from 0 on`);
}

/** Runs a parser whose complaints are about the file. */
function refusing<T>(where: string, parser: () => T): T {
  try {
    return parser();
  } catch (error) {
    throw new InputError(`${where}: ${(error as Error).message.replace(/\s+/g, " ")}; mend or write it again`);
  }
}
