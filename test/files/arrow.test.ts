import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  Bool,
  type DataType,
  Field,
  Float32,
  Float64,
  Int16,
  List,
  Table,
  tableFromArrays,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { afterEach, expect, test, vi } from "vitest";
import { arrowRows } from "../../src/files/arrow.ts";
import { type Bytes, memoryBytes } from "../../src/files/bytes.ts";
import { expectInputError } from "./scratch.ts";
import { collect } from "./tableRows.ts";

const golden = join(import.meta.dirname, "../golden/tables");
const tables = readdirSync(golden).filter(
  (name) => /\.(arrows?|feather)$/.test(name) && !/^(long|mixed|none)/.test(name),
);

afterEach(() => {
  vi.doUnmock("hyparquet-compressors");
  vi.resetModules();
});

test("there are golden tables", () => expect(tables.length).toBeGreaterThan(40));

test.each(tables)("%s: what pyarrow wrote", async (file) => {
  const expected = JSON.parse(readFileSync(join(golden, file.replace(/\.\w+$/, ".json")), "utf8"));
  const { names, values } = await read(readFileSync(join(golden, file)));
  expect(names).toEqual(expected.names);
  expect(values).toEqual(Float32Array.from(expected.values, Number));
});

test.each(["numbers.arrow", "numbers.arrows"])("%s: the columns named, in that order", async (file) => {
  const content = readFileSync(join(golden, file));
  const all = await read(content);
  const some = await read(content, ["u1", "double", "row"]);
  expect(some.names).toEqual(["u1", "double", "row"]);
  const width = all.names.length;
  for (let row = 0; row < all.values.length / width; row++) {
    const at = (name: string) => all.values[row * width + all.names.indexOf(name)];
    expect([...some.values.subarray(row * 3, row * 3 + 3)]).toEqual([at("u1"), at("double"), row]);
  }
});

test("batches are read as they are asked for, and no more than one at a time", async () => {
  for (const file of ["numbers.arrow", "numbers.arrows"]) {
    const memory = memoryBytes("x", readFileSync(join(golden, file)));
    let length = 0;
    const bytes: Bytes = {
      ...memory,
      read(into, position) {
        length += into.length;
        return memory.read(into, position);
      },
    };
    const { chunks } = await arrowRows(bytes);
    const iterator = chunks[Symbol.asyncIterator]();
    const begun = length;
    const { value } = await iterator.next();
    expect(value!.length).toBe(5 * 12);
    expect(length - begun).toBeLessThan(memory.size / 2);
  }
});

test.each(["long lz4.arrow", "long zstd.arrow"])("%s: more than a block, packed", async (file) => {
  const { names, values } = await read(readFileSync(join(golden, file)));
  expect(names).toEqual(["steps"]);
  expect(values).toEqual(Float32Array.from({ length: 40_000 }, (_, i) => (i % 1000) / 8));
});

const types: Record<string, DataType> = {
  float: new Float32(),
  double: new Float64(),
  short: new Int16(),
  bool: new Bool(),
};

function asWritten(type: string, value: number | null): number {
  if (value === null) return NaN;
  return type === "bool" ? Number(value > 0) : value;
}

test.each(["file", "stream"] as const)("what the package apache-arrow writes, as a %s", async (form) => {
  const numbers = Array.from({ length: 21 }, (_, i) => (i % 5 === 2 ? null : i % 3));
  const columns = Object.entries(types).map(([name, type]) => [name, vectorFromArray(numbers, type)] as const);
  const { names, values } = await read(tableToIPC(new Table(Object.fromEntries(columns)), form));
  expect(names).toEqual(Object.keys(types));
  expect([...values]).toEqual(numbers.flatMap((value) => names.map((name) => asWritten(name, value))));
  const rows = numbers.map((value) => (value === null ? null : [value, 7, 0.5]));
  const lists = vectorFromArray(rows, new List(new Field("item", new Float32())));
  const text = vectorFromArray(
    numbers.map((_, i) => `row ${i}`),
    new Utf8(),
  );
  const listed = await read(tableToIPC(new Table({ text, lists }), form));
  expect([...listed.values]).toEqual(rows.flatMap((row) => row ?? [NaN, NaN, NaN]));
});

