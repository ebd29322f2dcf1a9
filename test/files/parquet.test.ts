import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterEach, expect, test, vi } from "vitest";
import { InputError } from "../../src/errors.ts";
import { type Bytes, memoryBytes } from "../../src/files/bytes.ts";
import { openBytes } from "../../src/files/fileBytes.ts";
import { parquetSource } from "../../src/files/parquet.ts";
import { readPage, readPageHeader } from "../../src/files/parquetPages.ts";
import { joinRows, type PartSource } from "../../src/files/parts.ts";
import type { RowSource } from "../../src/matrix.ts";
import { expectInputError } from "./scratch.ts";

interface Expected {
  readonly columns: string[] | null;
  readonly rows: number;
  readonly values: (number | string)[];
}

const golden = join(import.meta.dirname, "../golden/parquet");
const expected: Record<string, Expected> = JSON.parse(readFileSync(join(golden, "expected.json"), "utf8"));
const cases = Object.entries(expected);
const flights = join(import.meta.dirname, "../../node_modules/vega-datasets/data/flights-3m.parquet");

afterEach(() => {
  vi.doUnmock("hyparquet");
  vi.doUnmock("hyparquet-compressors");
  vi.resetModules();
});

test("there are golden files, and each has its values", () => {
  expect(cases.length).toBeGreaterThan(20);
  const refused = ["ragged", "words", "encoding", "none", "empty", "nulls"];
  const stems = readdirSync(golden).filter((name) => name.endsWith(".parquet"));
  expect(stems.map((name) => name.slice(0, -".parquet".length)).sort()).toEqual(
    [...Object.keys(expected), ...refused].sort(),
  );
});

test.each(cases)("%s: every range of rows is what Arrow reads", async (name, { columns, rows, values }) => {
  const source = await opened(name, columns ?? undefined);
  expect(source.rows).toBe(rows);
  const { cols } = source;
  const all = Float32Array.from(values, Number);
  expect(all.length).toBe(rows * cols);
  expect(await rowsOf(source, 0, rows)).toEqual(all);
  const step = rows > 100 ? 23 : 7;
  for (let start = 0; start < rows; start += step) {
    for (let count = 1; start + count <= rows; count += step - 2) {
      const range = await rowsOf(source, start, count);
      expect(range).toEqual(all.slice(start * cols, (start + count) * cols));
    }
  }
});

test.each(cases)("%s: rows decoded in small pieces are the same", async (name, { columns, rows }) => {
  const whole = await opened(name, columns ?? undefined);
  const all = await rowsOf(whole, 0, rows);
  const { cols } = whole;
  const pieces = await parquetSource(bytesOf(name), columns ?? undefined, 7);
  expect(await rowsOf(pieces, 0, rows)).toEqual(all);
  for (const start of [rows - 1, 0, 13, 12, rows >> 1]) {
    expect(await rowsOf(pieces, start, 1)).toEqual(all.slice(start * cols, (start + 1) * cols));
  }
});

test("columns come by name and in the order asked for", async () => {
  const source = await opened("numbers");
  const { values } = expected.numbers;
  const all = Float32Array.from(values, Number);
  const names = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f16", "f32", "f64", "bool", "decimal", "wide"];
  expect(source).toMatchObject({ name: "numbers", rows: 50, cols: names.length });
  const asked = ["f64", "i8", "wide", "f64"];
  const some = await rowsOf(await opened("numbers", asked), 0, 50);
  const at = asked.map((name) => names.indexOf(name));
  expect([...some]).toEqual(Array.from({ length: 50 }, (_, row) => at.map((c) => all[row * names.length + c])).flat());

  const list = await opened("mixed", ["e"]);
  expect([list.rows, list.cols]).toEqual([50, 3]);
});

