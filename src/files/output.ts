/** Output files are whole or absent: written beside their place, then renamed. */
import { randomBytes } from "node:crypto";
import { constants, rmSync } from "node:fs";
import { access, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../errors.ts";
import { reason } from "./fileBytes.ts";
import { extensionOf } from "./extension.ts";
import type { Write } from "./lines.ts";

/**
 * Runs `fill`, whose writes become the file at `path`; "-" is standard output. When `fill` fails, nothing is left
 * behind and a file that was there is untouched. A place that cannot be written is an InputError. A signal ends it
 * between two writes, with its reason.
 */
export async function writeFileWhole(
  path: string,
  fill: (write: Write) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const heeding =
    (write: Write): Write =>
    (chunk) => {
      signal?.throwIfAborted();
      return write(chunk);
    };
  if (path === "-") return fill(heeding(writeStdout));
  const { target, mode } = await targetOf(path);
  const temporary = join(dirname(target), `.poolwise-${randomBytes(6).toString("hex")}.tmp`);
  const refuse = (error: unknown): never => {
    throw new InputError(`${path}: could not be written: ${reason(error)}`);
  };
  // Opened by its own name only, so that no other file is ever overwritten or removed.
  const file = await open(temporary, "wx", mode).catch(refuse);
  unfinished.add(temporary);
  try {
    await fill(heeding((chunk) => file.writeFile(chunk).catch(refuse)));
    await file.sync().catch(refuse);
    await file.close();
    await rename(temporary, target).catch(refuse);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  } finally {
    unfinished.delete(temporary);
  }
}

/** Files that are not whole yet: a process that ends before they are takes them along. */
const unfinished = new Set<string>();

process.on("exit", () => {
  for (const path of unfinished) rmSync(path, { force: true });
});

/** Refuses, before any work is done, an output that could not be written in the end. "-" always can. */
export async function checkOutput(path: string, known: readonly string[]): Promise<void> {
  if (path === "-") return;
  if (path === "") throw new InputError("--out is empty: name a file, or - for standard output");
  extensionOf(path, known);
  await targetOf(path);
}

/** The path to replace, links followed, and who may read it, once it is known to be a place where a file can be put. */
async function targetOf(path: string): Promise<{ target: string; mode: number }> {
  const target = await realpath(path).catch(() => path);
  const present = await stat(target).catch(() => undefined);
  if (present?.isDirectory() || path.endsWith("/"))
    throw new InputError(`${path}: is a folder; give the name of a file in it`);
  if (present && !present.isFile()) throw new InputError(`${path}: not a regular file; use - for standard output`);
  if (present) {
    await access(target, constants.W_OK).catch(() => {
      throw new InputError(`${path}: may not be overwritten; change its permissions or choose another name`);
    });
  }
  const folder = dirname(target);
  const place = await stat(folder).catch(() => undefined);
  if (!place?.isDirectory()) throw new InputError(`${path}: there is no folder ${folder}; create it first`);
  await access(folder, constants.W_OK | constants.X_OK).catch(() => {
    throw new InputError(`${path}: the folder ${folder} may not be written; choose another or change its permissions`);
  });
  return { target, mode: present ? present.mode & 0o777 : 0o666 };
}

/** A reader that has seen enough, as in `poolwise … | head`, closes the pipe: that is no failure. */
function writeStdout(chunk: Uint8Array | string): Promise<void> {
  const { stdout } = process;
  // Errors reach us by the callback; without a listener the event would end the process as well.
  if (!stdout.listeners("error").includes(ignore)) stdout.on("error", ignore);
  return new Promise((resolve, reject) => {
    stdout.write(chunk, (error) => {
      const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
      if (!error || code === "EPIPE" || code === "ERR_STREAM_DESTROYED") resolve();
      else reject(new InputError(`standard output could not be written: ${reason(error)}`));
    });
  });
}

function ignore(): void {}
