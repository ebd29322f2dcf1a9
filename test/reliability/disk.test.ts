/** A disk that fills up, and files that change while they are read. */
import { spawn } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { InputError, openEngine, type RowSource } from "../../src/index.ts";
import { openRows } from "../../src/node.ts";
import { commandLine, ended, fromSource, main, type Ran } from "../cli/commandLine.ts";
import { npy } from "../cli/npy.ts";
import { expectRefusal } from "../cli/refusal.ts";
import { makeBlobs } from "../support/blobs.ts";
import { isSoak } from "../support/soak.ts";
import { decided, expectNoneAskedAgain, loopScript } from "./support/journalled.ts";

const { file } = commandLine();
vi.setConfig({ testTimeout: 180_000 });

/** A limit on the size of files is the nearest thing to a full disk that everybody may have: in blocks of 512 bytes. */
const limited = (blocks: number, args: readonly string[]): Promise<Ran> =>
  ended(spawn("sh", ["-c", `ulimit -f ${blocks} && exec "$0" "$@"`, process.execPath, ...fromSource, ...args]));

describe("a disk that is full", () => {
  const pool = file(
    "pool.npy",
    npy(
      Float32Array.from({ length: 40_000 }, (_, i) => (i * i) % 17),
      { shape: "(20000, 2)" },
    ),
  );
  const { features, labels } = makeBlobs(4, 300, 3, 6, 2);
  const x = file("x.npy", npy(features.data, { shape: "(300, 6)" }));
  const y = file("y.npy", npy(Int32Array.from(labels), { shape: "(300,)", descr: "<i4" }));
  const score = ["score", pool, "--strategy", "margin,entropy"];
  const select = ["select", pool, "-k", "9000"];

  test.each([
    ["scores.npy", score],
    ["scores.csv", score],
    ["scores.jsonl", score],
    ["picks.json", select],
    ["picks.npy", select],
    ["picks.csv", select],
  ])("%s: refused in one line, no half file, and what was there is as it was", async (name, args) => {
    const out = file(`full/${name}`, "before");
    const ran = await limited(32, [main, ...args, "--backend", "cpu", "--quiet", "--out", out]);
    expectRefusal(ran, [
      new RegExp(
        `full/${name}: could not be written: the file gets larger than .*; choose another folder or raise the limit`,
      ),
    ]);
    expect(readFileSync(out, "utf8")).toBe("before");
    expect(readdirSync(dirname(out)).filter((one) => one.endsWith(".tmp"))).toEqual([]);
  });

  test("simulate: refused in one line, runs that are there stay, and it goes on from them", async () => {
    const args = [
      main,
      "simulate",
      "--features",
      x,
      "--labels",
      y,
      "--strategies",
      "margin",
      "-k",
      "5",
      "--rounds",
      "6",
    ];
    args.push("--seeds", "2", "--backend", "cpu", "--threads", "1", "--quiet", "--out");
    const [whole, out] = [file("whole"), file("study")];
    const names = (): string[] => readdirSync(join(out, "runs"));
    expectRefusal(await limited(4, [...args, out]), [/study\/.*: could not be written: the file gets larger/]);
    const before = names();
    expect(before.length).toBeGreaterThan(0);
    for (const name of before) JSON.parse(readFileSync(join(out, "runs", name), "utf8"));
    expect(readdirSync(out, { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".tmp"))).toEqual([]);
    for (const folder of [out, whole])
      expect(await limited(2 ** 20, [...args, folder])).toMatchObject({ code: 0, stderr: "" });
    expect(names().length).toBe(6);
    expect(picksIn(out)).toEqual(picksIn(whole));
  });

  test("a journal that cannot grow: the loop ends in one line, what was answered stays, and it goes on to the same picks", async () => {
    const [whole, wholeAsked] = [file("whole.jsonl"), file("whole.txt")];
    const [journal, asked] = [file("journal.jsonl"), file("asked.txt")];
    const full = await limited(20, [loopScript, journal, asked]);
    expect(full.code).not.toBe(0);
    expect(full.stderr).toMatch(
      /InputError: \S*journal\.jsonl: could not be written: the file gets larger than [^\n]*\n/,
    );
    const before = decided(journal);
    expect(before.length).toBeGreaterThan(20);
    for (const args of [
      [whole, wholeAsked],
      [journal, asked],
    ])
      expect(await limited(2 ** 20, [loopScript, ...args])).toMatchObject({ code: 0 });
    expect(decided(journal)).toEqual(decided(whole));
    expect(decided(journal).slice(0, before.length)).toEqual(before);
    expectNoneAskedAgain(asked);
  });
});

/** Rows of a file as it was, all alike, and as it becomes: what comes of both can be told apart row by row. */
const ROWS = 400_000;
const filled = (row: readonly number[]): Float32Array => Float32Array.from({ length: 2 * ROWS }, (_, i) => row[i % 2]);
const [before, after] = [filled([1, 0]), filled([0, 3])].map((values) => npy(values, { shape: `(${ROWS}, 2)` }));

