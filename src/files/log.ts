/**
 * A log of entries that outlives a crash at any moment: JSON lines, each with a checksum of its own, on disk before
 * `append` comes back.
 */
import { open, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { InputError } from "../errors.ts";
import { reason } from "./bytes.ts";

export interface Log {
  /** What is there, oldest first. */
  readonly entries: readonly object[];
  /** Comes back once all of these are on disk. */
  append(...entries: object[]): Promise<void>;
  close(): Promise<void>;
}

/** Of a line: what it holds, and the checksum of that, which comes last. */
const LINE = /^(\{.*),"check":"([0-9a-f]{8})"\}$/;

/**
 * Opens a log, or begins one where there is no file.
 *
 * A last line that was cut off while it was written is taken away: what it said was never acted upon.
 *
 * @throws InputError where a line is damaged, or the file cannot be read and written
 */
export async function openLog(path: string): Promise<Log> {
  const refuse = (error: unknown): never => {
    throw new InputError(`${path}: could not be opened as a journal: ${reason(error)}`);
  };
  const file = await open(path, "a+").catch(refuse);
  try {
    const text = await file.readFile("utf8").catch(refuse);
    const { entries, bytes, isTorn } = read(path, text);
    if (isTorn) await repair(file, text, bytes).catch(refuse);
    let size = (await file.stat()).size;
    return {
      entries,
      async append(...added) {
        if (added.length === 0) return;
        const lines = Buffer.from(added.map(lineOf).join(""));
        try {
          await file.appendFile(lines);
          await file.datasync();
          size += lines.length;
          entries.push(...added);
        } catch (error) {
          // What is half there would damage what comes after it.
          await file.truncate(size).catch(() => {});
          throw new InputError(`${path}: could not be written: ${reason(error)}`);
        }
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Entries of whole lines, how many bytes those take, and whether something is wrong with what follows. */
function read(path: string, text: string): { entries: object[]; bytes: number; isTorn: boolean } {
  const lines = text.split("\n");
  const rest = lines.pop()!;
  const entries = lines.map((line, i) => {
    const entry = entryOf(line);
    if (entry === undefined)
      throw new InputError(
        `${path}: line ${i + 1} is damaged: restore the file from a copy, or cut it before that line`,
      );
    return entry;
  });
  if (lines.length === 0 && !isBegun(rest))
    throw new InputError(`${path}: is no journal: name another file, or remove it if it is of no use`);
  // A line that lacks nothing but its end was written all the same.
  const lastEntry = rest === "" ? undefined : entryOf(rest);
  if (lastEntry) entries.push(lastEntry);
  const kept = lastEntry ? text : text.slice(0, text.length - rest.length);
  return { entries, bytes: Buffer.byteLength(kept), isTorn: rest !== "" };
}

/** Whether text may be the beginning of the first line of a journal. */
function isBegun(text: string): boolean {
  const first = '{"kind":"start"';
  return text.startsWith(first) || first.startsWith(text);
}

async function repair(file: FileHandle, text: string, bytes: number): Promise<void> {
  await file.truncate(bytes);
  if (bytes === Buffer.byteLength(text)) await file.appendFile("\n");
  await file.datasync();
}

function lineOf(entry: object): string {
  const body = JSON.stringify(entry).slice(0, -1);
  return `${body},"check":"${checkOf(body)}"}\n`;
}

function entryOf(line: string): object | undefined {
  const [, body, check] = LINE.exec(line) ?? [];
  return body !== undefined && checkOf(body) === check ? (JSON.parse(`${body}}`) as object) : undefined;
}

const checkOf = (text: string): string => crc32(text).toString(16).padStart(8, "0");