test("three million real rows are what hyparquet's rows say", async () => {
  const bytes = await openBytes(flights);
  const source = await parquetSource(bytes);
  expect([source.rows, source.cols]).toEqual([3_000_000, 2]);
  const file = await asyncBufferFromFile(flights);
  for (const start of [0, 122_870, 1_500_000, 2_999_980]) {
    const columns = ["delay", "distance"];
    const objects = await parquetReadObjects({ file, columns, compressors, rowStart: start, rowEnd: start + 20 });
    const numbers = objects.flatMap(({ delay, distance }) => [Number(delay), Number(distance)]);
    expect([...(await rowsOf(source, start, 20))]).toEqual(numbers);
  }
  await source.close!();
});

test("each group is read once a pass, whatever the chunks, and not the whole file to open it", async () => {
  const { bytes, reads } = counted("required");
  const source = await parquetSource(bytes, ["i8", "f32", "wide"]);
  const atFirst = reads.length;
  expect(atFirst).toBe(1);
  await Promise.all([0, 3, 7, 11].map((start) => rowsOf(source, start, 5)));
  const once = reads.length - atFirst;
  expect(once).toBeGreaterThan(0);
  for (let row = 0; row < 40; row += 3) await rowsOf(source, row, 1);
  // The second group lies as the first one does.
  expect(reads.length - atFirst).toBe(2 * once);
});

test("rows here and there, in their order, read a group of many pieces no more than once, by two works at a time", async () => {
  const file = await openBytes(flights);
  let read = 0;
  const bytes: Bytes = {
    ...file,
    read(into, position) {
      read += into.length;
      return file.read(into, position);
    },
  };
  const source = await parquetSource(bytes, undefined, 10_000);
  const rowsIn = source.rows;
  const whole = await parquetSource(file);
  for (let row = 0; row < rowsIn; row += 4001)
    expect(await rowsOf(source, row, 3)).toEqual(await rowsOf(whole, row, 3));
  expect(read).toBeLessThan(1.5 * file.size);
  const far = rowsIn >> 1;
  const [first, second] = await Promise.all([rowsOf(source, 0, 90_000), rowsOf(source, far, 90_000)]);
  expect(first).toEqual(await rowsOf(whole, 0, 90_000));
  expect(second).toEqual(await rowsOf(whole, far, 90_000));
  await source.close!();
});

test("what is kept is let go of when a pool reads its other parts", async () => {
  const parts = await Promise.all(["snappy", "zstd", "brotli"].map((name) => opened(name)));
  const forgotten: number[] = [];
  const pool = joinRows(
    parts.map((part, i) => ({
      ...part,
      forget() {
        forgotten.push(i);
        (part as PartSource).forget!();
      },
    })),
  );
  const all = await rowsOf(pool, 0, pool.rows);
  expect(forgotten).toEqual([0]);
  const { cols } = pool;
  // Two works in two parts keep theirs.
  for (const row of [410, 810, 411, 811, 412])
    expect(await rowsOf(pool, row, 2)).toEqual(all.slice(row * cols, (row + 2) * cols));
  expect(forgotten).toEqual([0]);
  expect(await rowsOf(pool, 3, 2)).toEqual(all.slice(3 * cols, 5 * cols));
  expect(forgotten).toEqual([0, 2]);
});

test("a read that fails is tried again, and its error is passed on as it is", async () => {
  const { bytes } = counted("numbers");
  let isBroken = false;
  const read: Bytes["read"] = async (into, position) => {
    if (isBroken) throw new InputError("numbers: the line is dead");
    return bytes.read(into, position);
  };
  const source = await parquetSource({ ...bytes, read });
  isBroken = true;
  await expectInputError(rowsOf(source, 0, 1), "numbers", /^numbers: the line is dead$/);
  isBroken = false;
  expect((await rowsOf(source, 0, 1))[0]).toBe(-128);
});

test("rows that are not there are our own fault", async () => {
  const source = await opened("zstd");
  await expect((async () => source.read(400, 1, new Float32Array(2)))()).rejects.toThrow(RangeError);
  await expect((async () => source.read(0, 1, new Float32Array(1)))()).rejects.toThrow(RangeError);
});

