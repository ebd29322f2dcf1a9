/**
 * Tables of numbers as comma-separated text.
 *
 * Cut into records here, not by csv-parse: where a block of bytes may be cut takes knowing what is quoted anyway, its
 * synchronous parser needs Node's Buffer, and it takes five times as long. Tests hold this one to it.
 */
import { InputError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";
import { chooseColumns, ROW, shown, type TableRows } from "./columns.ts";
import { BLOCK, checkWidth, chunkRows, linesEnd, NEWLINE, type TextBlock, textBlocks } from "./textBlocks.ts";

/**
 * Rows of a .csv file, read as they are asked for: all columns but `row`, or an unnamed first one, or those named.
 *
 * A first line with a cell that is no number names the columns; without one they are "0", "1" and so on. Missing values
 * are NaN. The bytes stay open.
 *
 * @param block bytes read at a time
 */
export async function csvRows(bytes: Bytes, columns?: readonly string[], block = BLOCK): Promise<TableRows> {
  const { name } = bytes;
  const first = await firstRecord(bytes, block);
  const width = first.cells.length;
  checkWidth(name, width);
  const isHeader = isNames(first.cells);
  const names = first.cells.map((cell, place) => (isHeader ? nameOf(cell, place) : String(place)));
  const places = chooseColumns(
    name,
    names.map((column) => ({ name: column, kind: "number" })),
    columns,
  );

  async function* chunks(): AsyncGenerator<Float32Array> {
    for await (const part of textBlocks(bytes, block, recordsEnd)) {
      let values = new Float32Array(0);
      let filled = 0;
      for (const { cells, line } of recordsOf(name, part)) {
        if (cells.length !== width)
          throw new InputError(
            `${name}: line ${line} has ${cells.length} cells, line ${first.line} has ${width}; give every row as many`,
          );
        if (isHeader && line === first.line) continue;
        if (filled === values.length) {
          if (filled > 0) yield values;
          values = new Float32Array(chunkRows(part, places.length) * places.length);
          filled = 0;
        }
        for (const place of places) {
          const value = numberOf(cells[place]);
          if (value === undefined)
            throw new InputError(
              `${name}: line ${line}, column ${shown(names[place])} holds ${shown(cells[place].trim())}: no number; name the numeric columns (option columns)`,
            );
          values[filled++] = value;
        }
      }
      if (filled > 0) yield values.subarray(0, filled);
    }
  }
  return { names: places.map((place) => names[place]), stored: "text", chunks: chunks() };
}

/** The cells of a line, or of several where a quoted cell goes on. */
interface CsvRecord {
  readonly cells: string[];
  /** Number of its first line. */
  readonly line: number;
}

async function firstRecord(bytes: Bytes, block: number): Promise<CsvRecord> {
  for await (const part of textBlocks(bytes, block, recordsEnd)) {
    for (const record of recordsOf(bytes.name, part)) return record;
  }
  throw new InputError(`${bytes.name}: has no rows`);
}

function isNames(cells: readonly string[]): boolean {
  if (cells.some((cell) => numberOf(cell) === undefined)) return true;
  // What pandas writes over an index and columns that have no names.
  return cells.length > 1 && cells.every((cell, place) => cell.trim() === (place === 0 ? "" : String(place - 1)));
}

/** An unnamed first column is pandas' index. */
const nameOf = (cell: string, place: number): string => cell.trim() || (place === 0 ? ROW : "");

const QUOTE = 34;

/** Where the last record ends: at a newline with an even number of quotes before it. */
function recordsEnd(held: Uint8Array): number {
  if (!held.includes(QUOTE)) return linesEnd(held);
  let end = 0;
  let isQuoted = false;
  for (let i = 0; i < held.length; i++) {
    if (held[i] === QUOTE) isQuoted = !isQuoted;
    else if (held[i] === NEWLINE && !isQuoted) end = i + 1;
  }
  return end;
}

/** Lines of blanks are none. */
function* recordsOf(name: string, { text, line }: TextBlock): Generator<CsvRecord> {
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const first = i;
    let record = lines[i];
    if (!record.includes('"')) {
      if (record.trim() !== "") yield { cells: record.split(","), line: line + first };
      continue;
    }
    for (let quotes = quotesIn(record); quotes % 2 === 1 && i + 1 < lines.length; quotes += quotesIn(lines[i]))
      record += `\n${lines[++i]}`;
    const cells = quotedCells(record);
    if (!cells)
      throw new InputError(
        `${name}: line ${line + first} has a quote out of place: put quotes around whole cells, and double those within`,
      );
    yield { cells, line: line + first };
  }
}

const quotesIn = (text: string): number => text.split('"').length - 1;

/** The cells of a record some of which are quoted; undefined where a quote is neither around a cell nor doubled. */
function quotedCells(record: string): string[] | undefined {
  const parts = record.split('"'); // every other one lies within quotes
  if (parts.length % 2 === 0) return undefined;
  const cells: string[] = [];
  let quoted: string | undefined;
  let plain = "";
  for (let i = 0; i < parts.length; i++) {
    if (i % 2 === 1) {
      if (plain.trim() !== "" || (quoted !== undefined && parts[i - 1] !== "")) return undefined;
      quoted = quoted === undefined ? parts[i] : `${quoted}"${parts[i]}`;
      continue;
    }
    const texts = parts[i].split(",");
    for (let t = 0; t < texts.length; t++) {
      if (t > 0) {
        cells.push(quoted ?? plain);
        quoted = undefined;
        plain = "";
      }
      plain += texts[t];
      if (quoted !== undefined && plain.trim() !== "") return undefined;
    }
  }
  cells.push(quoted ?? plain);
  return cells;
}

/** The value of a cell, NaN where it says that there is none, undefined where it is no number. */
function numberOf(cell: string): number | undefined {
  const value = Number(cell);
  // Number takes blanks for 0 and knows hexadecimal: beyond doubt is what begins with a sign, a point or a digit, and
  // has no letter next. Of an empty or single character the comparisons are false.
  const first = cell.charCodeAt(0);
  if (!Number.isNaN(value) && first >= 43 && first <= 57 && !(cell.charCodeAt(1) > 57)) return value;
  const text = cell.trim();
  if (DECIMAL.test(text)) return Number(text);
  return words.get(text.toLowerCase());
}

/** There is one way to match a text, or a long one would take a time that grows with its square. */
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** What pandas, R, C and spreadsheets write, in any case. */
const words = new Map<string, number>([
  ...["", "nan", "-nan", "+nan", "na", "n/a", "<na>", "#n/a", "null", "none"].map((word) => [word, NaN] as const),
  ...["inf", "+inf", "infinity", "+infinity"].map((word) => [word, Infinity] as const),
  ...["-inf", "-infinity"].map((word) => [word, -Infinity] as const),
]);
