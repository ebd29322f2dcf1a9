/**
 * Parquet's columns of numbers as a row source. The description of the file comes through hyparquet, which is asked for
 * when it is needed; of the rows, only the pages of the columns that were asked for are read.
 */
import { InputError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";
import { chooseColumns, type Column as Choice, shown } from "./columns.ts";
import { checkRange } from "./gather.ts";
import {
  decodeLists,
  decodeScalars,
  type Mark,
  pagesOf,
  type Reading,
  startOf,
  WINDOW,
  windowOf,
} from "./parquetChunks.ts";
import { loadUnpackers } from "./parquetCodecs.ts";
import { type Chunk, type Column, type Group, openFile, type Other, type ParquetFile } from "./parquetFile.ts";
import { type Layout, type Unpack, UnsupportedEncoding } from "./parquetPages.ts";
import type { PartSource } from "./parts.ts";

/**
 * The rows of a Parquet file, a value a column. Without `columns` these are all columns of numbers and bools, in the
 * file's order, or the one column of lists of numbers where there is nothing else; a list's entries are the values of
 * its row, so all lists have one length. Nulls are NaN; values beyond float32 become infinite. What is no whole Parquet
 * file, or has no such columns, is an InputError. Closing the source closes the bytes. Rows are decoded in pieces of a
 * row group, of no more than `pieceRows`.
 */
export async function parquetSource(
  bytes: Bytes,
  columns?: readonly string[],
  pieceRows?: number,
): Promise<PartSource> {
  const { name } = bytes;
  return whole(name, async () => {
    const file = await openFile(bytes);
    const places = chooseColumns(name, file.columns.map(choiceOf), columns);
    const chosen = places.map((place) => file.columns[place] as Column);
    const unpackers = await loadUnpackers(name, file, chosen);
    const length = chosen[0].isList ? await listLength(bytes, file, chosen[0], unpackers) : 1;
    const cols = chosen[0].isList ? length : chosen.length;
    return source(bytes, file, chosen, unpackers, cols, pieceRows ?? rowsAPiece(chosen.length, cols));
  });
}

/** 4 MiB; the last two pieces are kept. */
const PIECE_VALUES = 2 ** 20;
/** Of columns of single numbers, whose pages may all have many more rows: each is decoded once a piece, if it is not kept. */
const LEAST_ROWS = 2 ** 15;
/** 128 MiB, which a piece never exceeds for that. */
const MOST_VALUES = 2 ** 25;
/** A row must fit into a piece. */
const LONGEST_LIST = MOST_VALUES;
/** Packed bytes that are held for all columns between them, and at least for each. */
const WINDOWS = 2 ** 23;
const SMALLEST_WINDOW = 2 ** 16;
/** Entries that the latest pages of all columns may have between them to be kept. */
const KEPT_ENTRIES = 2 ** 26;
/** Columns with no more than this between them are read in one go. */
const SMALL_GAP = 2 ** 16;

function rowsAPiece(columns: number, cols: number): number {
  const rows = Math.floor(PIECE_VALUES / cols);
  return Math.max(1, columns === 1 ? rows : Math.max(rows, Math.min(LEAST_ROWS, Math.floor(MOST_VALUES / cols))));
}

/** Lets errors for the user pass, and tells all others of a file that is damaged. */
async function whole<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof UnsupportedEncoding)
      throw new InputError(`${name}: ${error.message}; save it with PLAIN or dictionary encoding`);
    const said = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " ");
    throw new InputError(`${name}: not a whole .parquet file: ${said}; copy or save it again`);
  }
}

function choiceOf(column: Column | Other): Choice {
  if ("what" in column) return { name: column.name, kind: "other", what: column.what };
  return { name: column.name, kind: column.isList ? "list" : "number" };
}

/** Entries of a list, as the first row that has one says. */
async function listLength(
  bytes: Bytes,
  file: ParquetFile,
  column: Column,
  unpackers: ReadonlyMap<string, Unpack>,
): Promise<number> {
  const said = `${file.name}: column ${shown(column.name)}`;
  const { layout, leaf } = column;
  for (const { chunks, firstRow } of file.groups) {
    const chunk = chunks[leaf];
    const unpack = unpackers.get(chunk.codec)!;
    const reading: Reading = { window: windowOf(bytes), chunk, layout, unpack, readTo: chunk.end, longestKept: 0 };
    let row = firstRow - 1;
    let length = 0;
    let found = false;
    search: for await (const { header, decode } of pagesOf(reading, startOf(chunk))) {
      const { defined, repeated } = await decode();
      for (let i = 0; i < header.entries; i++) {
        const level = defined ? defined[i] : layout.defined;
        if (repeated![i] === 0) {
          if (found) break search;
          row++;
          found = level >= layout.entry - 1;
        }
        if (found && level >= layout.entry) length++;
      }
    }
    if (!found) continue;
    if (length > 0 && length <= LONGEST_LIST) return length;
    throw new InputError(`${said}: the list of row ${row} has ${length} entries; give from 1 to ${LONGEST_LIST}`);
  }
  throw new InputError(`${said} holds no list; name another`);
}

