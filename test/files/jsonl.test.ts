import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryBytes } from "../../src/files/bytes.ts";
import { jsonlRows } from "../../src/files/jsonl.ts";
import { expectInputError } from "./scratch.ts";
import { collect } from "./tableRows.ts";

const golden = join(import.meta.dirname, "../golden/tables");

test.each(["records", "arrays"])("%s: what Python wrote, wherever blocks are cut", async (stem) => {
  const content = readFileSync(join(golden, `${stem}.jsonl`));
  const expected = JSON.parse(readFileSync(join(golden, `${stem}.json`), "utf8"));
  for (const block of [1, 64, 1000, undefined]) {
    const { names, values } = await read(content, undefined, block);
    expect(names).toEqual(expected.names);
    expect(values).toEqual(Float32Array.from(expected.values, Number));
  }
});

test.each<[string, string, string[] | undefined, string[], number[]]>([
  ["arrays", "[1,2]\n[3,null]\n", undefined, ["0", "1"], [1, 2, 3, NaN]],
  ["arrays, some named", "[1,2,3]\n[4,5,6]\n", ["2", "0"], ["2", "0"], [3, 1, 6, 4]],
  ["objects", '{"a":1,"b":2}\n{"b":4,"a":3}', undefined, ["a", "b"], [1, 2, 3, 4]],
  ["row and text left out", '{"row":0,"text":"x","a":1,"ok":true}\n', undefined, ["a"], [1]],
  ["row named", '{"row":7,"a":1}\n', ["row"], ["row"], [7]],
  ["in the order named", '{"a":1,"b":2}\n', ["b", "a"], ["b", "a"], [2, 1]],
  ["more keys later", '{"a":1}\n{"b":3,"a":2}\n', undefined, ["a"], [1, 2]],
  ["null first", '{"a":null}\n{"a":2}\n', undefined, ["a"], [NaN, 2]],
  ["a list", '{"row":0,"text":"x","p":[1,2]}\n{"p":[3,4]}\n', undefined, ["p[0]", "p[1]"], [1, 2, 3, 4]],
  ["a list named", '{"id":1,"p":[1,2],"q":[5]}\n', ["p"], ["p[0]", "p[1]"], [1, 2]],
  ["numbers beside a list named", '{"id":1,"p":[1,2]}\n', ["id"], ["id"], [1]],
  ["a list that is null", '{"p":[1,null]}\n{"p":null}\n', undefined, ["p[0]", "p[1]"], [1, NaN, NaN, NaN]],
  ["Python's words", "[NaN,Infinity,-Infinity]\n", undefined, ["0", "1", "2"], [NaN, Infinity, -Infinity]],
  ["Python's words in text", '{"a":NaN,"t":"NaN, \\"Infinity"}\n', undefined, ["a"], [NaN]],
  ["BOM, CRLF, blank lines", "\ufeff\r\n[1, 2]\r\n \r\n\r\n[3,4]\r\n\n", undefined, ["0", "1"], [1, 2, 3, 4]],
  ["beyond float32", "[1e39,-1e400,1e-50]", undefined, ["0", "1", "2"], [Infinity, -Infinity, 0]],
  ["a key of every object", '{"constructor":1,"__proto__":2}\n', undefined, ["constructor", "__proto__"], [1, 2]],
])("%s", async (_, content, columns, names, values) => {
  for (const block of [undefined, 1, 5]) {
    const table = await read(content, columns, block);
    expect(table.names).toEqual(names);
    expect([...table.values]).toEqual(values);
  }
});

test("any rows, at any block size", async () => {
  const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null));
  const rows = fc
    .integer({ min: 1, max: 4 })
    .chain((width) =>
      fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 9 }),
    );
  await fc.assert(
    fc.asyncProperty(rows, fc.string({ maxLength: 5 }), fc.integer({ min: 1, max: 80 }), async (all, note, block) => {
      const expected = Float32Array.from(all.flat(), (item) => (item ?? NaN) + 0); // JSON has no -0
      const lists = all.map((row) => JSON.stringify(row)).join("\n");
      expect((await read(lists, undefined, block)).values).toEqual(expected);
      const named = all.map((row) => JSON.stringify({ note, ...Object.fromEntries(row.map((v, i) => [`c${i}`, v])) }));
      expect((await read(named.join("\n"), undefined, block)).values).toEqual(expected);
      const inside = all.map((row) => JSON.stringify({ note, row: 3, logits: row })).join("\n");
      expect((await read(inside, undefined, block)).values).toEqual(expected);
    }),
  );
});

