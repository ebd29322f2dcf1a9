import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openNpy, readIntegers, shortest, writeFileWhole, writePicks, writeScores } from "../../src/files/index.ts";
import { expectInputError, scratchFolder } from "./scratch.ts";

const scratch = scratchFolder();
const text = (path: string) => readFileSync(path, "utf8");

const entropy = Float32Array.of(Math.LN2, NaN, 0.5, -0);
const margin = Float32Array.of(1, NaN, 1e-7, 16777216);

test("scores as .csv: a row that was left out is empty", async () => {
  const path = scratch("scores.csv");
  await writeScores(path, ["entropy", "margin"], [entropy, margin]);
  expect(text(path)).toBe("row,entropy,margin\n0,0.6931472,1\n1,,\n2,0.5,1e-7\n3,0,16777216\n");
});

test("scores as .jsonl: a row that was left out is null", async () => {
  const path = scratch("scores.jsonl");
  await writeScores(path, ["entropy"], [entropy]);
  expect(text(path)).toBe(
    '{"row":0,"entropy":0.6931472}\n{"row":1,"entropy":null}\n{"row":2,"entropy":0.5}\n{"row":3,"entropy":0}\n',
  );
});

test.each([1, 2])("scores as .npy, strategies: %i", async (strategies) => {
  const path = scratch("scores.npy");
  const columns = [entropy, margin].slice(0, strategies);
  await writeScores(path, ["entropy", "margin"].slice(0, strategies), columns);
  const file = await openNpy(path);
  expect([file.dtype, file.shape]).toEqual(["<f4", [[4], [4, 2]][strategies - 1]]);
  const into = new Float32Array(4 * strategies);
  await file.source().read(0, 4, into);
  for (const [c, column] of columns.entries()) expect(into.filter((_, i) => i % strategies === c)).toEqual(column);
  await file.close();
});

test("no chunk holds more than a part of many rows", async () => {
  const rows = 100_000;
  const ramp = Float32Array.from({ length: rows }, (_, row) => row / 8);
  const path = scratch("many.csv");
  await writeScores(path, ["a", "b"], [ramp, ramp]);
  const lines = text(path).trimEnd().split("\n");
  expect(lines).toHaveLength(rows + 1);
  for (const row of [0, 8191, 8192, 99_999]) expect(lines[row + 1]).toBe(`${row},${row / 8},${row / 8}`);

  await writeScores(scratch("many.npy"), ["a", "b"], [ramp, ramp]);
  const file = await openNpy(scratch("many.npy"));
  const into = new Float32Array(4);
  await file.source().read(8191, 2, into);
  expect([...into]).toEqual([8191 / 8, 8191 / 8, 1024, 1024]);
  await file.close();
});

test("scores that do not fit their strategies are our own fault", async () => {
  await expect(writeScores("x.csv", ["a", "b"], [entropy])).rejects.toThrow(RangeError);
  await expect(writeScores("x.csv", ["a", "b"], [entropy, entropy.subarray(1)])).rejects.toThrow(RangeError);
});

const result = {
  strategy: "entropy",
  batch: "k-center",
  seed: 0,
  backend: "cpu",
  rows: 10,
  picks: [
    { score: Math.fround(Math.LN2), row: 7, radius: 2.25, note: 'say "a, b"' },
    { score: Math.LN2, row: 3, radius: Infinity, note: "" },
  ],
  skipped: Uint32Array.of(4, 5),
  nothing: undefined,
};

test("picks as .json: one a line, and all that is known", async () => {
  const path = scratch("picks.json");
  await writePicks(path, result);
  expect(text(path)).toBe(`{
  "strategy": "entropy",
  "batch": "k-center",
  "seed": 0,
  "backend": "cpu",
  "rows": 10,
  "picks": [
    {"score":0.6931472,"row":7,"radius":2.25,"note":"say \\"a, b\\""},
    {"score":0.6931471805599453,"row":3,"radius":null,"note":""}
  ],
  "skipped": [4,5]
}
`);
  await writePicks(path, { picks: [] });
  expect(JSON.parse(text(path))).toEqual({ picks: [] });
});

test("picks as .csv: the row first, text quoted where it must be", async () => {
  const path = scratch("picks.csv");
  await writePicks(path, result);
  expect(text(path)).toBe('row,score,radius,note\n7,0.6931472,2.25,"say ""a, b"""\n3,0.6931471805599453,Infinity,\n');
});

test("picks as .jsonl and .npy", async () => {
  await writePicks(scratch("picks.jsonl"), result);
  const picks = text(scratch("picks.jsonl"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).row);
  expect(picks).toEqual([7, 3]);
  await writePicks(scratch("picks.npy"), result);
  expect([...(await readIntegers(scratch("picks.npy")))]).toEqual([7, 3]);
  const file = await openNpy(scratch("picks.npy"));
  expect([file.dtype, file.shape]).toEqual(["<i4", [2]]);
  await file.close();
  await expectInputError(
    writePicks(scratch("far.npy"), { picks: [{ row: 2 ** 31 }] }),
    scratch("far.npy"),
    /row 2147483648 is beyond int32/,
  );
});

test("an unknown extension names the known", async () => {
  await expectInputError(writeScores("x.json", ["entropy"], [entropy]), "x.json", /known here: \.npy, \.csv, \.jsonl$/);
  await expectInputError(writePicks("x.txt", result), "x.txt", /known here: \.json, \.npy, \.csv, \.jsonl$/);
});

test("float32 values print as numpy prints them", () => {
  const printed: [number, string][] = JSON.parse(text(join(import.meta.dirname, "../golden/shortest.json")));
  expect(printed.length).toBeGreaterThan(500);
  for (const [bits, decimal] of printed) {
    const value = new Float32Array(Uint32Array.of(bits).buffer)[0];
    expect(Math.fround(shortest(value))).toBe(value);
    expect(shortest(-value)).toBe(-shortest(value));
    // Float32 lie closer below a power of two than above it, where one digit fewer can do; row numbers keep every digit.
    const special = (bits & 0x7fffff) === 0 || Number.isSafeInteger(value);
    if (special) continue;
    expect(String(shortest(value))).toHaveLength(String(Number(decimal)).length);
    expect(Math.abs(shortest(value) - value)).toBeLessThanOrEqual(Math.abs(Number(decimal) - value));
  }
});

test("what is no float32, or whole, stays as it is", () => {
  for (const value of [0.1, Math.PI, 123456792, 2 ** 40, NaN, Infinity, -Infinity]) expect(shortest(value)).toBe(value);
});

test("the writers put nothing half", async () => {
  const path = scratch("half.csv");
  await expect(
    writeFileWhole(path, async (write) => (await write("row\n"), Promise.reject(new Error("stop")))),
  ).rejects.toThrow("stop");
  expect(() => text(path)).toThrow("ENOENT");
});