/** `row` is one more as it was. */
const changes: Record<string, (path: string, whole: Uint8Array | string, row?: string) => void> = {
  truncated: (path) => truncateSync(path, (readFileSync(path).length >> 1) & ~3),
  grown: (path, _, row = "more") => appendFileSync(path, row),
  "written anew": (path, whole) => writeFileSync(path, whole),
  "replaced by another": (path, whole) => {
    writeFileSync(`${path}.new`, whole);
    renameSync(`${path}.new`, path);
  },
};
const changeNames = Object.keys(changes);
const oneLine = /^[^\n]*(changes|under)\.\w+: [^\n]*(ends at byte|was written to while it was read)[^\n]*$/;

describe("a file that changes while it is read", () => {
  test.each(changeNames)(".npy, scored as it is read: %s", async (change) => {
    const path = file("changes.npy", before);
    await using engine = await openEngine({ backend: "cpu", threads: 1 });
    const source = await openRows(path);
    const pool = await engine.load({ logits: source });
    let isChanged = false;
    const onProgress = (): void => {
      if (!isChanged) changes[change](path, after);
      isChanged = true;
    };
    const outcome = await pool.score("margin", { onProgress }).catch((error: Error) => error);
    await source.close?.();
    expect(isChanged).toBe(true);
    // Another file of the same name is another file: the one that was opened is read to its end.
    if (change !== "replaced by another") expectRefused(outcome);
    else expect(new Set((outcome as { values: Float32Array }).values).size).toBe(1);
  });

  test.each(changeNames)(".npy, its pages read as they are wanted: %s", async (change) => {
    const path = file(
      "changes.npy",
      npy(
        Float32Array.from({ length: 2 * ROWS }, (_, i) => Math.sin(i)),
        { shape: `(${ROWS}, 2)` },
      ),
    );
    const source = await openRows(path);
    const direct = await source.direct!();
    const row = (): number[] => {
      const into = new Float32Array(2);
      direct.read(ROWS - 1, 1, into);
      return Array.from(into);
    };
    const right = row();
    changes[change](path, after);
    // It is looked at no more often than once in a millisecond.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const outcome = await Promise.resolve()
      .then(row)
      .catch((error: Error) => error);
    await direct.close();
    await source.close?.();
    if (change === "replaced by another") expect(outcome).toEqual(right);
    else expectRefused(outcome);
  });

  test.each([".csv", ".jsonl"])(
    "%s, as it is opened: in full as it was, as it is now, or refused",
    async (extension) => {
      const [row, other] = extension === ".csv" ? ["1,0\n", "0,3\n"] : ["[1,0]\n", "[0,3]\n"];
      const [old, young] = [row, other].map((line) => `${extension === ".csv" ? "a,b\n" : ""}${line.repeat(ROWS)}`);
      let refused = 0;
      for (const change of changeNames)
        for (const delay of isSoak ? [1, 5, 15, 40, 80] : [1, 20]) {
          const path = file(`changes${extension}`, old);
          const opening = openRows(path).catch((error: Error) => error);
          setTimeout(() => changes[change](path, young, row), delay);
          const outcome = await opening;
          if (outcome instanceof Error) {
            expectRefused(outcome);
            refused++;
          } else expect((await rowsIn(outcome)).size, `${change} after ${delay} ms`).toBe(1);
          await new Promise((resolve) => setTimeout(resolve, 2 * delay));
        }
      expect(refused).toBeGreaterThan(0);
    },
  );

  test.each(changeNames)(".parquet, between two reads: %s", async (change) => {
    const golden = join(import.meta.dirname, "../../node_modules/vega-datasets/data/flights-3m.parquet");
    const path = file("under.parquet");
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(golden, path);
    const source = await openRows(`${path}:delay,distance`);
    const read = async (start: number): Promise<Float32Array> => {
      const into = new Float32Array(2000);
      await source.read(start, 1000, into);
      return into;
    };
    await read(0);
    changes[change](path, readFileSync(golden));
    const outcome = await read(source.rows - 1000).catch((error: Error) => error);
    await source.close?.();
    if (change !== "replaced by another") return expectRefused(outcome);
    const untouched = await openRows(`${golden}:delay,distance`);
    const expected = new Float32Array(2000);
    await untouched.read(untouched.rows - 1000, 1000, expected);
    await untouched.close?.();
    expect(outcome).toEqual(expected);
  });
});

function expectRefused(outcome: unknown): void {
  expect(outcome).toBeInstanceOf(InputError);
  expect((outcome as Error).message).toMatch(oneLine);
}

/** Rows that there are, each once. */
async function rowsIn(source: RowSource): Promise<Set<string>> {
  const values = new Float32Array(source.rows * source.cols);
  await source.read(0, source.rows, values);
  await source.close?.();
  const found = new Set<string>();
  for (let at = 0; at < values.length; at += 2) found.add(`${values[at]},${values[at + 1]}`);
  return found;
}

const picksIn = (folder: string): unknown =>
  JSON.parse(readFileSync(join(folder, "curves.json"), "utf8")).runs.map(({ picks }: { picks: unknown }) => picks);