/** Some rows of a group, as they are decoded and kept. */
interface Piece {
  readonly firstRow: number;
  readonly rows: number;
  readonly values: Promise<Float32Array>;
}

function source(
  bytes: Bytes,
  file: ParquetFile,
  columns: readonly Column[],
  unpackers: ReadonlyMap<string, Unpack>,
  cols: number,
  pieceRows: number,
): PartSource {
  const { name, rows, groups } = file;
  const marks = new Map<Chunk, Mark[]>();
  /** The latest last. */
  let kept: Piece[] = [];
  /** Of the columns of the group that is read piece by piece, so that the next piece goes on where one ended. */
  let begun: { readonly group: Group; readonly readings: readonly Reading[] } | undefined;
  /** The last piece that is decoded, or will be: one after the other, since all use what is begun. */
  let last: Promise<unknown> = Promise.resolve();

  const forget = (): void => {
    kept = [];
    begun = undefined;
  };

  const pieceAt = (row: number): Piece => {
    const known = kept.find(({ firstRow, rows: count }) => row >= firstRow && row < firstRow + count);
    if (known) {
      kept = [...kept.filter((piece) => piece !== known), known];
      return known;
    }
    const group = groups[lastUpTo(groups, row)];
    const skipped = Math.floor((row - group.firstRow) / pieceRows) * pieceRows;
    const count = Math.min(pieceRows, group.rows - skipped);
    const values = last.then(() => whole(name, () => decode(group, skipped, count)));
    const piece: Piece = { firstRow: group.firstRow + skipped, rows: count, values };
    kept = [...kept.slice(-1), piece];
    // A read that failed may do better next time.
    last = values.catch(() => {
      kept = kept.filter((other) => other !== piece);
      begun = undefined;
    });
    return piece;
  };

  const readingsOf = (group: Group): readonly Reading[] => {
    if (begun?.group === group) return begun.readings;
    const isWhole = group.rows <= pieceRows;
    const chunks = columns.map(({ leaf }) => group.chunks[leaf]);
    const readTo = isWhole && runsOf(chunks);
    const shared = windowOf(bytes);
    const own = Math.min(WINDOW, Math.max(SMALLEST_WINDOW, Math.floor(WINDOWS / columns.length)));
    const readings = chunks.map((chunk, c): Reading => ({
      window: isWhole ? shared : windowOf(bytes, own),
      chunk,
      layout: columns[c].layout,
      unpack: unpackers.get(chunk.codec)!,
      readTo: readTo ? readTo.get(chunk)! : chunk.end,
      longestKept: isWhole ? 0 : KEPT_ENTRIES / columns.length,
    }));
    begun = isWhole ? undefined : { group, readings };
    return readings;
  };

  const decode = async (group: Group, skipped: number, count: number): Promise<Float32Array> => {
    const into = new Float32Array(count * cols);
    const readings = readingsOf(group);
    const byPlace = [...readings.entries()].sort(([, a], [, b]) => a.chunk.start - b.chunk.start);
    for (const [c, reading] of byPlace) {
      const { chunk } = reading;
      const known = marks.get(chunk) ?? [startOf(chunk)];
      if (group.rows > pieceRows) marks.set(chunk, known);
      const span = { group, skipped, count, marks: known };
      if (columns[c].isList) await decodeLists(file, columns[c], reading, span, into, cols);
      else await decodeScalars(reading, span, into.subarray(c), cols);
    }
    if (skipped + count === group.rows) begun = undefined;
    return into;
  };

  return {
    name,
    rows,
    cols,
    stored: [...new Set(columns.map(({ layout }) => storedAs(layout)))].join(", "),
    async read(start, count, into) {
      checkRange(name, rows, cols, start, count, into);
      for (let row = start; row < start + count;) {
        const piece = pieceAt(row);
        const from = row - piece.firstRow;
        const to = Math.min(piece.rows, start + count - piece.firstRow);
        const values = await piece.values;
        into.set(values.subarray(from * cols, to * cols), (row - start) * cols);
        row = piece.firstRow + to;
      }
    },
    forget,
    async close() {
      forget();
      await bytes.close();
    },
  };
}

/** Types of a fixed length are halves where they are no decimals. */
function storedAs({ type, scale, unsigned }: Layout): string {
  if (scale !== undefined) return "decimal";
  const names = { BOOLEAN: "bool", INT32: "int32", INT64: "int64", FLOAT: "float32", DOUBLE: "float64" };
  return type in names ? `${unsigned ? "u" : ""}${names[type as keyof typeof names]}` : "float16";
}

/** The last group that begins at a row or before it. */
function lastUpTo(groups: readonly Group[], row: number): number {
  let low = 0;
  let high = groups.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (groups[middle].firstRow <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where the bytes end that are worth reading together with each chunk. */
function runsOf(chunks: readonly Chunk[]): Map<Chunk, number> {
  const ends = new Map<Chunk, number>();
  let next: Chunk | undefined;
  for (const chunk of [...chunks].sort((a, b) => b.start - a.start)) {
    const together = next && next.start >= chunk.end && next.start - chunk.end <= SMALL_GAP;
    ends.set(chunk, together ? ends.get(next!)! : chunk.end);
    next = chunk;
  }
  return ends;
}
