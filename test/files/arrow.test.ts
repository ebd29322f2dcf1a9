import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { arrowRows } from "../../src/files/arrow.ts";
import { type Bytes, memoryBytes } from "../../src/files/bytes.ts";
import { expectInputError } from "./scratch.ts";
import { collect } from "./tableRows.ts";

const golden = join(import.meta.dirname, "../golden/tables");
const tables = readdirSync(golden).filter(
  (name) => /\.(arrows?|feather)$/.test(name) && !/^(lz4|zstd|mixed|none)/.test(name),
);

afterEach(() => {
  vi.doUnmock("apache-arrow");
  vi.resetModules();
});

test("there are golden tables", () => expect(tables.length).toBeGreaterThan(20));

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
  ["numbers.arrow", ["text"], /column "text" holds no numbers; name others with --columns$/],
  ["numbers.arrow", ["kind"], /column "kind" holds no numbers/],
  ["numbers.arrow", [], /no column is named/],
  ["mixed.arrow", undefined, /has lists in "p", "q", "empty", "nothing" beside single numbers in "a": name one list/],
  ["mixed.arrow", ["p", "a"], /column "p" holds lists: name it alone/],
  ["mixed.arrow", ["q"], /row 2, column "q" has 1 values, rows before have 2; give every row as many$/],
  ["mixed.arrow", ["empty"], /column "empty" has empty lists$/],
  ["mixed.arrow", ["nothing"], /column "nothing" has only nulls$/],
  ["mixed.arrow", ["words"], /column "words" holds no numbers/],
  ["zstd.feather", undefined, /is compressed, which cannot be read: write it plain/],
  ["lz4.feather", undefined, /is compressed/],
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

test("without the package it says how to install it", async () => {
  vi.resetModules();
  vi.doMock("apache-arrow", () => {
    throw new Error("Cannot find package 'apache-arrow' imported from …");
  });
  const fresh = await import("../../src/files/arrow.ts");
  const { InputError } = await import("../../src/errors.ts");
  const error = await fresh.arrowRows(memoryBytes("x", new Uint8Array(9))).catch((thrown: Error) => thrown);
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).toMatch(
    /^x: Arrow needs the npm package apache-arrow.*: run npm install apache-arrow@21$/,
  );
});

async function read(content: Uint8Array, columns?: string[]) {
  return collect(await arrowRows(memoryBytes("x", content), columns));
}