test("a file that is cut off anywhere is a file or an InputError", async () => {
  const content = Buffer.from('{"\u00e4":1,"b":[2,3]}\r\n{"\u00e4":1,"b":[NaN,-Infinity]}\n\n{"\u00e4":1,"b":null}\n');
  for (let length = 0; length < content.length; length++) {
    const outcome = await read(content.subarray(0, length), ["b"], 8).catch((error: Error) => error.name);
    if (typeof outcome !== "string") expect(outcome.values.length % 2).toBe(0);
    else expect(outcome).toBe("InputError");
  }
});

test("any text is a table or an InputError", async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[[\]{}",:\n a0-9.NaInfity-]{0,30}$/), async (content) => {
      const outcome = await read(content, undefined, 7).catch((error: Error) => error);
      if (outcome instanceof Error) expect(outcome.name).toBe("InputError");
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.json({ maxDepth: 2 }), { maxLength: 3 }), async (lines) => {
      const outcome = await read(lines.join("\n")).catch((error: Error) => error);
      if (outcome instanceof Error) expect(outcome.name).toBe("InputError");
    }),
  );
});

test.each<[string, string, string[] | undefined, RegExp]>([
  ["nothing", "", undefined, /has no rows$/],
  ["blanks", "\n \r\n\n", undefined, /has no rows$/],
  ["broken", "[1,2]\n\n[3,\n", undefined, /line 3: .*JSON.*; mend or write it again$/],
  ["a number a line", "1\n2\n", undefined, /line 1 holds 1: a row is an array of numbers or an object$/],
  ["null", "null\n", undefined, /line 1 holds null: a row is/],
  ["an empty array", "[]\n", undefined, /has no column of numbers to read; it has none$/],
  ["an empty object", "{}\n", undefined, /has no column of numbers to read; it has none$/],
  ["only text", '{"row":1,"a":"x"}\n', undefined, /has no column of numbers to read; it has "row", "a"$/],
  [
    "text",
    '{"a":1}\n{"a":"x"}\n',
    undefined,
    /line 2, column "a" holds "x": no number; name the numeric columns \(option columns\)$/,
  ],
  ["true", "[1]\n[true]\n", undefined, /line 2, column "0" holds true: no number/],
  ["nested", "[[1,2]]\n", undefined, /line 1, column "0" holds \[1,2\]: no number/],
  ["a long text", `["${"x".repeat(1000)}"]`, undefined, /holds "x{79}…: no number/],
  ["text in a list", '{"p":[1]}\n{"p":["x"]}\n', undefined, /line 2, column "p\[0\]" holds "x"/],
  ["too few", "[1,2]\n[3]\n", undefined, /line 2 has 1 values, line 1 has 2; give every row as many$/],
  ["too many", "[1,2]\n[3,4,5]\n", ["0"], /line 2 has 3 values, line 1 has 2/],
  ["a shorter list", '\n{"p":[1,2]}\n{"p":[3]}\n', undefined, /line 3 has 1 values in "p", line 2 has 2/],
  ["no list", '{"p":[1,2]}\n{"p":3}\n', undefined, /line 2, key "p" holds 3: no array, as on line 1$/],
  ["a key that is gone", '{"a":1}\n{"b":1}\n', undefined, /line 2 has no key "a", line 1 has; write null for NaN$/],
  ["an object after arrays", '[1]\n{"a":1}\n', undefined, /line 2 holds {"a":1}: a row is an array, as on line 1$/],
  ["an array after objects", '{"a":1}\n[1]\n', undefined, /line 2 holds \[1\]: a row is an object, as on line 1$/],
  ["unknown", '{"a":1,"b":2}\n', ["c"], /there is no column "c"; it has "a", "b"$/],
  ["no such place", "[1,2]\n", ["2"], /there is no column "2"; it has "0", "1"$/],
  ["text named", '{"a":1,"t":"x"}\n', ["t"], /column "t" holds no numbers; name others \(option columns\)$/],
  ["none named", '{"a":1}\n', [], /no column is named; it has "a"$/],
  [
    "two lists",
    '{"p":[1],"q":[2]}\n',
    undefined,
    /has lists in "p", "q": name one list, or the columns of single numbers \(option columns\)$/,
  ],
  [
    "a list beside numbers",
    '{"id":7,"p":[1]}\n',
    undefined,
    /has lists in "p" beside single numbers in "id": name one list/,
  ],
  [
    "a list named among others",
    '{"id":7,"p":[1]}\n',
    ["id", "p"],
    /column "p" holds lists: name it alone, or only columns/,
  ],
])("refused: %s", async (_, content, columns, message) => {
  await expectInputError(read(content, columns), "x.jsonl", message);
});

async function read(content: string | Uint8Array, columns?: string[], block?: number) {
  return collect(await jsonlRows(memoryBytes("x.jsonl", Buffer.from(content as string)), columns, block));
}
