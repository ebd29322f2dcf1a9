/** A selection from the same numbers in every format, by every way to name them. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { makeBlobs } from "../support/blobs.ts";
import { commandLine } from "./commandLine.ts";
import { npy } from "./npy.ts";

const { run, done, file } = commandLine();

const ROWS = 400;
const CLASSES = 4;
const { features } = makeBlobs(3, ROWS, 3, CLASSES, 2);
// Short decimals, the same in text as in float32.
const values = features.data.map((value) => Math.round(value * 16) / 16);
const rowsFrom = (first: number, end: number): number[][] =>
  Array.from({ length: end - first }, (_, i) => [...values.subarray((first + i) * CLASSES, (first + i + 1) * CLASSES)]);
const table = (rows: number[][]): string => ["a,b,c,d", ...rows.map((row) => row.join()), ""].join("\n");

file("pool.npy", npy(values, { shape: `(${ROWS}, ${CLASSES})` }));
file("pool.csv", table(rowsFrom(0, ROWS)));
file(
  "pool.jsonl",
  rowsFrom(0, ROWS)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join(""),
);
file("parts/part-9.csv", table(rowsFrom(0, 150)));
file("parts/part-10.csv", table(rowsFrom(150, ROWS)));
file("wide.csv", ["x,a,b,c,d", ...rowsFrom(0, ROWS).map((row) => ["1", ...row].join()), ""].join("\n"));
file("half.npy", npy(Uint16Array.from(values, half), { descr: "<f2", shape: `(${ROWS}, ${CLASSES})` }));

/** The bits of a float16, of which these values are. */
function half(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
}

const picksOf = (name: string): unknown => JSON.parse(readFileSync(file(name), "utf8")).picks;

test.each([
  ["pool.csv", []],
  ["pool.jsonl", []],
  ["parts/part-*.csv", []],
  ["half.npy", []],
  ["wide.csv:a,b,c,d", []],
  ["wide.csv", ["--columns", "a,b,c,d"]],
])("%s", async (name, more) => {
  const rest = ["-k", "20", "--backend", "cpu", "--quiet", "--out"];
  await done(["select", "pool.npy", "--strategy", "margin", ...rest, "one.json"]);
  await done(["select", name, ...more, "--strategy", "margin", ...rest, "other.json"]);
  expect(picksOf("other.json")).toEqual(picksOf("one.json"));
  await done(["select", "--embeddings", "pool.npy", "--batch", "k-center", ...rest, "one.json"]);
  await done(["select", "--embeddings", name, ...more, "--batch", "k-center", ...rest, "other.json"]);
  expect(picksOf("other.json")).toEqual(picksOf("one.json"));
});

test("a column that there is not", async () => {
  const { code, stderr } = await run("select pool.csv --columns a,e -k 5 --backend cpu --out picks.json");
  expect(code).toBe(2);
  expect(stderr).toMatch(/^poolwise: pool\.csv: there is no column "e"; it has "a", "b", "c", "d"\n$/);
});
