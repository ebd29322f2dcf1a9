import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bytes, memoryBytes } from "../../src/files/bytes.ts";
import { csvRows } from "../../src/files/csv.ts";
import { expectInputError } from "./scratch.ts";
import { collect } from "./tableRows.ts";

const golden = join(import.meta.dirname, "../golden/tables");
const tables = readdirSync(golden).filter((name) => name.endsWith(".csv"));

test("there are golden tables", () => expect(tables.length).toBeGreaterThan(12));

test.each(tables)("%s: what pandas reads, wherever blocks are cut", async (name) => {
  const content = readFileSync(join(golden, name));
  const expected = JSON.parse(readFileSync(join(golden, name.replace(".csv", ".json")), "utf8"));
  for (const block of [1, 2, 3, 17, 64, 65, 1000, undefined]) {
    const { names, values } = await read(content, undefined, block);
    expect(names).toEqual(expected.names);
    expect(values).toEqual(Float32Array.from(expected.values, Number));
  }
});

const tricky = Buffer.from(
  '\ufeff"gr\u00fc\u00dfe, \u{1f600}" ,b,"c ""\r\n""",row\r\n1, "2" ,3,0\r\n\n"4",nan,-inf,1\n\r\n"",5e0,+.5,"2\n2"\n  \n7,8,"9",3\n\n\n',
);

test("a block border at any byte changes nothing", async () => {
  for (let block = 1; block <= tricky.length + 1; block++) {
    const { names, values } = await read(tricky, undefined, block);
    expect(names).toEqual(["gr\u00fc\u00dfe, \u{1f600}", "b", 'c "\r\n"']);
    expect([...values]).toEqual([1, 2, 3, 4, NaN, -Infinity, NaN, 5, 0.5, 7, 8, 9]);
  }
});

test("a file that is cut off anywhere is a file or an InputError, never a hang", async () => {
  for (let length = 0; length < tricky.length; length++) {
    const cut = tricky.subarray(0, length);
    const outcome = await read(cut, undefined, 8).catch((error: Error) => error.name);
    if (typeof outcome !== "string") expect(outcome.values.length % outcome.names.length).toBe(0);
    else expect(outcome).toBe("InputError");
  }
});

test.each<[string, string, string[] | undefined, string[], number[]]>([
  ["no header", "1,2\n3,4\n", undefined, ["0", "1"], [1, 2, 3, 4]],
  ["no header, and missing values", "nan,2\n,4\n", undefined, ["0", "1"], [NaN, 2, NaN, 4]],
  ["pandas' index over numbers", ",0,1\n0,5,6\n1,7,8\n", undefined, ["0", "1"], [5, 6, 7, 8]],
  ["row left out", "a,row,b\n1,2,3\n", undefined, ["a", "b"], [1, 3]],
  ["row named", "a,row,b\n1,2,3\n", ["row"], ["row"], [2]],
  ["the index named", ",a\n7,1\n", ["row", "a"], ["row", "a"], [7, 1]],
  ["in the order named", "a,b,text\n1,2,x\n", ["b", "a"], ["b", "a"], [2, 1]],
  ["by number", "1,2,3\n", ["2", "0"], ["2", "0"], [3, 1]],
  ["one column, blank lines", "a\n1\n\n\n2\n", undefined, ["a"], [1, 2]],
  ["one column, empty in quotes", 'a\n1\n""\n2\n', undefined, ["a"], [1, NaN, 2]],
  ["one line", "5", undefined, ["0"], [5]],
  ["blank first lines", "\n\r\n a \n5\n", undefined, ["a"], [5]],
  ["signs", "+1,-1,-0,+.5,-5.\n", undefined, ["0", "1", "2", "3", "4"], [1, -1, -0, 0.5, -5]],
  ["beyond float32", "1e39,-1e39,1e-50\n", undefined, ["0", "1", "2"], [Infinity, -Infinity, 0]],
  [
    "words",
    "a\nNaN\nNA\nnull\ninf\n-inf\nInfinity\n",
    undefined,
    ["a"],
    [NaN, NaN, NaN, Infinity, -Infinity, Infinity],
  ],
  ["text beside", 'a,b\n1,"it said ""2, 3"""\n', ["a"], ["a"], [1]],
])("%s", async (_, content, columns, names, values) => {
  const table = await read(content, columns);
  expect(table.names).toEqual(names);
  expect([...table.values]).toEqual(values);
});

test("what csv-parse reads, of any cells and any quotes", async () => {
  const cell = fc.oneof(
    fc.double().map(String),
    fc.integer().map(String),
    fc.constantFrom("", " ", "nan", " 7 ", "-0", "00", ".5"),
  );
  const text = fc.stringMatching(/^[a ",\r\n\u00e4]{0,6}$/);
  const row = fc.tuple(cell, cell, text, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 12 }),
      fc.constantFrom("\n", "\r\n"),
      fc.integer({ min: 1, max: 60 }),
      async (rows, end, block) => {
        const lines = rows.map(([a, b, note, quotes]) =>
          [a, b, note]
            .map((content, c) => (quotes[c] || c === 2 ? `"${content.replaceAll('"', '""')}"` : content))
            .join(),
        );
        const content = ["a,b,note", ...lines, ""].join(end);
        const judged = parse(content, { trim: true, from_line: 2, record_delimiter: ["\r\n", "\n"] }) as string[][];
        const expected = judged.flatMap(([a, b]) => [a, b]).map((text_) => (text_.trim() ? Number(text_) : NaN));
        const { values } = await read(content, ["a", "b"], block);
        expect(values).toEqual(Float32Array.from(expected));
      },
    ),
  );
});

