/**
 * Parquet's columns of numbers as a row source. The description of the file comes through hyparquet, which is asked for
 * when it is needed; of the rows, only the pages of the columns that were asked for are read.
 */
import type { ColumnMetaData, FileMetaData, SchemaElement, SchemaTree } from "hyparquet";
import { InputError } from "../errors.ts";
import type { RowSource } from "../matrix.ts";
import type { Bytes } from "./bytes.ts";
import {
  type Layout,
  LONGEST_DECIMAL,
  type Page,
  type PageHeader,
  readDictionary,
  readPage,
  readPageHeader,
  type Unpack,
  UnsupportedEncoding,
} from "./parquetPages.ts";
import { unpackSnappy } from "./snappy.ts";
import { readStruct } from "./thrift.ts";

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
    const chosen = choose(name, file.columns, columns);
    const unpackers = await loadUnpackers(name, file, chosen);
    const length = chosen[0].isList ? await listLength(bytes, file, chosen[0], unpackers) : 1;
    return source(bytes, file, chosen, unpackers, length, pieceValues);
  });
}

/** 128 MiB; the last two pieces are kept. */
const PIECE_VALUES = 2 ** 25;
/** A row must fit into a piece. */
const LONGEST_LIST = PIECE_VALUES;
/** Bytes asked for at a time: over a network, few requests. */
const WINDOW = 2 ** 21;
/** Columns with no more than this between them are read in one go. */
const SMALL_GAP = 2 ** 16;
/** The header of a page holds its least and greatest value, which are short for numbers. */
const LONGEST_PAGE_HEADER = 2 ** 20;
const LONGEST_FOOTER = 2 ** 28;

interface Column {
  readonly name: string;
  /** Where its pages are found among a group's columns. */
  readonly leaf: number;
  readonly isList: boolean;
  readonly layout: Layout;
}

/** A column that is not read, and why. */
interface Other {
  readonly name: string;
  readonly what: string;
}

/** The pages of a column in a row group. */
interface Chunk {
  readonly start: number;
  readonly end: number;
  readonly codec: string;
  readonly entries: number;
}

interface Group {
  readonly firstRow: number;
  readonly rows: number;
  readonly chunks: readonly Chunk[];
}

interface ParquetFile {
  readonly name: string;
  readonly rows: number;
  readonly groups: readonly Group[];
  readonly columns: readonly (Column | Other)[];
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

async function openFile(bytes: Bytes): Promise<ParquetFile> {
  const { name, size } = bytes;
  const footer = await readFooter(bytes);
  const { parquetMetadata, parquetSchema } = await hyparquet(name);
  // hyparquet allocates what a list claims to hold, so the claims are looked at first.
  const { fields } = readStruct(footer.subarray(0, -8), 0);
  if (!Array.isArray(fields.get(2)) || !Array.isArray(fields.get(4)))
    throw new Error("its description lacks columns or row groups");
  const metadata = described(() => parquetMetadata(footer, { geoparquet: false }));
  const leaves: SchemaTree[] = [];
  const tree = described(() => parquetSchema(metadata));
  const columns = tree.children.map((child) => columnOf(child, leaves));
  const groups = groupsOf(name, metadata, leaves, size - footer.length);
  const { firstRow, rows } = groups[groups.length - 1] ?? { firstRow: 0, rows: 0 };
  const total = firstRow + rows;
  if (Number(metadata.num_rows) !== total)
    throw new Error(`${metadata.num_rows} rows are said to be there, its groups have ${total}`);
  if (total === 0) throw new InputError(`${name}: no rows; give at least one`);
  return { name, rows: total, groups, columns };
}

/** What hyparquet makes of a description; where that is damaged, it trips over what is not there. */
function described<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new Error("its description is damaged", { cause: error });
  }
}

/** The description, its length, and the magic behind it: the end of the file, which hyparquet wants whole. */
async function readFooter(bytes: Bytes): Promise<Uint8Array> {
  const { name, size } = bytes;
  const notParquet = new InputError(`${name}: not a .parquet file, or not a whole one; copy or save it again`);
  if (size < 12) throw notParquet;
  const guess = new Uint8Array(Math.min(size, SMALL_GAP));
  await bytes.read(guess, size - guess.length);
  const magic = String.fromCharCode(...guess.subarray(-4));
  if (magic === "PARE") throw new InputError(`${name}: the file is encrypted; save it without encryption`);
  if (magic !== "PAR1") throw notParquet;
  const length = new DataView(guess.buffer).getUint32(guess.length - 8, true) + 8;
  if (length > size - 4) throw new Error(`its description should have ${length - 8} bytes, ${size - 12} are there`);
  if (length > LONGEST_FOOTER) throw new InputError(`${name}: a description of ${length} bytes is too long`);
  if (length <= guess.length) return guess.slice(-length);
  const footer = new Uint8Array(length);
  await bytes.read(footer.subarray(0, length - guess.length), size - length);
  footer.set(guess, length - guess.length);
  return footer;
}

