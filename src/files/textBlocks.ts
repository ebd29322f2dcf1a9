/** Text a block at a time, cut where lines end, so that a file of any length is read in little memory. */
import { InputError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";

export interface TextBlock {
  /** Whole lines; the last of a file may lack its end. */
  readonly text: string;
  /** Number of the first line, from 1 on. */
  readonly line: number;
  /** The most lines it may be. */
  readonly lines: number;
}

/** Bytes read at a time. */
export const BLOCK = 2 ** 20;

/** `endOf` says how many bytes of a block are whole: none if it breaks off in its first line. */
export async function* textBlocks(
  bytes: Bytes,
  block: number,
  endOf: (held: Uint8Array) => number,
): AsyncGenerator<TextBlock> {
  const decoder = new TextDecoder();
  let buffer = new Uint8Array(Math.min(block, bytes.size));
  let filled = 0;
  let line = 1;
  for (let position = 0; position < bytes.size;) {
    const count = Math.min(buffer.length - filled, bytes.size - position);
    await bytes.read(buffer.subarray(filled, filled + count), position);
    position += count;
    filled += count;
    const end = position === bytes.size ? filled : endOf(buffer.subarray(0, filled));
    if (end === 0) {
      if (buffer.length >= LONGEST_LINE)
        throw new InputError(
          `${bytes.name}: line ${line} is longer than ${LONGEST_LINE / 2 ** 20} MiB: end each row with a newline, and close every quote`,
        );
      buffer = resized(buffer, filled, Math.min(buffer.length * 2, LONGEST_LINE));
      continue;
    }
    const whole = buffer.subarray(0, end);
    const ends = countNewlines(whole);
    yield { text: decoder.decode(whole), line, lines: ends + 1 };
    line += ends;
    buffer.copyWithin(0, end, filled);
    filled -= end;
    // One long line is no reason to hold as much of all others.
    if (buffer.length > block && filled < block) buffer = resized(buffer, filled, block);
  }
}

const LONGEST_LINE = 2 ** 24;
/** Each costs a hundred bytes or so to know, whatever stands in it. */
const MOST_COLUMNS = 2 ** 20;
/** Values of rows that are handed on at a time, unless a single row has more. */
const CHUNK = 2 ** 20;

export function checkWidth(name: string, columns: number): void {
  if (columns > MOST_COLUMNS)
    throw new InputError(`${name}: has ${columns} columns; give at most ${MOST_COLUMNS}, or use .npy`);
}

/** Rows to make room for at a time. Lines may be blank, so their number times that of columns may be past all bounds. */
export const chunkRows = ({ lines }: TextBlock, cols: number): number =>
  Math.max(1, Math.min(lines, Math.floor(CHUNK / cols)));

function resized(buffer: Uint8Array, filled: number, length: number): Uint8Array<ArrayBuffer> {
  const other = new Uint8Array(length);
  other.set(buffer.subarray(0, filled));
  return other;
}

export const NEWLINE = 10;

/** Where the last line ends, of text whose newlines all end one. */
export const linesEnd = (held: Uint8Array): number => held.lastIndexOf(NEWLINE) + 1;

function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
