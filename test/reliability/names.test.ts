/** Names and contents that somebody chose to do harm: they are letters to us, wherever they stand. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { openRuns } from "../../src/cli/simulate/runs.ts";
import { InputError, visible } from "../../src/errors.ts";
import { readHead, readLabels, readRows, writePicks, writeScores } from "../../src/files/index.ts";
import { openLog } from "../../src/files/log.ts";
import { openRows } from "../../src/files/openRows.ts";
import { takeUp } from "../../src/loop/journal.ts";
import { matrix } from "../cli/npy.ts";
import { zip } from "./support/archives.ts";
import { entries, POOL, sealed, SETTINGS } from "./support/journals.ts";
import { faultOf } from "./support/trial.ts";

const folder = mkdtempSync(join(tmpdir(), "poolwise-names-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect("polluted" in {}).toBe(false);
});

const stems = [
  "two words", " ", "line\nend", "tab\t", "quote'\"", "percent%41%", "hash#1", "question?x=1", "-dash", "--out", "dots..", "ünïcode", "💥",
  "bell\u0007\u001b[31m", "csi\u009b31m", "c:\\x", "a:b", "star*[1]{2}", "x".repeat(245), "é".repeat(120), "__proto__", "$HOME", "`id`", "~",
]; // prettier-ignore

test.each(stems)("%j: a file of such a name is read", async (stem) => {
  const path = join(folder, `${stem}.npy`);
  writeFileSync(path, matrix([[1, 2]]));
  const source = await openRows(path);
  const values = new Float32Array(2);
  await source.read(0, 1, values);
  await source.close?.();
  expect([...values]).toEqual([1, 2]);
  rmSync(path);
});

test.each(stems)("%j: a file of such a name is written, and nothing beside it", async (stem) => {
  const [scores, picks] = [`${stem}.csv`, `${stem}.json`].map((name) => join(folder, name));
  await writeScores(scores, ["entropy"], [Float32Array.of(1)]);
  await writePicks(picks, { strategy: "entropy", batch: "top-k", seed: 0, backend: "cpu", rows: 1, picks: [{ row: 0, score: 1 }] } as never); // prettier-ignore
  expect(readdirSync(folder).toSorted()).toEqual([`${stem}.csv`, `${stem}.json`].toSorted());
  expect([...(await readRows(picks))]).toEqual([0]);
  for (const path of [scores, picks]) rmSync(path);
});

test.each(stems)("%j: what is wrong with such a file is one plain line", async (stem) => {
  for (const extension of [".npy", ".csv", ".parquet", ".arrow", ".npz", ".jsonl"]) {
    const path = join(folder, `${stem}${extension}`);
    writeFileSync(path, "\u001b]0;title\u0007");
    const error = await openRows(path).then(undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect(faultOf(error, visible(path))).toBeUndefined();
    rmSync(path);
  }
});

test("a name that is too long, or no name at all, is refused in one line", async () => {
  for (const name of ["x".repeat(300), "nul\u0000", ""]) {
    const path = join(folder, `${name}.csv`);
    const read = await openRows(path).then(undefined, (thrown: unknown) => thrown);
    expect(faultOf(read, visible(path))).toBeUndefined();
  }
  const long = join(folder, `${"x".repeat(300)}.csv`);
  await expect(writeScores(long, ["entropy"], [Float32Array.of(1)])).rejects.toThrow(/the name is too long/);
  expect(readdirSync(folder)).toEqual([]);
});

test("characters that end lines or steer terminals are shown", () => {
  const text = "a\nb\u001b[2J\u009b1m\u007f\u2028\u202ez";
  expect(new InputError(text).message).toBe("a\\nb\\u001b[2J\\u009b1m\\u007f\\u2028\\u202ez");
  expect(new InputError("as it is: ä 💥 'x' \"y\"").message).toBe("as it is: ä 💥 'x' \"y\"");
});

const evil = '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}';
const tensors = (header: string): Buffer => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(24)]);
};
const weight = '"0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}';

function write(name: string, content: Uint8Array | string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

test("keys that all objects have are keys like others", async () => {
  const metadata = write("a.safetensors", tensors(`{"__metadata__":{${evil}},${weight}}`));
  expect((await readHead(metadata)).layers).toHaveLength(1);
  const tensor = write(
    "b.safetensors",
    tensors(`{"__proto__":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},${weight}}`),
  );
  await expect(readHead(tensor)).rejects.toThrow(/tensor "__proto__" is not part of a head/);
  const archive = write(
    "a.npz",
    zip(["__proto__.npy", "constructor.npy"].map((name) => ({ name, content: matrix([[1]]) }))),
  );
  await expect(readHead(archive)).rejects.toThrow(/tensor "__proto__" is not part of a head/);
  const array = await openRows(archive, { columns: ["__proto__"] });
  expect(array.rows).toBe(1);
  const picks = write("a.json", `{${evil},"picks":[{"row":3,${evil}}]}`);
  expect([...(await readRows(picks))]).toEqual([3]);
  const labels = write("labels.csv", "__proto__,row,label,constructor\nx,1,5,y\nx,0,6,y\n");
  expect([...(await readLabels(labels))]).toEqual([6, 5]);
  const table = await openRows(write("a.csv", "__proto__,constructor,toString\n1,2,3\n"));
  expect(table.cols).toBe(3);
  const lines = await openRows(write("a.jsonl", '{"__proto__":1,"constructor":2}\n'));
  expect(lines.cols).toBe(2);
  const start = JSON.stringify(entries[0]).replace('"settings":{', `${evil},"settings":{`);
  const log = await openLog(write("journal.jsonl", sealed([start])));
  await takeUp(log, { print: POOL, rows: 40 }, SETTINGS);
  await log.close();
  for (const source of [array, table, lines]) await source.close?.();
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});

test("labels below a blank line go to the rows that they name", async () => {
  const path = join(folder, "labels.csv");
  writeFileSync(path, "\nrow,label\n1,5\n0,6\n");
  expect([...(await readLabels(path))]).toEqual([6, 5]);
  rmSync(path);
});

test.each([
  "",
  "{",
  "null",
  "[]",
  "{}",
  '{"strategy":"margin","batch":"top-k","seed":0}',
  `{${evil}}`,
  "[".repeat(50_000),
])("a run of a simulation that holds %j is refused", async (content) => {
  const keys = [{ strategy: "margin", batch: "top-k", seed: 0 }] as const;
  const path = join(folder, "simulation");
  const { save } = await openRuns(path, {}, keys);
  const curve = [{ labels: 3, fit: 0, pick: 0 }];
  await save({ ...keys[0], curve, picks: [] });
  expect((await openRuns(path, {}, keys)).done).toHaveLength(1);
  writeFileSync(join(path, "runs/margin-top-k-0.json"), content);
  await expect(openRuns(path, {}, keys)).rejects.toThrow(/margin-top-k-0\.json: is damaged: remove it/);
  rmSync(path, { recursive: true });
});

test("an archive's names are no places", async () => {
  const path = join(folder, "climbing.npz");
  writeFileSync(path, zip([{ name: "../../climbed.npy", content: matrix([[1, 2]]) }]));
  const source = await openRows(path);
  expect(source.cols).toBe(2);
  await source.close?.();
  expect(existsSync(join(folder, "../../climbed.npy"))).toBe(false);
  expect(readFileSync(path).length).toBeGreaterThan(0);
  rmSync(path);
});