/** A column at the top of the file; what lies below it are leaves, in the order of a group's columns. */
function columnOf(tree: SchemaTree, leaves: SchemaTree[]): Column | Other {
  const { name } = tree.element;
  const leaf = leaves.length;
  const chain = [tree];
  for (let last = tree; last.children.length === 1; chain.push(last)) last = last.children[0];
  addLeaves(tree, leaves);
  const { children, element } = chain[chain.length - 1];
  const repeated = chain.findIndex((node) => node.element.repetition_type === "REPEATED");
  const repeats = chain.filter((node) => node.element.repetition_type === "REPEATED").length;
  const isList =
    repeats === 1 &&
    (chain.length === 1 || (chain.length <= 3 && repeated === 1 && annotation(tree.element) === "LIST"));
  if (children.length > 0 || (chain.length > 1 && !isList)) {
    const kind = annotation(tree.element);
    return { name, what: kind === "MAP" ? "a map" : kind === "LIST" ? "lists of lists or structs" : "a struct" };
  }
  const layout = layoutOf(element);
  if (typeof layout === "string") return { name, what: isList ? `lists of ${layout}` : layout };
  const levels = chain.map((node) => (node.element.repetition_type === "REQUIRED" ? 0 : 1));
  const defined = levels.reduce<number>((sum, level) => sum + level, 0);
  const entry = isList ? levels.slice(0, repeated + 1).reduce<number>((sum, level) => sum + level, 0) : 0;
  return { name, leaf, isList, layout: { ...layout, defined, entry } };
}

function addLeaves(tree: SchemaTree, leaves: SchemaTree[]): void {
  if (tree.children.length === 0) leaves.push(tree);
  for (const child of tree.children) addLeaves(child, leaves);
}

/** What a column means beyond its type; old files say it in another field. */
function annotation({ logical_type: logical, converted_type: converted }: SchemaElement): string | undefined {
  return logical?.type ?? converted;
}

/** How numbers are stored, or what is stored instead of them. */
function layoutOf(element: SchemaElement): Omit<Layout, "defined" | "entry"> | string {
  const { type, type_length: length = 0, logical_type: logical, converted_type: converted } = element;
  const meaning = annotation(element);
  if (type === undefined) return "a struct without fields";
  if (meaning === "DECIMAL" && type !== "INT96" && type !== "FLOAT" && type !== "DOUBLE" && type !== "BOOLEAN") {
    const scale = logical?.type === "DECIMAL" ? logical.scale : element.scale;
    if (type !== "FIXED_LEN_BYTE_ARRAY" || (length >= 1 && length <= LONGEST_DECIMAL))
      return { type, length, unsigned: false, scale: scale ?? 0 };
  }
  if (type === "FIXED_LEN_BYTE_ARRAY" && meaning === "FLOAT16" && length === 2)
    return { type, length, unsigned: false };
  const isInteger = meaning === undefined || meaning === "INTEGER" || /^U?INT_\d+$/.test(meaning);
  const bare = type === "FLOAT" || type === "DOUBLE" || type === "BOOLEAN";
  if ((bare && meaning === undefined) || ((type === "INT32" || type === "INT64") && isInteger)) {
    const unsigned = logical?.type === "INTEGER" ? !logical.isSigned : converted?.startsWith("UINT_") === true;
    return { type, length, unsigned };
  }
  if (type === "INT96") return "timestamps";
  if (meaning !== undefined && Object.hasOwn(MEANINGS, meaning)) return MEANINGS[meaning];
  return meaning?.toLowerCase() ?? (type === "BYTE_ARRAY" ? "strings or bytes" : "bytes");
}

const MEANINGS: Record<string, string> = {
  STRING: "strings",
  UTF8: "strings",
  ENUM: "strings",
  JSON: "JSON",
  DATE: "dates",
  TIME: "times",
  TIME_MILLIS: "times",
  TIME_MICROS: "times",
  TIMESTAMP: "timestamps",
  TIMESTAMP_MILLIS: "timestamps",
  TIMESTAMP_MICROS: "timestamps",
  NULL: "nothing but nulls",
};

