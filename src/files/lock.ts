/** One process at a time at a file: a lock beside it names its holder, and is worth nothing once that is gone. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { InputError } from "../errors.ts";

/** How far a file system's clock may be behind. */
const CLOCK_MS = 50;

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
  try {
    await writeFile(path, own, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** What a lock says; undefined where it has gone by now. */
async function holderOf(path: string): Promise<string | undefined> {
  const read = (): Promise<string | undefined> => readFile(path, "utf8").catch(() => undefined);
  const found = await read();
  if (found !== "") return found;
  // Made and not yet written to, or left so by a crash in between.
  await new Promise((resolve) => setTimeout(resolve, 200));
  return read();
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

/** Takes away the lock of a process that is gone, and no other: two may be about it at the same time. */
async function takeAway(path: string, holder: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, "utf8")) === holder) await rm(aside, { force: true });
  else await rename(aside, path);
}
