/**
 * A log of entries that outlives a crash at any moment: JSON lines, on disk before `append` comes back, each with a
 * checksum of itself and of all lines before it.
 */
import { open, realpath, stat, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { InputError } from "../errors.ts";
import { reason } from "./fileBytes.ts";
import { lockFile } from "./lock.ts";

export interface Log {
  /** What is there, oldest first. */
  readonly entries: readonly object[];
  /** Comes back once all of these are on disk. */
  append(...entries: object[]): Promise<void>;
  close(): Promise<void>;
}

/** Of a line: what it holds, and the checksum, which comes last. */
const LINE = /^(\{.*),"check":"([0-9a-f]{8})"\}$/;

/**
 * Opens a log, or begins one where there is no file.
 *
 * A last line that was cut off while it was written is taken away: what it said was never acted upon. One process at a
 * time has it open.
 *
 * @throws InputError where a line is damaged or missing, the file cannot be read and written, or another process has it open
 */
export async function openLog(path: string): Promise<Log> {
  const refuse = (error: unknown): never => {
    throw new InputError(`${path}: could not be opened as a journal: ${reason(error)}`);
  };
  const file = await open(path, "a+").catch(refuse);
  let unlock: (() => Promise<void>) | undefined;
  const close = async (): Promise<void> => {
    await file.close();
    await unlock?.();
  };
  try {
    unlock = await realpath(path)
      .then(lockFile)
      .catch((error: unknown) => {
        throw error instanceof InputError ? error : new InputError(`${path}: could not be locked: ${reason(error)}`);
      });
    const text = await file.readFile("utf8").catch(refuse);
    const { entries, bytes, isTorn, check } = read(path, text);
    if (isTorn) await repair(file, text, bytes).catch(refuse);
    const { size: whole, ino } = await file.stat();
    let size = whole;
    let last = check;
    const write = async (added: readonly object[]): Promise<void> => {
      if (added.length === 0) return;
      if ((await stat(path).catch(() => undefined))?.ino !== ino)
        throw new InputError(`${path}: was moved or removed while it was open: put it back, and begin again`);
      let sum = last;
      const lines = Buffer.from(
        added
          .map((entry) => {
            const { line, check: own } = lineOf(entry, sum);
            sum = own;
            return line;
          })
          .join(""),
      );
      try {
        await file.appendFile(lines);
        await file.datasync();
      } catch (error) {
        // What is half there would damage what comes after it.
        await file.truncate(size).catch(() => {});
        throw new InputError(`${path}: could not be written: ${reason(error)}`);
      }
      size += lines.length;
      last = sum;
      entries.push(...added);
    };
    /** One after the other, whoever asks. */
    let turn: Promise<void> = Promise.resolve();
    return {
      entries,
      append(...added) {
        const own = turn.then(() => write(added));
        turn = own.catch(() => {});
        return own;
      },
      close: () => turn.then(close),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Contents {
  readonly entries: object[];
  /** That whole lines take. */
  readonly bytes: number;
  /** Whether something is wrong with what follows. */
  readonly isTorn: boolean;
  /** Checksum of the last line. */
  readonly check: number;
}

function read(path: string, text: string): Contents {
  const lines = text.split("\n");
  const rest = lines.pop()!;
  const entries: object[] = [];
  let check = 0;
  lines.forEach((line, i) => {
    const found = entryOf(line, check);
    if (found === undefined)
      throw new InputError(
        `${path}: line ${i + 1} is damaged, or a line before it is missing: restore the file from a copy, or cut it before that line`,
      );
    entries.push(found.entry);
    check = found.check;
  });
  if (lines.length === 0 && !isBegun(rest))
    throw new InputError(`${path}: is no journal: name another file, or remove it if it is of no use`);
  // A line that lacks nothing but its end was written all the same.
  const last = rest === "" ? undefined : entryOf(rest, check);
  if (rest !== "" && !last && !isTornOff(rest))
    throw new InputError(
      `${path}: its last line is damaged, and not by being cut off: restore the file from a copy, or cut it before that line`,
    );
  if (last) entries.push(last.entry);
  const kept = last ? text : text.slice(0, text.length - rest.length);
  return { entries, bytes: Buffer.byteLength(kept), isTorn: rest !== "", check: last?.check ?? check };
}

/** Whether a last line is one that was cut off while it was written, or that a crash has left as zeros. */
function isTornOff(line: string): boolean {
  const first = '{"kind":"';
  return (first.startsWith(line) || line.startsWith(first) || /^\0+$/.test(line)) && !LINE.test(line);
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

function lineOf(entry: object, before: number): { line: string; check: number } {
  const body = JSON.stringify(entry).slice(0, -1);
  const check = crc32(body, before);
  return { line: `${body},"check":"${digitsOf(check)}"}\n`, check };
}

function entryOf(line: string, before: number): { entry: object; check: number } | undefined {
  const [, body, digits] = LINE.exec(line) ?? [];
  if (body === undefined) return undefined;
  const check = crc32(body, before);
  if (digitsOf(check) !== digits) return undefined;
  try {
    return { entry: JSON.parse(`${body}}`) as object, check };
  } catch {
    return undefined; // a checksum can be made for anything
  }
}

const digitsOf = (check: number): string => check.toString(16).padStart(8, "0");