/** Row groups with rows, once what they say of themselves is possible in a file whose pages end at `end`. */
function groupsOf(name: string, metadata: FileMetaData, leaves: readonly SchemaTree[], end: number): Group[] {
  const groups: Group[] = [];
  let firstRow = 0;
  for (const [g, { num_rows: said, columns }] of metadata.row_groups.entries()) {
    const rows = Number(said);
    if (!(rows >= 0 && Number.isSafeInteger(firstRow + rows))) throw new Error(`row group ${g} has ${said} rows`);
    if (columns.length !== leaves.length)
      throw new Error(`row group ${g} has ${columns.length} columns, the file has ${leaves.length}`);
    if (rows === 0) continue;
    const chunks = columns.map(({ meta_data: meta, file_path: path, crypto_metadata: crypto }, i): Chunk => {
      const column = JSON.stringify(leaves[i].path.join("."));
      if (path) throw new InputError(`${name}: column ${column} lies in a file of its own; save all in one`);
      if (crypto || !meta) throw new InputError(`${name}: column ${column} is encrypted; save it without encryption`);
      return chunkOf(`row group ${g}, column ${column}`, meta, leaves[i], rows, end);
    });
    groups.push({ firstRow, rows, chunks });
    firstRow += rows;
  }
  return groups;
}

function chunkOf(said: string, meta: ColumnMetaData, leaf: SchemaTree, rows: number, fileEnd: number): Chunk {
  const { type, codec, num_values: values, path_in_schema: path } = meta;
  if (type !== leaf.element.type || path.join() !== leaf.path.join())
    throw new Error(`${said} is described as ${type} of ${JSON.stringify(path.join("."))}`);
  const data = Number(meta.data_page_offset);
  const dictionary = Number(meta.dictionary_page_offset ?? 0);
  // Some writers leave out where the dictionary lies, or say 0: then it is where the data are said to be.
  const start = dictionary > 0 ? Math.min(dictionary, data) : data;
  const end = start + Number(meta.total_compressed_size);
  if (!(start >= 4 && end >= start && end <= fileEnd))
    throw new Error(`${said} lies at bytes ${start} to ${end}, of ${fileEnd}`);
  const entries = Number(values);
  const isFlat = leaf.path.length === 1 && leaf.element.repetition_type !== "REPEATED";
  if (!(isFlat ? entries === rows : entries >= 0)) throw new Error(`${said} has ${values} values in ${rows} rows`);
  return { start, end, codec: codec ?? "unknown", entries };
}

/** The columns to read: those that were named, or those that leave no doubt. */
function choose(name: string, all: readonly (Column | Other)[], columns?: readonly string[]): Column[] {
  const known = all.filter((column) => "layout" in column);
  const scalars = known.filter(({ isList }) => !isList);
  const lists = known.filter(({ isList }) => isList);
  if (columns) {
    if (columns.length === 0) throw new InputError(`${name}: no columns are named; name at least one`);
    const chosen = columns.map((wanted) => {
      const found = all.find((column) => column.name === wanted);
      if (!found) throw new InputError(`${name}: there is no column ${JSON.stringify(wanted)}; known: ${listed(all)}`);
      if ("what" in found)
        throw new InputError(
          `${name}: column ${JSON.stringify(wanted)} holds ${found.what}; columns of numbers: ${listed(known)}`,
        );
      return found;
    });
    const list = chosen.find(({ isList }) => isList);
    if (list && chosen.length > 1)
      throw new InputError(
        `${name}: column ${JSON.stringify(list.name)} holds lists, which are all columns by themselves; name it alone`,
      );
    return chosen;
  }
  if (known.length === 0) {
    const others = all.map((column) => `${JSON.stringify(column.name)}${"what" in column ? ` (${column.what})` : ""}`);
    throw new InputError(`${name}: no column of numbers; there are: ${shortened(others)}`);
  }
  if (lists.length === 0) return scalars;
  if (lists.length === 1 && scalars.length === 0) return lists;
  const numbers = scalars.length > 0 ? `, of numbers: ${listed(scalars)}` : "";
  throw new InputError(`${name}: columns of lists: ${listed(lists)}${numbers}; name those to read (--columns)`);
}

const listed = (columns: readonly { readonly name: string }[]): string =>
  columns.length === 0 ? "none" : shortened(columns.map((column) => JSON.stringify(column.name)));

/** Enough of a long list to see what it is. */
function shortened(names: readonly string[]): string {
  const more = names.length - 20;
  return more > 1 ? `${names.slice(0, 20).join(", ")} and ${more} more` : names.join(", ");
}

const NO_CODEC = "UNCOMPRESSED";