test("rows come in pieces where a batch has many, and a list in one piece however long", async () => {
  const ROWS = 400_000;
  const columns = Object.fromEntries(
    ["a", "b", "c"].map((name, c) => [name, Float32Array.from({ length: ROWS }, (_, row) => 3 * row + c)]),
  );
  const { chunks } = await arrowRows(memoryBytes("x", tableToIPC(tableFromArrays(columns), "file")));
  const lengths: number[] = [];
  let next = 0;
  for await (const chunk of chunks) {
    lengths.push(chunk.length);
    expect(chunk.every((value) => value === next++)).toBe(true);
  }
  expect(next).toBe(3 * ROWS);
  expect(lengths).toEqual([3 * 349_525, 3 * (ROWS - 349_525)]);
});

const small = ["uncompressed.feather", "lz4.feather", "zstd.feather", "lists nulls.arrows", "packed lz4 lists.arrow"];

test.each([...small, "fixed nulls.arrow", "kinds.arrows"])(
  "%s: whatever byte is damaged, there are rows or one line, and soon",
  async (file) => {
    const content = new Uint8Array(readFileSync(join(golden, file)));
    const most = 64 * content.length;
    const step = Math.ceil(content.length / 2500);
    for (let at = 0; at < content.length; at += step) {
      for (const mask of [0xff, 0x80, 1 << (at & 7)]) {
        content[at] ^= mask;
        const began = performance.now();
        const outcome = await read(content).catch((error: Error) => error);
        expect(performance.now() - began, `byte ${at} ^ ${mask}`).toBeLessThan(2000);
        if (outcome instanceof Error) await expectInputError(Promise.reject(outcome), "x", /./);
        else expect(outcome.values.length).toBeLessThan(most);
        content[at] ^= mask;
      }
    }
  },
);

test("a few bytes that describe columns without number are refused", async () => {
  await expectInputError(read(doubled(40)), "x", /is damaged, or not Arrow: more columns than it has room for;/);
  const { length } = doubled(3);
  expect(length).toBeLessThan(300);
  await expectInputError(read(doubled(3)), "x", /has no column of numbers to read; it has "", ""$/);
});

/** A stream whose columns are structs of two, which are the same structs of two, and so on. */
function doubled(levels: number): Uint8Array {
  const TABLE = 40;
  const at = (table: number): number => 28 + TABLE * table;
  const bytes = new Uint8Array(at(levels + 2));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xffffffff, true);
  view.setInt32(4, bytes.length - 8, true);
  view.setUint32(8, at(0) - 8, true);
  // All tables have numbers or offsets in fields 0 to 3 and 5.
  [16, 28, 4, 8, 12, 16, 0, 24].forEach((value, i) => view.setUint16(12 + 2 * i, value, true));
  const point = (from: number, to: number) => view.setUint32(from, to - from, true);
  for (let table = 0; table < levels + 2; table++) {
    view.setInt32(at(table), at(table) - 12, true);
    if (table === levels + 1) continue;
    view.setUint32(at(table) + 28, 2, true);
    for (const entry of [32, 36]) point(at(table) + entry, at(table + 1));
  }
  const [message, schema] = [at(0), at(1)];
  view.setInt32(message + 4, 4, true);
  view.setInt32(message + 8, 1, true);
  point(message + 12, schema);
  point(schema + 8, schema + 28);
  for (let table = 2; table < levels + 2; table++) {
    view.setInt32(at(table) + 12, 13, true);
    if (table < levels + 1) point(at(table) + 24, at(table) + 28);
  }
  return bytes;
}

test.each(["numbers", "lists nulls", "fixed double"])(
  "%s: a file that is cut off anywhere is refused",
  async (stem) => {
    const content = readFileSync(join(golden, `${stem}.arrow`));
    for (let length = 0; length < content.length; length++) {
      await expectInputError(read(content.subarray(0, length)), "x", /truncated|is empty/);
    }
  },
);

