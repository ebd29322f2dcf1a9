/** Rows that come only once, kept where they can be read again: in memory if they are few, else in a temporary file. */
import { randomBytes } from "node:crypto";
import { readSync, rmSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import { arraySource, type RowSource } from "../matrix.ts";
import { closed } from "./bytes.ts";
import { type Chunks, givenChunks, givenOptions, type KeepOptions } from "./chunks.ts";
import { reason } from "./fileBytes.ts";
import { checkRange, gatherRows } from "./gather.ts";

/**
 * Takes chunks of whole rows, in order, and gives what they are as a source; close it. More than 8 MiB go to the
 * folder that TMPDIR names, into a file that is gone when this process is.
 */
export async function spool(name: string, cols: number, chunks: Chunks, signal?: AbortSignal): Promise<RowSource> {
  let file: Temporary | undefined;
  try {
    const { rows, rest } = await gatherRows(
      name,
      cols,
      chunks,
      async (piece) => {
        file ??= await openTemporary(name);
        await file.append(piece);
      },
      signal,
    );
    if (!file) return { ...arraySource(name, rest, rows, cols), async close() {} };
    await file.append(rest);
    return fileSource(name, rows, cols, file);
  } catch (error) {
    await file?.close();
    throw error;
  }
}

/**
 * Takes rows from anything that gives them once, such as an encoder's batches, and keeps them for a pool to read again and
 * again: up to 8 MiB in memory, more of them in a temporary file. Close them when done. What the iterable throws comes
 * through, and nothing is left behind.
 *
 * @throws InputError where a chunk is no Float32Array of whole rows, or there are no rows
 */
export async function keepRows(chunks: Chunks, options: KeepOptions): Promise<RowSource> {
  const { cols, name = "rows", signal } = givenOptions(options);
  return spool(name, cols, givenChunks(name, cols, chunks), signal);
}

function fileSource(name: string, rows: number, cols: number, file: Temporary): RowSource {
  return {
    name,
    rows,
    cols,
    async read(start, count, into) {
      checkRange(name, rows, cols, start, count, into);
      await file.read(into, start * cols * 4);
    },
    async direct() {
      return { read: (start, _, into) => file.readNow(into, start * cols * 4), async close() {} };
    },
    close: () => file.close(),
  };
}

interface Temporary {
  append(values: Float32Array): Promise<void>;
  read(into: Float32Array, position: number): Promise<void>;
  readNow(into: Float32Array, position: number): void;
  close(): Promise<void>;
}

/** A file for this process alone. */
async function openTemporary(name: string): Promise<Temporary> {
  const folder = tmpdir();
  const path = join(folder, `poolwise-${randomBytes(16).toString("hex")}.tmp`);
  let closing: Promise<void> | undefined;
  const refuse = (error: unknown): never => {
    if (closing) throw closed(name);
    throw new InputError(`${name}: could not be kept in ${folder}, the folder that TMPDIR names: ${reason(error)}`);
  };
  const file = await open(path, "wx+", 0o600).catch(refuse);
  const remove = await unlink(path).catch(async (error) => {
    await file.close();
    return refuse(error);
  });
  return {
    append: (values) => file.writeFile(bytesOf(values)).catch(refuse),
    read: (into, position) => fill(file, bytesOf(into), position).catch(refuse),
    readNow(into, position) {
      try {
        fillNow(file.fd, bytesOf(into), position);
      } catch (error) {
        refuse(error);
      }
    },
    close: () => (closing ??= file.close().then(remove)),
  };
}

/** Takes the name of an open file away, so that no crash leaves it behind; gives what is left to do once it is closed. */
async function unlink(path: string): Promise<() => void> {
  if (process.platform !== "win32") {
    await rm(path);
    return nothing;
  }
  const remove = (): void => rmSync(path, { force: true });
  process.once("exit", remove);
  return () => {
    process.off("exit", remove);
    remove();
  };
}

function nothing(): void {}

async function fill(file: FileHandle, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, Math.min(into.length - done, LONGEST_READ), position + done);
    done += checked(bytesRead);
  }
}

function fillNow(file: number, into: Uint8Array, position: number): void {
  for (let done = 0; done < into.length;)
    done += checked(readSync(file, into, done, Math.min(into.length - done, LONGEST_READ), position + done));
}

function checked(read: number): number {
  if (read === 0) throw new Error("the temporary file is too short; load it again");
  return read;
}

/** One read call takes less than 2 GiB. */
const LONGEST_READ = 2 ** 30;

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