test("closing the source closes the bytes", async () => {
  const close = vi.fn(async () => {});
  const source = await parquetSource({ ...bytesOf("numbers"), close });
  await source.close!();
  expect(close).toHaveBeenCalledOnce();
});

test.each<[string, string[] | undefined, RegExp]>([
  [
    "mixed",
    undefined,
    /has lists in "e" beside single numbers in "f32", "i64": name one list, or the columns of single numbers \(option columns\)$/,
  ],
  ["mixed", [], /no column is named; it has "f32", "i64", "text" \(strings\), "day" \(dates\)/],
  ["mixed", ["i64", "I64"], /no column "I64"; it has "f32", "i64", "text" \(strings\), "day" \(dates\), .*"e"$/],
  ["mixed", ["e", "i64"], /column "e" holds lists: name it alone, or only columns of single numbers$/],
  ["mixed", ["text"], /column "text" holds strings; name others \(option columns\)$/],
  ["mixed", ["day"], /column "day" holds dates;/],
  ["mixed", ["when"], /column "when" holds timestamps;/],
  ["mixed", ["time"], /column "time" holds times;/],
  ["mixed", ["struct"], /column "struct" holds a struct;/],
  ["mixed", ["deep"], /column "deep" holds lists of lists or structs;/],
  ["mixed", ["words"], /column "words" holds lists of strings;/],
  ["mixed", ["map"], /column "map" holds a map;/],
  ["words", undefined, /has no column of numbers to read; it has "a" \(strings\), "text" \(strings\), "day" \(dates\)/],
  ["none", undefined, /no rows; give at least one$/],
  ["empty", undefined, /column "e": the list of row 0 has 0 entries/],
  ["nulls", undefined, /column "e" holds no list; name another$/],
])("refused: %s with columns %j", async (name, columns, message) => {
  await expectInputError(opened(name, columns), name, message);
});

test("what is whole and still not for us is not called broken", async () => {
  await expectInputError(
    rowsOf(await opened("encoding"), 0, 1),
    "encoding",
    /: FIXED_LEN_BYTE_ARRAY values are encoded as DELTA_BYTE_ARRAY, which is not supported; save it with PLAIN or dictionary encoding$/,
  );
});

test("decimals may have lengths of their own", () => {
  const header = readPageHeader(
    Uint8Array.of(0x15, 0, 0x15, 32, 0x15, 32, 0x2c, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0),
  );
  expect(header).toMatchObject({ kind: "data", length: 17, packed: 16, unpacked: 16, entries: 3, encoding: "PLAIN" });
  const layout = { type: "BYTE_ARRAY", length: 0, unsigned: false, scale: 2, defined: 0, entry: 0 } as const;
  const body = Uint8Array.of(1, 0, 0, 0, 255, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0);
  const { values } = readPage(header, body, layout, (packed) => packed, undefined);
  expect([...values]).toEqual([-0.01, 0, 655.36].map(Math.fround));
  expect(() => readPage(header, body.subarray(0, -1), layout, (packed) => packed, undefined)).toThrow(/end too early/);
});

test("a list of another length is refused with its row and both lengths", async () => {
  const source = await opened("ragged");
  expect(await rowsOf(source, 0, 20)).toEqual(new Float32Array(60).fill(0.5));
  await expectInputError(
    rowsOf(source, 20, 1),
    "ragged",
    /column "e": the list of row 33 has 2 entries, the first one has 3; make all alike$/,
  );
});

test.each<[string, Uint8Array, RegExp]>([
  ["empty", new Uint8Array(0), /not a \.parquet file, or not a whole one; copy or save it again$/],
  ["text", Buffer.from("row,score\n1,2\n3,4\n"), /not a \.parquet file/],
  ["encrypted", Buffer.from("PARE....------------PARE"), /the file is encrypted; save it without encryption$/],
  [
    "a long description",
    ended(2 ** 31),
    /description should have 2147483648 bytes, 8 are there; copy or save it again$/,
  ],
  ["no description", ended(0), /not a whole \.parquet file: a description ends too early; copy or save it again$/],
])("refused: %s", async (name, content, message) => {
  await expectInputError(parquetSource(memoryBytes(name, content)), name, message);
});