test("any text is a table or an InputError", async () => {
  const text = fc.stringMatching(/^[0-9ae.,"\r\n -]{0,40}$/);
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 20 }), async (content, block) => {
      const outcome = await read(content, undefined, block).catch((error: Error) => error);
      const whole = await read(content).catch((error: Error) => error);
      expect(outcome).toEqual(whole);
      if (outcome instanceof Error) expect(outcome.name).toBe("InputError");
    }),
  );
});

test.each<[string, string, string[] | undefined, RegExp]>([
  ["nothing", "", undefined, /has no rows$/],
  ["blanks", "\n \r\n\n", undefined, /has no rows$/],
  [
    "a word",
    "a,b\n1,2\n\n3,four\n",
    undefined,
    /line 4, column "b" holds "four": no number; name the numeric columns \(option columns\)$/,
  ],
  ["a word below no header", "1,2\n3,four\n", undefined, /line 2, column "1" holds "four"/],
  ["hexadecimal", "a\n0x10\n", undefined, /line 2, column "a" holds "0x10"/],
  ["hexadecimal after a blank", "a\n 0x10\n", undefined, /holds "0x10"/],
  ["binary", "a\n0b1\n", undefined, /holds "0b1"/],
  ["a sign alone", "a\n-\n", undefined, /holds "-"/],
  ["an exponent alone", "a\n1e\n", undefined, /holds "1e"/],
  ["thousands", 'a\n"1,000"\n', undefined, /holds "1,000"/],
  ["a date", "a\n2024-01-02\n", undefined, /holds "2024-01-02"/],
  ["another separator", "a;b\n1;2\n", undefined, /line 2, column "a;b" holds "1;2"/],
  ["a long word", `a\n${"x".repeat(1000)}\n`, undefined, /holds "x{79}…: no number/],
  ["after quoted lines", '"a\n\n",b\n1,"\n2"\n3,x\n', undefined, /line 6, column "b" holds "x"/],
  ["too few cells", "a,b\n1,2\n3\n", undefined, /line 3 has 1 cells, line 1 has 2; give every row as many$/],
  ["too many cells", "\na,b\n1,2,3\n", undefined, /line 3 has 3 cells, line 2 has 2/],
  ["unknown", "a,b\n1,2\n", ["c"], /there is no column "c"; it has "a", "b"$/],
  ["unknown among many", `${Array.from({ length: 30 }, (_, i) => `c${i}`).join()}\n`, ["c"], /"c19" and 10 more$/],
  ["twice", "a,a\n1,2\n", ["a"], /column "a" comes more than once/],
  ["none named", "a,b\n1,2\n", [], /no column is named; it has "a", "b"$/],
  ["only row", "row\n1\n", undefined, /has no column of numbers to read; it has "row"$/],
  ["a quote that stays open", 'a,b\n1,2\n3,"4\n5,6\n', undefined, /line 3 has a quote out of place: put quotes around/],
  ["a quote within", 'a,b\n1,2"2"\n', undefined, /line 2 has a quote out of place/],
  ["after a quote", 'a,b\n1,"2"2\n', undefined, /line 2 has a quote out of place/],
  ["two in a cell", 'a,b\n1,"2" "3"\n', undefined, /line 2 has a quote out of place/],
])("refused: %s", async (_, content, columns, message) => {
  await expectInputError(read(content, columns), "x.csv", message);
  await expectInputError(read(content, columns, 3), "x.csv", message);
});

test("a header alone has no rows to give", async () => {
  expect(await read("a,b\n")).toEqual({ names: ["a", "b"], values: new Float32Array(0) });
});

test("rows are read as they are asked for", async () => {
  const content = Buffer.from(`a,b\n${"1,2\n".repeat(100_000)}`);
  const memory = memoryBytes("x.csv", content);
  let furthest = 0;
  const bytes: Bytes = {
    ...memory,
    read(into, position) {
      expect(into.length).toBeLessThanOrEqual(1000);
      furthest = Math.max(furthest, position + into.length);
      return memory.read(into, position);
    },
  };
  const { chunks } = await csvRows(bytes, undefined, 1000);
  expect(furthest).toBe(1000);
  let rows = 0;
  for await (const chunk of chunks) {
    rows += chunk.length / 2;
    expect(furthest).toBeLessThanOrEqual(rows * 4 + 1100);
  }
  expect(rows).toBe(100_000);
});

test.each([
  ["a line without end", "1", /line 3 is longer than 16 MiB: end each row with a newline, and close every quote$/],
  ["a quote that is never closed", '"', /line 3 is longer than 16 MiB/],
])("%s", async (_, fill, message) => {
  const size = 2 ** 24 + 100;
  const start = Buffer.from("a,b\n1,2\n3,");
  const bytes: Bytes = {
    name: "x.csv",
    size,
    async read(into, position) {
      into.fill(fill.charCodeAt(0));
      if (position < start.length) into.set(start.subarray(position, position + into.length));
      if (fill === '"') into.fill(10, position === 0 ? start.length + 1 : 0);
    },
    async close() {},
  };
  await expectInputError(csvRows(bytes).then(collect), "x.csv", message);
});

async function read(content: string | Uint8Array, columns?: string[], block?: number) {
  return collect(await csvRows(memoryBytes("x.csv", Buffer.from(content as string)), columns, block));
}
