/**
 * Parquet's columns of numbers as a row source. The description of the file comes through hyparquet, which is asked for
 * when it is needed; of the rows, only the pages of the columns that were asked for are read.
 */
import { InputError } from "../errors.ts";
import type { RowSource } from "../matrix.ts";
import type { Bytes } from "./bytes.ts";
import { chooseColumns, type Column as Choice } from "./columns.ts";
import { checkRange } from "./gather.ts";
import { decodeLists, decodeScalars, type Mark, pagesOf, type Reading, startOf, windowOf } from "./parquetChunks.ts";
import { loadUnpackers } from "./parquetCodecs.ts";
import { type Chunk, type Column, type Group, openFile, type Other, type ParquetFile } from "./parquetFile.ts";
import { type Unpack, UnsupportedEncoding } from "./parquetPages.ts";

/**
 * The rows of a Parquet file, a value a column. Without `columns` these are all columns of numbers and bools, in the
 * file's order, or the one column of lists of numbers where there is nothing else; a list's entries are the values of
 * its row, so all lists have one length. Nulls are NaN; values beyond float32 become infinite. What is no whole Parquet
 * file, or has no such columns, is an InputError. Closing the source closes the bytes. Rows are decoded in pieces of a
 * row group, of no more than `pieceValues`.
 */
export async function parquetSource(
  bytes: Bytes,
  columns?: readonly string[],
  pieceValues = PIECE_VALUES,
): Promise<RowSource> {
  const { name } = bytes;
  return whole(name, async () => {
    const file = await openFile(bytes);
    const places = chooseColumns(name, file.columns.map(choiceOf), columns);
    const chosen = places.map((place) => file.columns[place] as Column);
    const unpackers = await loadUnpackers(name, file, chosen);
    const length = chosen[0].isList ? await listLength(bytes, file, chosen[0], unpackers) : 1;
    return source(bytes, file, chosen, unpackers, length, pieceValues);
  });
}

/** 128 MiB; the last two pieces are kept. */
const PIECE_VALUES = 2 ** 25;
/** A row must fit into a piece. */
const LONGEST_LIST = PIECE_VALUES;
/** Columns with no more than this between them are read in one go. */
const SMALL_GAP = 2 ** 16;

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
  const said = `${file.name}: column ${JSON.stringify(column.name)}`;
  const { layout, leaf } = column;
  for (const { chunks, firstRow } of file.groups) {
    const chunk = chunks[leaf];
    const unpack = unpackers.get(chunk.codec)!;
    const reading = { window: windowOf(bytes), chunk, layout, unpack, readTo: chunk.end };
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
  length: number,
  pieceValues: number,
): RowSource {
  const { name, rows, groups } = file;
  const cols = columns[0].isList ? length : columns.length;
  const rowsAPiece = Math.max(1, Math.floor(pieceValues / cols));
  const marks = new Map<Chunk, Mark[]>();
  /** The latest last. */
  let kept: Piece[] = [];

  const pieceAt = (row: number): Piece => {
    const known = kept.find(({ firstRow, rows: count }) => row >= firstRow && row < firstRow + count);
    if (known) {
      kept = [...kept.filter((piece) => piece !== known), known];
      return known;
    }
    const group = groups[lastUpTo(groups, row)];
    const skipped = Math.floor((row - group.firstRow) / rowsAPiece) * rowsAPiece;
    const count = Math.min(rowsAPiece, group.rows - skipped);
    const values = whole(name, () => decode(group, skipped, count));
    const piece: Piece = { firstRow: group.firstRow + skipped, rows: count, values };
    kept = [...kept.slice(-1), piece];
    // A read that failed may do better next time.
    values.catch(() => {
      kept = kept.filter((other) => other !== piece);
    });
    return piece;
  };

  const decode = async (group: Group, skipped: number, count: number): Promise<Float32Array> => {
    const into = new Float32Array(count * cols);
    const window = windowOf(bytes);
    const readTo = runsOf(columns.map(({ leaf }) => group.chunks[leaf]));
    const byPlace = [...columns.entries()].sort(
      ([, a], [, b]) => group.chunks[a.leaf].start - group.chunks[b.leaf].start,
    );
    for (const [c, column] of byPlace) {
      const chunk = group.chunks[column.leaf];
      const known = marks.get(chunk) ?? [startOf(chunk)];
      if (group.rows > rowsAPiece) marks.set(chunk, known);
      const reading: Reading = {
        window,
        chunk,
        layout: column.layout,
        unpack: unpackers.get(chunk.codec)!,
        readTo: readTo.get(chunk)!,
      };
      const span = { group, skipped, count, marks: known };
      if (column.isList) await decodeLists(file, column, reading, span, into, cols);
      else await decodeScalars(reading, span, into.subarray(c), cols);
    }
    return into;
  };

  return {
    name,
    rows,
    cols,
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
    close: () => bytes.close(),
  };
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