test.each(["numbers", "lists nulls", "fixed double"])("%s: so is a stream, but between batches", async (stem) => {
  const content = readFileSync(join(golden, `${stem}.arrows`));
  const whole = await read(content);
  let fine = 0;
  for (let length = 0; length < content.length; length++) {
    const outcome = await read(content.subarray(0, length)).catch((error: Error) => error);
    if (outcome instanceof Error) {
      await expectInputError(Promise.reject(outcome), "x", /truncated|is empty|is damaged|has no rows/);
      continue;
    }
    // A stream may end without saying so.
    fine++;
    expect(outcome.values).toEqual(whole.values.subarray(0, outcome.values.length));
    expect(outcome.values.length % (5 * whole.names.length)).toBe(
      length > content.length - 9 ? whole.values.length % (5 * whole.names.length) : 0,
    );
  }
  expect(fine).toBeLessThan(8);
});

test.each<[string, string | Uint8Array, string[] | undefined, RegExp]>([
  ["nothing", "", undefined, /is empty; write it again$/],
  ["text", "row,score\n1,2\n", undefined, /is damaged, or not Arrow: .*; copy or write it again$/],
  ["zeros", new Uint8Array(64), undefined, /truncated|damaged/],
  ["parquet", "PAR1....PAR1", undefined, /is Parquet, not Arrow; name it \.parquet$/],
  ["feather of old", "FEA1....FEA1", undefined, /is Feather version 1; write it as version 2/],
  ["magic alone", "ARROW1", undefined, /truncated/],
  [
    "a footer of 4 GiB",
    `ARROW1\0\0${"\0".repeat(20)}\xff\xff\xff\x7fARROW1`,
    undefined,
    /a footer of 2147483647 bytes/,
  ],
])("refused: %s", async (_, content, columns, message) => {
  const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content;
  await expectInputError(read(bytes, columns), "x", message);
});

test.each<[string, string[] | undefined, RegExp]>([
  ["numbers.arrow", ["x"], /there is no column "x"; it has "row", "text", "kind", "half"/],
  ["numbers.arrow", ["text"], /column "text" holds no numbers; name others \(option columns\)$/],
  ["numbers.arrow", ["kind"], /column "kind" holds no numbers/],
  ["numbers.arrow", [], /no column is named/],
  ["mixed.arrow", undefined, /has lists in "p", "q", "empty", "nothing" beside single numbers in "a": name one list/],
  ["mixed.arrow", ["p", "a"], /column "p" holds lists: name it alone/],
  ["mixed.arrow", ["q"], /row 2, column "q" has 1 values, rows before have 2; give every row as many$/],
  ["mixed.arrow", ["empty"], /column "empty" has empty lists$/],
  ["mixed.arrow", ["nothing"], /column "nothing" has only nulls$/],
  ["mixed.arrow", ["words"], /column "words" holds no numbers/],
])("refused: %s %s", async (file, columns, message) => {
  await expectInputError(read(readFileSync(join(golden, file)), columns), "x", message);
});

test("no rows are none to give", async () => {
  expect(await read(readFileSync(join(golden, "none.arrow")), ["a"])).toEqual({
    names: ["a"],
    values: new Float32Array(0),
  });
  expect(await read(readFileSync(join(golden, "none.arrows")), ["a"])).toEqual({
    names: ["a"],
    values: new Float32Array(0),
  });
  await expectInputError(read(readFileSync(join(golden, "none.arrow")), ["p"]), "x", /has no rows$/);
});

test("what is packed with ZSTD needs a package, and says which", async () => {
  vi.resetModules();
  vi.doMock("hyparquet-compressors", () => {
    throw new Error("Cannot find package 'hyparquet-compressors' imported from …");
  });
  const fresh = await import("../../src/files/arrow.ts");
  const open = async (file: string) =>
    collect(await fresh.arrowRows(memoryBytes("x", readFileSync(join(golden, file)))));
  await expect(open("zstd.feather")).rejects.toThrow(
    /^x: it is packed with ZSTD, for which the package hyparquet-compressors is needed: npm install hyparquet-compressors$/,
  );
  expect((await open("lz4.feather")).names).toEqual(["a", "b", "c"]);
});

async function read(content: Uint8Array, columns?: string[]) {
  return collect(await arrowRows(memoryBytes("x", content), columns));
}