test("a description that claims a list of 2^27 things makes nothing of them", async () => {
  const content = Buffer.concat([
    Buffer.from("PAR1"),
    Buffer.from([0x19, 0xfc, 0x80, 0x80, 0x80, 0x40, 0x00]),
    ended(7),
  ]);
  await expectInputError(parquetSource(memoryBytes("x", content)), "x", /lists 134217728 things in 1 bytes/);
});

test.each(["hyparquet", "hyparquet-compressors"])("where %s is missing, it is named", async (missing) => {
  vi.resetModules();
  vi.doMock(missing, () => {
    throw new Error("Cannot find package");
  });
  const again = await import("../../src/files/parquet.ts");
  const error = await again.parquetSource(bytesOf("zstd")).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ name: "InputError" });
  expect((error as Error).message).toMatch(
    new RegExp(`^zstd: .*the package ${missing} is needed: npm install ${missing}$`),
  );
  if (missing === "hyparquet-compressors") {
    expect((await again.parquetSource(bytesOf("snappy"))).rows).toBe(400);
  }
});

test.each(["snappy", "list-one"])("%s, broken off at any length, is refused", async (name) => {
  const content = readFileSync(join(golden, `${name}.parquet`));
  for (let length = 0; length < content.length; length++) {
    await expectInputError(readAll(memoryBytes(name, content.subarray(0, length))), name, /copy or save it again$/);
  }
});

test.each(cases.map(([name]) => name))("%s with a bit flipped has values or is refused", async (name) => {
  const content = readFileSync(join(golden, `${name}.parquet`));
  const columns = expected[name].columns ?? undefined;
  // Another bit at each place. Brotli's decoder takes its time to begin.
  const places = name === "brotli" ? 50 : 300;
  const step = Math.max(1, Math.floor(content.length / places));
  for (let at = 0, bit = 0; at < content.length; at += step, bit = (bit + 3) % 8) {
    const damaged = Buffer.from(content);
    damaged[at] ^= 1 << bit;
    await readAll(memoryBytes(name, damaged), columns).catch((error: Error) => {
      if (!(error instanceof InputError)) throw error;
      expect(error.message.startsWith(`${name}: `), error.message).toBe(true);
      expect(error.message).not.toContain("\n");
    });
  }
});

async function readAll(bytes: Bytes, columns?: readonly string[]): Promise<void> {
  const source = await parquetSource(bytes, columns);
  await rowsOf(source, 0, source.rows);
}

/** The end of a file whose description should have so many bytes. */
function ended(length: number): Buffer {
  const end = Buffer.from("PAR1............PAR1");
  end.writeUInt32LE(length, 12);
  return length === 7 ? end.subarray(12) : end;
}

/** Bytes that remember what was asked of them. */
function counted(name: string): { bytes: Bytes; reads: [position: number, length: number][] } {
  const bytes = bytesOf(name);
  const reads: [number, number][] = [];
  const read: Bytes["read"] = (into, position) => {
    reads.push([position, into.length]);
    return bytes.read(into, position);
  };
  return { bytes: { ...bytes, read }, reads };
}

async function opened(name: string, columns?: readonly string[]): Promise<RowSource> {
  return parquetSource(bytesOf(name), columns);
}

function bytesOf(name: string): Bytes {
  return memoryBytes(name, readFileSync(join(golden, `${name}.parquet`)));
}

async function rowsOf(source: RowSource, start: number, count: number): Promise<Float32Array> {
  const into = new Float32Array(count * source.cols).fill(-7);
  await source.read(start, count, into);
  return into;
}
