/** A selection from the same numbers in every format, by every way to name them. */
import { readFileSync } from "node:fs";
import { tableFromArrays, tableToIPC } from "apache-arrow";
import { zipSync } from "fflate";
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

const inColumns = Object.fromEntries(
  ["a", "b", "c", "d"].map((name, c) => [
    name,
    Float64Array.from({ length: ROWS }, (_, row) => values[row * CLASSES + c]),
  ]),
);
file("pool.arrow", tableToIPC(tableFromArrays(inColumns), "file"));
file("pool.npz", zipSync({ "pool.npy": npy(values, { shape: `(${ROWS}, ${CLASSES})` }) }));

/** The bits of a float16, of which these values are. */
function half(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
}

/** Without where they lie, which depends on it. */
const picksOf = (name: string): object[] => placesOf(name).map(({ file: _file, fileRow: _fileRow, ...pick }) => pick);
const placesOf = (name: string): { row: number; file?: string; fileRow?: number }[] =>
  JSON.parse(readFileSync(file(name), "utf8")).picks;

test.each([
  ["pool.csv", []],
  ["pool.arrow", []],
  ["pool.npz", []],
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

test("a pick of several files says which, and a row that is wrong does", async () => {
  await done("select parts/part-*.csv -k 20 --strategy margin --backend cpu --quiet --out picks.json");
  const picks = placesOf("picks.json");
  expect(picks).toHaveLength(20);
  for (const { row, file: name, fileRow } of picks)
    expect([name, fileRow]).toEqual(row < 150 ? ["parts/part-9.csv", row] : ["parts/part-10.csv", row - 150]);
  await done("coldstart --embeddings parts/part-*.csv -k 3 --backend cpu --quiet --out seeds.csv");
  expect(readFileSync(file("seeds.csv"), "utf8")).toMatch(
    /^row,score,file,fileRow\n\d+,[^,]+,parts\/part-\d+\.csv,\d+\n/,
  );
  await done("select pool.csv -k 2 --backend cpu --quiet --out one.json");
  expect(placesOf("one.json")[0]).not.toHaveProperty("file");
  file("holes/part-1.csv", table(rowsFrom(0, 50)));
  file("holes/part-2.csv", table([...rowsFrom(50, 60), [1, NaN, 2, 3]]));
  for (const what of ["holes/part-*.csv", "--embeddings holes/part-*.csv --batch k-center"]) {
    const { code, stderr } = await run(`select ${what} -k 2 --backend cpu --out picks.json`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^poolwise: holes\/part-2\.csv: row 10 \(row 60 of the pool\): .*: correct it, or leave/);
  }
});

test.each(["--memory 1G", "--memory 2G,64M", "--storage float16", "--storage int8 --memory 2G,16M"])(
  "the same picks with %s",
  async (more) => {
    for (const [what, batch] of [
      ["--embeddings pool.npy", "k-center"],
      ["pool.npy --embeddings half.npy", "hybrid"],
      ["half.npy", "top-k"],
    ]) {
      const args = `select ${what} --batch ${batch} -k 20 --quiet --out`;
      await done(`${args} one.json --backend cpu`);
      await done(`${args} other.json --backend webgpu ${more}`);
      expect(picksOf("other.json")).toEqual(picksOf("one.json"));
    }
  },
);

test("a budget says before the work begins what that needs, or that it is too little", async () => {
  const args = "select --embeddings pool.npy --batch k-center -k 20 --out picks.json --backend";
  const told = await done(`${args} cpu --memory 3G`);
  expect(told.stderr).toMatch(/^needs up to \d+ MB of memory\n20 of 400 rows picked in /);
  const both = await done(`${args} webgpu --memory 3G,20M --json`);
  expect(both.stderr).toMatch(/^needs up to \d+ MB of memory and \d+ MB on the device\n$/);
  const { memory, embeddings } = JSON.parse(both.stdout);
  expect(memory.host).toBeLessThan(3e9);
  expect(memory.device).toBeLessThan(20e6);
  expect(embeddings).toEqual({ host: "held", device: "resident" });
  const refused = await run(`${args} cpu --memory 2M`);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(
    /^poolwise: k-center needs about \d+ MB of memory, and may take 2 MB: give it more \(--memory\)\n$/,
  );
});

test.each([
  ["lots", /--memory must be a size as 400M or 2G, or two of them, for a device as well, got "lots"/],
  ["1G,2G,3G", /--memory must be a size/],
  ["0", /--memory must be a size/],
  ["1G,5M", /--memory: the second size must be a number of bytes of at least 16000000, got 5000000/],
])("--memory %s is refused", async (budget, message) => {
  const { code, stderr } = await run(`select pool.npy -k 5 --out picks.json --memory ${budget}`);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test("a column that there is not", async () => {
  const { code, stderr } = await run("select pool.csv --columns a,e -k 5 --backend cpu --out picks.json");
  expect(code).toBe(2);
  expect(stderr).toMatch(/^poolwise: pool\.csv: there is no column "e"; it has "a", "b", "c", "d"\n$/);
});
