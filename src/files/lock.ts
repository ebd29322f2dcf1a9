/** One process at a time at a file: a lock beside it names its holder, and is worth nothing once that is gone. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { open, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { InputError } from "../errors.ts";

/** How far a file system's clock may be behind. */
const CLOCK_MS = 50;
/** How long a process may take from making a lock to writing its name there, on a machine that is very busy. */
const UNWRITTEN_MS = 3000;
/** Between two looks at what another process is about to do. */
const PAUSE_MS = 20;

/** Locks that this process holds or asks for. */
const held = new Set<string>();
const own = `${process.pid} ${hostname()}\n`;

process.on("exit", () => {
  for (const path of held) if (existsSync(path) && readFileSync(path, "utf8") === own) rmSync(path, { force: true });
});

/**
 * Locks a file, by `<file>.lock`, until what this gives back is called or the process ends, however it does.
 *
 * @throws InputError where a process that is alive holds it, or may be alive, being on another machine
 */
export async function lockFile(file: string): Promise<() => Promise<void>> {
  const path = `${file}.lock`;
  if (held.has(path)) throw new InputError(`${file}: is open already: close it first`);
  held.add(path);
  try {
    while (!(await isMade(path))) {
      const holder = await holderOf(path);
      if (holder === undefined) continue;
      const [pid, host] = holder.trim().split(" ");
      if (await isAlive(path, Number(pid), host))
        throw new InputError(
          `${file}: process ${pid} on ${host} is at work on it: end that first, or remove ${path} if that is another program`,
        );
      await takeAway(path, holder);
    }
  } catch (error) {
    held.delete(path);
    throw error;
  }
  return async () => {
    held.delete(path);
    await rm(path, { force: true });
  };
}

async function isMade(path: string): Promise<boolean> {
  const made = await open(path, "wx").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") return undefined;
    throw error;
  });
  try {
    await made?.writeFile(own);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await made?.close();
  }
  return made !== undefined;
}

/** What a lock says; undefined where it has gone by now. */
async function holderOf(path: string): Promise<string | undefined> {
  for (;;) {
    const found = await readFile(path, "utf8").catch(() => undefined);
    if (found !== "") return found;
    // Made and not yet written to, or left so by a crash in between.
    const made = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
    if (Date.now() - made > UNWRITTEN_MS) return found;
    await pause();
  }
}

async function isAlive(path: string, pid: number, host: string | undefined): Promise<boolean> {
  if (!Number.isInteger(pid) || host === undefined) return false;
  if (host !== hostname()) return true;
  // Another thread of this process has it, unless one before it had the same number.
  if (pid === process.pid) {
    const made = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
    return made > Date.now() - 1000 * process.uptime() - CLOCK_MS;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * Takes away the lock of a process that is gone, and no other: only under a lock of its own, which lets nobody else do so
 * between the look and the taking. Who does not get that one looks again.
 */
async function takeAway(path: string, holder: string): Promise<void> {
  const unlock = await lockFile(path).catch((error: unknown) => {
    if (error instanceof InputError) return undefined;
    throw error;
  });
  if (!unlock) return pause();
  try {
    if ((await readFile(path, "utf8").catch(() => undefined)) === holder) await rm(path, { force: true });
  } finally {
    await unlock();
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