/** What unpacks the pages of the columns; of codecs that need a package, it is loaded when one is met. */
async function loadUnpackers(
  name: string,
  { groups }: ParquetFile,
  columns: readonly Column[],
): Promise<ReadonlyMap<string, Unpack>> {
  const unpackers = new Map<string, Unpack>([
    [NO_CODEC, (packed) => packed],
    ["SNAPPY", unpackSnappy],
  ]);
  for (const { chunks } of groups) {
    for (const { leaf, name: column } of columns) {
      const { codec } = chunks[leaf];
      if (unpackers.has(codec)) continue;
      const { compressors, decompressZstd } = await hyparquetCompressors(name, codec);
      // Without a place to unpack to, it makes one as large as the packed bytes claim.
      const zstd: Unpack = (packed, size) => decompressZstd(packed, new Uint8Array(size));
      const unpack = codec === "ZSTD" ? zstd : Object.entries(compressors).find(([known]) => known === codec)?.[1];
      if (!unpack)
        throw new InputError(
          `${name}: column ${JSON.stringify(column)} is packed with ${codec}, which is not supported; use ZSTD or SNAPPY`,
        );
      unpackers.set(codec, (packed, size) => {
        const unpacked = unpack(packed, size);
        if (unpacked.length !== size) throw new Error(`a page unpacks to ${unpacked.length} bytes instead of ${size}`);
        return unpacked;
      });
    }
  }
  return unpackers;
}

async function hyparquet(name: string): Promise<typeof import("hyparquet")> {
  return import("hyparquet").catch(() => {
    throw new InputError(`${name}: to read .parquet the package hyparquet is needed: npm install hyparquet`);
  });
}

async function hyparquetCompressors(name: string, codec: string): Promise<typeof import("hyparquet-compressors")> {
  return import("hyparquet-compressors").catch(() => {
    throw new InputError(
      `${name}: it is packed with ${codec}, for which the package hyparquet-compressors is needed: npm install hyparquet-compressors`,
    );
  });
}

/** Bytes around a place, so that many small reads become few. They are good until the next call. */
type Window = (position: number, length: number, end: number) => Promise<Uint8Array>;

function windowOf(bytes: Bytes): Window {
  let held = new Uint8Array(0);
  let start = 0;
  return async (position, length, end) => {
    if (position >= start && position + length <= start + held.length)
      return held.subarray(position - start, position - start + length);
    const next = new Uint8Array(Math.min(Math.max(length, WINDOW), end - position));
    const kept = position >= start ? held.subarray(position - start).subarray(0, next.length) : held.subarray(0, 0);
    next.set(kept);
    await bytes.read(next.subarray(kept.length), position + kept.length);
    held = next;
    start = position;
    return held.subarray(0, length);
  };
}

/** A place among the pages of a chunk where a row begins. */
interface Mark {
  readonly position: number;
  /** Entries before it. */
  readonly entries: number;
  /** Rows before it. */
  readonly rows: number;
}

interface Reading {
  readonly window: Window;
  readonly chunk: Chunk;
  readonly layout: Layout;
  readonly unpack: Unpack;
  /** Up to where bytes may be read along, for the columns behind this one. */
  readonly readTo: number;
}

/**
 * The data pages of a chunk from a mark on, in order, as a way to decode each: whoever skips a page does not pay for it.
 */
async function* pagesOf(
  reading: Reading,
  from: Mark,
): AsyncGenerator<{ header: PageHeader; position: number; entries: number; decode: () => Promise<Page> }> {
  const { chunk, layout, unpack } = reading;
  let dictionary: Float32Array | undefined;
  let { position, entries } = from;
  // The dictionary is the first page, wherever else we begin.
  if (position > chunk.start) {
    const { header, body } = await pageAt(reading, chunk.start);
    if (header.kind === "dictionary") dictionary = readDictionary(header, await body(), layout, unpack);
  }
  while (entries < chunk.entries) {
    const at = position;
    const before = entries;
    const { header, body, end } = await pageAt(reading, at);
    position = end;
    if (header.kind === "dictionary") {
      if (dictionary) throw new Error("a column has two dictionaries");
      dictionary = readDictionary(header, await body(), layout, unpack);
    }
    if (header.kind !== "data" && header.kind !== "data v2") continue;
    entries += header.entries;
    if (entries > chunk.entries) throw new Error(`a column has more than its ${chunk.entries} values`);
    const known = dictionary;
    yield {
      header,
      position: at,
      entries: before,
      decode: async () => readPage(header, await body(), layout, unpack, known),
    };
  }
}

