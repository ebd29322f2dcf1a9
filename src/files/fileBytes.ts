/** Files of this machine as bytes. */
import { fstatSync, readSync, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { InputError } from "../errors.ts";
import { type Bytes, closed, endsEarly } from "./bytes.ts";

/** Opens a regular file; a missing, unreadable or special one is an InputError. */
export async function openBytes(path: string): Promise<Bytes> {
  const { handle, began } = await openRegular(path).catch((error) => {
    throw error instanceof InputError ? error : new InputError(`${path}: ${reason(error)}`);
  });
  let isClosed = false;
  const refuse = (error: unknown): never => {
    throw isClosed ? closed(path) : new InputError(`${path}: ${reason(error)}`);
  };
  const checkRead = (read: number, position: number, missing: number): void => {
    if (read === 0) throw endsEarly(path, position, missing);
  };
  const checkSame = (now: Stats): void => {
    if (now.mtimeMs !== began.mtimeMs || now.size !== began.size)
      throw new InputError(`${path}: was written to while it was read: read it again when it is whole`);
  };
  let looked = -Infinity;
  return {
    name: path,
    size: began.size,
    async read(into, position) {
      for (let done = 0; done < into.length;) {
        const length = Math.min(into.length - done, LONGEST_READ);
        const { bytesRead } = await handle.read(into, done, length, position + done).catch(refuse);
        checkRead(bytesRead, position + done, into.length - done);
        done += bytesRead;
      }
      checkSame(await handle.stat().catch(refuse));
    },
    readNow(into, position) {
      try {
        for (let done = 0; done < into.length;) {
          const length = Math.min(into.length - done, LONGEST_READ);
          const read = readSync(handle.fd, into, done, length, position + done);
          checkRead(read, position + done, into.length - done);
          done += read;
        }
        const now = performance.now();
        if (now - looked < LOOK_MS) return;
        looked = now;
        checkSame(fstatSync(handle.fd));
      } catch (error) {
        if (error instanceof InputError) throw error;
        refuse(error);
      }
    },
    close() {
      isClosed = true;
      return handle.close();
    },
  };
}

async function openRegular(path: string): Promise<{ handle: FileHandle; began: Stats }> {
  // Looked at before it is opened: opening a named pipe would wait for a writer.
  if (!(await stat(path)).isFile())
    throw new InputError(`${path}: not a regular file; give one that can be read anywhere`);
  const handle = await open(path, "r");
  return { handle, began: await handle.stat() };
}

/** One read call takes less than 2 GiB. */
const LONGEST_READ = 2 ** 30;
/** Between two looks at whether a file has been written to, where it is read by the page: a look costs as much as one. */
const LOOK_MS = 1;

/** The whole of a text file, for lists that a person or a tool wrote. */
export async function readText(path: string): Promise<string> {
  const bytes = await openBytes(path);
  try {
    if (bytes.size > LONGEST_TEXT)
      throw new InputError(`${path}: ${bytes.size} bytes is too long for a list; use .npy`);
    const content = new Uint8Array(bytes.size);
    await bytes.read(content, 0);
    return new TextDecoder().decode(content);
  } finally {
    await bytes.close();
  }
}

/** A string in V8 holds about 512 Mi characters. */
const LONGEST_TEXT = 2 ** 28;

/** What a failed call of the file system means, in words. */
export function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return (code && REASONS[code]) || (error instanceof Error ? error.message : String(error));
}

const REASONS: Record<string, string> = {
  ENOENT: "no such file or folder; check the path",
  ENOTDIR: "a part of the path is not a folder; check the path",
  EISDIR: "is a folder; give a file",
  EACCES: "permission denied; check who may read and write it",
  EPERM: "operation not permitted; check who may read and write it",
  EROFS: "the file system is read-only; choose another folder",
  ENOSPC: "no space left on the device; free some or choose another folder",
  EFBIG: "the file gets larger than its folder or a limit allows; choose another folder or raise the limit",
  EDQUOT: "the disk quota is used up; free some or choose another folder",
  EMFILE: "too many open files; close some or raise the limit",
  ENAMETOOLONG: "the name is too long; shorten it",
};
