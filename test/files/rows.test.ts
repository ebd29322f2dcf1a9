import { expect, test } from "vitest";
import { readLabels, readRows, writeNpy, writePicks, writeScores } from "../../src/files/index.ts";
import { expectInputError, scratchFolder } from "./scratch.ts";

const scratch = scratchFolder();

test.each<[string, string, number[]]>([
  ["plain.csv", "row\n3\n1\n4294967295\n", [3, 1, 4294967295]],
  ["other columns.csv", '\ufeffscore, row ,note\r\n0.5,"3","a\nb"\r\n,1,\r\n\r\n', [3, 1]],
  ["whole fractions.csv", "row\n3.0\n1.\n", [3, 1]],
  ["no picks.csv", "row,score\n", []],
  ["no picks.json", '{"picks":[]}', []],
  ["empty.jsonl", "", []],
  ["rows.jsonl", '{"row":3,"score":0.5}\r\n\n1\n', [3, 1]],
  ["rows.json", "\ufeff[3, 1]", [3, 1]],
  ["objects.json", '[{"row":3},{"row":1}]', [3, 1]],
  ["picks.json", '{"strategy":"entropy","picks":[{"row":3,"score":1},{"row":1,"score":0}]}', [3, 1]],
  ["CAPITALS.JSON", "[3, 1]", [3, 1]],
])("%s", async (name, content, rows) => {
  expect([...(await readRows(scratch(name, content)))]).toEqual(rows);
});

test.each([".json", ".npy", ".csv", ".jsonl"])("the picks of a selection are a list of rows: %s", async (format) => {
  const path = scratch(`selection${format}`);
  const picks = [
    { row: 70_000, score: 0.5 },
    { row: 2, score: 0.25 },
  ];
  await writePicks(path, { strategy: "entropy", picks });
  expect([...(await readRows(path))]).toEqual([70_000, 2]);
});

test.each([".csv", ".jsonl"])("so are the rows of a table of scores: %s", async (format) => {
  const path = scratch(`scores${format}`);
  await writeScores(path, ["entropy"], [Float32Array.of(1, NaN, 3)]);
  expect([...(await readRows(path))]).toEqual([0, 1, 2]);
});

test.each<[string, string, RegExp]>([
  ["negative.csv", "row\n1\n-2\n", /line 3 holds -2; a row is a whole number from 0 on/],
  ["fraction.csv", "row\n1.5\n", /line 2 holds 1\.5/],
  ["missing.csv", "row,score\n,1\n", /line 2 holds ""/],
  ["word.csv", "row\nfirst\n", /line 2 holds "first"/],
  ["hexadecimal.csv", "row\n0x10\n", /line 2 holds "0x10"/],
  ["too large.csv", "row\n4294967296\n", /line 2 holds 4294967296/],
  ["no header.csv", "3\n1\n", /no "row" column; it has "3"/],
  ["empty.csv", "", /no "row" column; it has none/],
  ["ragged.csv", "row,score\n1,2,3\n", /line 2/i],
  ["open quote.csv", 'row\n"1\n', /quote/i],
  ["negative.jsonl", "1\n\n-2\n", /line 3 holds -2/],
  ["no row.jsonl", '{"score":1}\n', /line 1 has no row/],
  ["null.jsonl", "null\n", /line 1 holds null/],
  ["text row.jsonl", '{"row":"3"}\n', /line 1 holds "3"/],
  ["broken.jsonl", '{"row":3}\n{"row":\n', /line 2: .*JSON/],
  ["fraction.json", "[1, 2.5]", /index 1 holds 2\.5/],
  ["nested.json", "[[1]]", /index 0 has no row/],
  ["no picks.json", '{"rows":10}', /neither an array of rows nor a selection with "picks"/],
  ["null.json", "null", /neither an array/],
  ["broken.json", "[1,\n", /JSON/],
  ["rows.txt", "1\n", /known here: \.npy, \.csv, \.jsonl, \.json$/],
])("refused: %s", async (name, content, message) => {
  const path = scratch(`refused ${name}`, content);
  await expectInputError(readRows(path), path, message);
});

test.each([
  ["labels.csv", "row,label\n2,7\n0,5\n1,6\n"],
  ["labels.jsonl", '{"row":2,"label":7}\n{"row":0,"label":5}\n{"row":1,"label":6}\n'],
  ["labels.json", '[{"row":2,"label":7},{"row":0,"label":5},{"row":1,"label":6}]'],
  ["plain.csv", "label,note\n5,a\n6,b\n7,c\n"],
  ["plain.json", "[5,6,7]"],
])("labels stand by their rows: %s", async (name, content) => {
  expect([...(await readLabels(scratch(name, content)))]).toEqual([5, 6, 7]);
});

test.each([
  ["twice.csv", "row,label\n0,7\n0,5\n", /row 0 is there twice: give each row from 0 on one label/],
  ["beyond.csv", "row,label\n0,7\n2,5\n", /row 2 is beyond the 2 labels: give each row from 0 on one label/],
])("labels of rows that do not go up: %s", async (name, content, message) => {
  const path = scratch(name, content);
  await expectInputError(readLabels(path), path, message);
});

test("negative and fractional rows of .npy", async () => {
  const path = scratch("rows.npy");
  await writeNpy(path, [3], [Int32Array.of(3, 1, -2)], "<i4");
  await expectInputError(readRows(path), path, /index 2 holds -2/);
  await writeNpy(path, [2], [Float32Array.of(3, 1.5)]);
  await expectInputError(readRows(path), path, /index 1 holds 1\.5/);
});

test("a file that is not there", async () => {
  for (const name of ["none.csv", "none.json", "none.jsonl", "none.npy"]) {
    await expectInputError(readRows(scratch(name)), scratch(name), /no such file/);
  }
});
