/** The pages of a column in a row group, walked from any place that is known, and their values as rows. */
import { InputError } from "../errors.ts";
import { shown } from "./columns.ts";
import type { Bytes } from "./bytes.ts";
import type { Chunk, Column, Group, ParquetFile } from "./parquetFile.ts";
import {
  type Layout,
  type Page,
  type PageHeader,
  readDictionary,
  readPage,
  readPageHeader,
  type Unpack,
} from "./parquetPages.ts";

/** Bytes asked for at a time: over a network, few requests. */
export const WINDOW = 2 ** 21;
/** The header of a page holds its least and greatest value, which are short for numbers. */
const LONGEST_PAGE_HEADER = 2 ** 20;

/** Bytes around a place, so that many small reads become few. They are good until the next call. */
export type Window = (position: number, length: number, end: number) => Promise<Uint8Array>;

/** Of `least` bytes, unless more are asked for. */
export function windowOf(bytes: Bytes, least = WINDOW): Window {
  let buffer = new Uint8Array(0);
  let held = buffer;
  let start = 0;
  return async (position, length, end) => {
    if (position >= start && position + length <= start + held.length)
      return held.subarray(position - start, position - start + length);
    const wanted = Math.min(Math.max(length, least), end - position);
    const kept = position >= start ? held.subarray(position - start).subarray(0, wanted) : held.subarray(0, 0);
    if (wanted > buffer.length) buffer = new Uint8Array(wanted);
    buffer.set(kept);
    // Where the read fails, nothing is held.
    held = held.subarray(0, 0);
    await bytes.read(buffer.subarray(kept.length, wanted), position + kept.length);
    held = buffer.subarray(0, wanted);
    start = position;
    return held.subarray(0, length);
  };
}

/** A place among the pages of a chunk. */
export interface Mark {
  readonly position: number;
  /** Entries before it. */
  readonly entries: number;
  /** Rows that begin before it. */
  readonly rows: number;
}

export interface Reading {
  readonly window: Window;
  readonly chunk: Chunk;
  readonly layout: Layout;
  readonly unpack: Unpack;
  /** Up to where bytes may be read along, for the columns behind this one. */
  readonly readTo: number;
  /** Entries of a page that is kept as it was decoded, for whoever goes on within it. */
  readonly longestKept: number;
  dictionary?: Float32Array;
  /** The last that was decoded, unless it is too long. */
  latest?: { readonly position: number; readonly page: Page };
}

/**
 * The data pages of a chunk from a mark on, in order, as a way to decode each: whoever skips a page does not pay for it.
 */
export async function* pagesOf(
  reading: Reading,
  from: Mark,
): AsyncGenerator<{ header: PageHeader; position: number; entries: number; decode: () => Promise<Page> }> {
  const { chunk } = reading;
  let { position, entries } = from;
  while (entries < chunk.entries) {
    const at = position;
    const before = entries;
    const { header, body, end } = await pageAt(reading, at);
    position = end;
    if (header.kind === "dictionary") {
      // It is the first page, wherever else we begin.
      if (at !== chunk.start) throw new Error("a column has two dictionaries");
      reading.dictionary ??= readDictionary(header, await body(), reading.layout, reading.unpack);
    }
    if (header.kind !== "data" && header.kind !== "data v2") continue;
    entries += header.entries;
    if (entries > chunk.entries) throw new Error(`a column has more than its ${chunk.entries} values`);
    yield { header, position: at, entries: before, decode: () => decodePage(reading, header, at, body) };
  }
}

async function decodePage(
  reading: Reading,
  header: PageHeader,
  position: number,
  body: () => Promise<Uint8Array>,
): Promise<Page> {
  const { layout, unpack, longestKept, latest } = reading;
  if (latest?.position === position) return latest.page;
  reading.latest = undefined;
  // Writers go over to plain values when a dictionary gets too long.
  if (!header.encoding.endsWith("_DICTIONARY")) reading.dictionary = undefined;
  else reading.dictionary ??= await dictionaryOf(reading);
  const page = readPage(header, await body(), layout, unpack, reading.dictionary);
  if (header.entries <= longestKept) reading.latest = { position, page };
  return page;
}

async function dictionaryOf(reading: Reading): Promise<Float32Array | undefined> {
  const { header, body } = await pageAt(reading, reading.chunk.start);
  return header.kind === "dictionary"
    ? readDictionary(header, await body(), reading.layout, reading.unpack)
    : undefined;
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

export const startOf = (chunk: Chunk): Mark => ({ position: chunk.start, entries: 0, rows: 0 });

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
export async function decodeScalars(reading: Reading, span: Span, into: Float32Array, stride: number): Promise<void> {
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
export async function decodeLists(
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
        `${file.name}: column ${shown(column.name)}: the list of row ${group.firstRow + row} has ${filled} entries, the first one has ${length}; make all alike`,
      );
  };
  for await (const { header, position, entries, decode } of pagesOf(reading, from)) {
    const { values, defined, repeated } = await decode();
    addMark(span.marks, { position, entries, rows: row + 1 });
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
      } else if (row < 0) throw new Error("a column begins in the middle of a list");
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
