/** One input, read to its end in this process, and what was wrong about how that went. */
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../../../src/errors.ts";
import { inputOf, type Kind, subjects } from "./subjects.ts";

/** Of a file that was read to its end, of one that was refused and why, and of what must not be. */
export type Outcome = { readonly opened: true } | { readonly refused: string } | { readonly wrong: string };

/** What is read at a time, and pieces that are kept, whatever a file says. */
const FIXED = 2 ** 25;
/** What a byte may unpack to: 1032 by DEFLATE, and by the ZSTD of tables of columns as much as this. */
const TIMES = { zip: 1100, columns: 2 ** 15 };
/** A line for a person. The name of the file comes on top. */
const LONGEST_LINE = 1000;
/** Of this process, so that others at work on the machine do not count. */
const HANG_MS = 10_000;

/** The longest array that was asked for by its length since this was 0. */
let longest = 0;

/** Counts what arrays are made by their length: a claim costs nothing until it is touched, and so escapes other measures. */
export function countArrays(): void {
  for (const name of [
    "Uint8Array",
    "Int32Array",
    "Uint32Array",
    "Float32Array",
    "Float64Array",
    "BigInt64Array",
    "ArrayBuffer",
  ] as const) {
    const real = globalThis[name] as new (...given: unknown[]) => object;
    Object.assign(globalThis, {
      [name]: new Proxy(real, {
        construct(target, given, by) {
          if (typeof given[0] === "number")
            longest = Math.max(
              longest,
              given[0] * ((target as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1),
            );
          return Reflect.construct(target, given, by);
        },
      }),
    });
  }
}

export async function tried(kind: Kind, input: number, folder: string): Promise<Outcome> {
  const { name, content, draws } = inputOf(kind, input);
  return judged(join(folder, name), content, (path) => subjects[kind].read(path, draws));
}

/** Writes a file, reads it, and takes it away. */
export async function judged(
  path: string,
  content: Uint8Array,
  read: (path: string) => Promise<unknown>,
): Promise<Outcome> {
  const folder = dirname(path);
  writeFileSync(path, content);
  const before = readdirSync(folder).join();
  longest = 0;
  const began = process.cpuUsage();
  let outcome: Outcome = { opened: true };
  try {
    await read(path);
  } catch (error) {
    const wrong = faultOf(error, path);
    outcome = wrong === undefined ? { refused: (error as Error).message.replace(path, "") } : { wrong };
  }
  const { user, system } = process.cpuUsage(began);
  const took = (user + system) / 1000;
  const after = readdirSync(folder).join();
  rmSync(path);
  if ("wrong" in outcome) return outcome;
  if (took > HANG_MS) return { wrong: `took ${Math.round(took)} ms` };
  const times = /\.(parquet|arrows?|feather|ipc)$/.test(path) ? TIMES.columns : TIMES.zip;
  if (longest > FIXED + times * content.length)
    return { wrong: `asked for ${longest} bytes at once, of a file of ${content.length}` };
  if (after !== before) return { wrong: `left ${after} where there was ${before}` };
  if (Object.keys(Object.prototype).length > 0 || "polluted" in {}) return { wrong: "changed what all objects are" };
  return outcome;
}

/** Undefined for an error as a user should meet it. */
export function faultOf(error: unknown, path: string): string | undefined {
  if (!(error instanceof InputError))
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`.slice(0, 700);
  const { message } = error;
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(message)) return `is not one plain line: ${JSON.stringify(message).slice(0, 300)}`;
  if (message.length > LONGEST_LINE + path.length) return `is a line of ${message.length}: ${message.slice(0, 200)}`;
  // A journal is what its caller calls it.
  if (!message.includes(path) && !message.startsWith("journal: "))
    return `does not name the file: ${message.slice(0, 300)}`;
  return undefined;
}
