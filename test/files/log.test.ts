/** A journal's file: what was written stays, wherever the writing stopped. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { openLog } from "../../src/files/log.ts";
import { InputError } from "../../src/errors.ts";
import { scratchFolder } from "./scratch.ts";

const scratch = scratchFolder();
let files = 0;
const scratchFile = (name: string): string => scratch(`${files++}-${name}`);

const entries = [
  { kind: "start", pool: "0123" },
  { kind: "picks", picks: [{ row: 3, reason: 'by "top-k" of\nentropy → ü' }] },
  { kind: "answer", row: 3, label: null },
];

async function written(): Promise<{ path: string; text: string }> {
  const path = scratchFile("journal.jsonl");
  const log = await openLog(path);
  expect(log.entries).toEqual([]);
  await log.append(entries[0]);
  await log.append(...entries.slice(1));
  await log.close();
  return { path, text: await readFile(path, "utf8") };
}

async function reread(path: string): Promise<readonly object[]> {
  const log = await openLog(path);
  await log.close();
  return log.entries;
}

test("entries come back, and more go after them", async () => {
  const { path } = await written();
  const log = await openLog(path);
  expect(log.entries).toEqual(entries);
  await log.append({ kind: "round" });
  expect(log.entries).toEqual([...entries, { kind: "round" }]);
  await log.close();
  expect(await reread(path)).toEqual([...entries, { kind: "round" }]);
});

test("appends come one after the other, however they are asked for", async () => {
  const { path } = await written();
  const log = await openLog(path);
  const more = Array.from({ length: 50 }, (_, i) => ({ kind: "answer", i }));
  await Promise.all(more.map((entry) => log.append(entry)));
  await log.close();
  expect(await reread(path)).toEqual([...entries, ...more]);
});

test("a file that is removed meanwhile takes no more answers", async () => {
  const { path } = await written();
  const log = await openLog(path);
  await rm(path);
  await expect(log.append({ kind: "answer" })).rejects.toThrow(/was moved or removed while it was open/);
  await log.close();
});

test("a line is JSON that anything can read", async () => {
  const { text } = await written();
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toEqual(entries.map((entry) => ({ ...entry, check: expect.stringMatching(/^[0-9a-f]{8}$/) })));
});

test("a last line that was cut off anywhere is taken away, and the file goes on", async () => {
  const { path, text } = await written();
  const bytes = Buffer.from(text);
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 10).map((at) => at + 1);
  for (let size = 0; size < bytes.length; size++) {
    await writeFile(path, bytes.subarray(0, size));
    // A line that lacks nothing but its end is whole.
    const whole = ends.filter((end) => end <= size + 1).length;
    const log = await openLog(path);
    expect(log.entries, `${size} bytes`).toEqual(entries.slice(0, whole));
    await log.append({ after: size });
    await log.close();
    expect(await reread(path), `${size} bytes`).toEqual([...entries.slice(0, whole), { after: size }]);
  }
});

describe("damage", () => {
  test("of any byte before the last line is refused, by line", async () => {
    const { path, text } = await written();
    const bytes = Buffer.from(text);
    const last = bytes.lastIndexOf(10, bytes.length - 2);
    for (let at = 0; at <= last; at++) {
      const spoilt = Buffer.from(bytes);
      spoilt[at] ^= 1;
      await writeFile(path, spoilt);
      const promise = openLog(path);
      await expect(promise, `byte ${at}`).rejects.toThrow(InputError);
      await expect(promise, `byte ${at}`).rejects.toThrow(
        /journal\.jsonl: line \d is damaged, or a line before it is missing: restore the file from a copy, or cut it before that line$/,
      );
    }
  });

  test("of lines that are missing, twice there or in another order is refused, by line", async () => {
    const { path, text } = await written();
    const [a, b, c] = text.trimEnd().split("\n");
    for (const [lines, line] of [
      [[a, c], 2],
      [[b, c], 1],
      [[a, b, b, c], 3],
      [[a, c, b], 2],
    ] as const) {
      await writeFile(path, lines.map((one) => `${one}\n`).join(""));
      await expect(openLog(path)).rejects.toThrow(`line ${line} is damaged, or a line before it is missing`);
    }
  });

  test.each([
    ["an answer that was edited", (text: string) => text.trimEnd().replace('"row":3,"label"', '"row":4,"label"')],
    ["words at the end", (text: string) => `${text}remember the milk`],
  ])("of the last line that is no cut is refused: %s", async (_, spoil) => {
    const { path, text } = await written();
    const spoilt = spoil(text);
    expect(spoilt).not.toBe(text.trimEnd());
    await writeFile(path, spoilt);
    await expect(openLog(path)).rejects.toThrow(/its last line is damaged, and not by being cut off/);
    expect(await readFile(path, "utf8")).toBe(spoilt);
  });

  test("a tail of zeros, as a crash may leave, is taken away", async () => {
    const { path, text } = await written();
    await writeFile(path, `${text}\0\0\0\0`);
    expect(await reread(path)).toEqual(entries);
  });

  test.each(["my only copy of something", '{"a":[1,2,3]}', "["])(
    "a file of one line that is no journal is left as it is: %j",
    async (text) => {
      const path = scratchFile("journal.jsonl");
      await writeFile(path, text);
      await expect(openLog(path)).rejects.toThrow(/journal\.jsonl: is no journal: name another file/);
      expect(await readFile(path, "utf8")).toBe(text);
    },
  );

  test.each(["row\n1\n", "{}\n", "\n", '{"kind":"start"}\n'])("another kind of file is refused: %j", async (text) => {
    const path = scratchFile("journal.jsonl");
    await writeFile(path, text);
    await expect(openLog(path)).rejects.toThrow(/line 1 is damaged/);
    expect(await readFile(path, "utf8")).toBe(text);
  });

  test("a place that cannot be written is one line", async () => {
    await expect(openLog(`${scratchFile("nowhere")}/journal.jsonl`)).rejects.toThrow(
      /journal\.jsonl: could not be opened as a journal: no such file or folder; check the path$/,
    );
  });
});

describe("one at a time", () => {
  test("has a journal open, in a process", async () => {
    const { path } = await written();
    const log = await openLog(path);
    await expect(openLog(path)).rejects.toThrow(/journal\.jsonl: is open already: close it first$/);
    await symlink(path, `${path}.link`);
    await expect(openLog(`${path}.link`)).rejects.toThrow(/is open already/);
    await log.append({ kind: "round" });
    await log.close();
    expect(await reread(path)).toEqual([...entries, { kind: "round" }]);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test("and of two that ask at once", async () => {
    const { path } = await written();
    const results = await Promise.allSettled([openLog(path), openLog(path), openLog(path)]);
    const open = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(open.length).toBe(1);
    await open[0].close();
  });

  test("of all processes; what one that is gone has left is taken over", async () => {
    const { path } = await written();
    const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    await once(other, "spawn");
    const lock = `${path}.lock`;
    await writeFile(lock, `${other.pid} ${hostname()}\n`);
    await expect(openLog(path)).rejects.toThrow(
      new RegExp(
        `journal\\.jsonl: process ${other.pid} on ${hostname()} is at work on it: end that first, or remove .*lock`,
      ),
    );
    expect(await readFile(lock, "utf8")).toContain(String(other.pid));
    other.kill("SIGKILL");
    await once(other, "exit");
    expect(await reread(path)).toEqual(entries);
  });

  test.each([
    ["a process that died before it wrote its number", () => ""],
    ["nothing that makes sense", () => "lock"],
  ])("after %s", async (_, text) => {
    const { path } = await written();
    await writeFile(`${path}.lock`, text());
    const before = new Date(Date.now() - 60_000);
    await utimes(`${path}.lock`, before, before);
    expect(await reread(path)).toEqual(entries);
  });

  test("after an earlier process of this one's number, and not after another thread", async () => {
    const { path } = await written();
    const lock = `${path}.lock`;
    await writeFile(lock, `${process.pid} ${hostname()}\n`);
    await expect(openLog(path)).rejects.toThrow(`process ${process.pid} on ${hostname()} is at work on it`);
    const before = new Date(Date.now() - 1000 * process.uptime() - 60_000);
    await utimes(lock, before, before);
    expect(await reread(path)).toEqual(entries);
  });

  test("not of another machine's, of which nothing is known here", async () => {
    const { path } = await written();
    await writeFile(`${path}.lock`, "1 elsewhere\n");
    await expect(openLog(path)).rejects.toThrow(/process 1 on elsewhere is at work on it/);
  });
});