async function pageAt(
  { window, chunk, readTo }: Reading,
  position: number,
): Promise<{ header: PageHeader; end: number; body: () => Promise<Uint8Array> }> {
  const left = chunk.end - position;
  if (left <= 0) throw new Error("a column ends before its last value");
  const header = await headerAt(window, position, left, readTo);
  const start = position + header.length;
  const end = start + header.packed;
  if (end > chunk.end) throw new Error(`a page ends at byte ${end}, its column at ${chunk.end}`);
  return { header, end, body: () => window(start, header.packed, readTo) };
}

/** Short at first, since headers are; where that does not do, as long as one may be. */
async function headerAt(window: Window, position: number, left: number, readTo: number): Promise<PageHeader> {
  const short = Math.min(left, 2 ** 10);
  try {
    return readPageHeader(await window(position, short, readTo));
  } catch (error) {
    const long = Math.min(left, LONGEST_PAGE_HEADER);
    if (error instanceof InputError || long === short) throw error;
    return readPageHeader(await window(position, long, readTo));
  }
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

const startOf = (chunk: Chunk): Mark => ({ position: chunk.start, entries: 0, rows: 0 });

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
      if (start < 0 || start + count > rows || into.length !== count * cols) {
        throw new RangeError(
          `${name}: rows ${start} to ${start + count} of ${rows} do not go into ${into.length} values`,
        );
      }
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

/** Rows [skipped, skipped + count) of a group. */
interface Span {
  readonly group: Group;
  readonly skipped: number;
  readonly count: number;
  /** Added to on the way. */
  readonly marks: Mark[];
}

/** The last place known before the rows. */
function markBefore({ marks, skipped }: Span): Mark {
  return marks.findLast(({ rows }) => rows <= skipped)!;
}

function addMark(marks: Mark[], mark: Mark): void {
  if (mark.rows > marks[marks.length - 1].rows) marks.push(mark);
}

/** Writes a column's values, `stride` apart. */
async function decodeScalars(reading: Reading, span: Span, into: Float32Array, stride: number): Promise<void> {
  const { layout } = reading;
  const { skipped, count } = span;
  for await (const { header, position, entries, decode } of pagesOf(reading, markBefore(span))) {
    addMark(span.marks, { position, entries, rows: entries });
    if (entries + header.entries <= skipped) continue;
    const { values, defined } = await decode();
    const from = Math.max(0, skipped - entries);
    const to = Math.min(header.entries, skipped + count - entries);
    let at = (entries + from - skipped) * stride;
    if (defined) {
      let value = 0;
      for (let i = 0; i < to; i++) {
        const isThere = defined[i] === layout.defined;
        if (i >= from) {
          into[at] = isThere ? values[value] : NaN;
          at += stride;
        }
        if (isThere) value++;
      }
    } else {
      for (let i = from; i < to; i++, at += stride) into[at] = values[i];
    }
    if (entries + header.entries >= skipped + count) return;
  }
}

/** Writes rows of lists; one of another length is an InputError. */
async function decodeLists(
  file: ParquetFile,
  column: Column,
  reading: Reading,
  span: Span,
  into: Float32Array,
  length: number,
): Promise<void> {
  const { layout } = column;
  const { group, skipped, count } = span;
  const from = markBefore(span);
  let row = from.rows - 1;
  let filled = 0;
  let isNull = false;
  const finish = () => {
    if (row < skipped) return;
    if (isNull) into.fill(NaN, (row - skipped) * length, (row - skipped + 1) * length);
    else if (filled !== length)
      throw new InputError(
        `${file.name}: column ${JSON.stringify(column.name)}: the list of row ${group.firstRow + row} has ${filled} entries, the first one has ${length}; make all alike`,
      );
  };
  for await (const { header, position, entries, decode } of pagesOf(reading, from)) {
    const { values, defined, repeated } = await decode();
    if (repeated![0] === 0) addMark(span.marks, { position, entries, rows: row + 1 });
    let value = 0;
    for (let i = 0; i < header.entries; i++) {
      const level = defined ? defined[i] : layout.defined;
      if (repeated![i] === 0) {
        finish();
        row++;
        if (row === skipped + count && row < group.rows) return;
        if (row === group.rows) throw new Error(`a column has more than its ${group.rows} rows`);
        filled = 0;
        isNull = level < layout.entry - 1;
      } else if (row < from.rows) throw new Error("a column begins in the middle of a list");
      if (level >= layout.entry) {
        if (row >= skipped && filled < length)
          into[(row - skipped) * length + filled] = level === layout.defined ? values[value] : NaN;
        filled++;
      }
      if (level === layout.defined) value++;
    }
  }
  finish();
  if (row + 1 !== group.rows) throw new Error(`a column has ${row + 1} of its ${group.rows} rows`);
}
