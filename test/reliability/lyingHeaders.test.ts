/** Files that say more than they hold: what they claim is never given memory, time or a place on disk. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants, deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readHead, readRows } from "../../src/files/index.ts";
import { openRows } from "../../src/files/openRows.ts";
import { blocksOf } from "../../src/readAhead.ts";
import { dictOf, npyOf, zip } from "./support/archives.ts";
import { numbersIn, withNumbers, zigzag } from "./support/thriftNumbers.ts";
import { countArrays, judged } from "./support/trial.ts";

const folder = mkdtempSync(join(tmpdir(), "poolwise-lies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(countArrays);

const golden = (name: string): Buffer => readFileSync(join(import.meta.dirname, "../golden", name));

async function readPool(path: string): Promise<void> {
  const source = await openRows(path);
  try {
    for await (const _ of blocksOf(source));
  } finally {
    await source.close?.();
  }
}

const floats = (shape: string, values: number): Buffer => npyOf(dictOf("'<f4'", shape), Buffer.alloc(4 * values));

const flushed = (content: Buffer): Buffer => deflateRawSync(content, { finishFlush: constants.Z_FULL_FLUSH });

/** DEFLATE of a header and `megabytes` of zeros, in a thousandth of the time that packing them takes. */
function bomb(header: Buffer, megabytes: number): Buffer {
  const zeros = flushed(Buffer.alloc(2 ** 20));
  return Buffer.concat([flushed(header), ...Array(megabytes).fill(zeros), deflateRawSync(Buffer.alloc(0))]);
}

const gigabyte = bomb(floats(`(${2 ** 28}, 1)`, 0), 1024);
const gigabyteSize = BigInt(floats(`(${2 ** 28}, 1)`, 0).length + 2 ** 30);
const tensors = (header: object, bytes: number): Buffer => {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(bytes)]);
};
const F32 = (shape: number[], begin: number, end: number) => ({ dtype: "F32", shape, data_offsets: [begin, end] });
const MANY = 2 ** 40;

type Lie = [what: string, name: string, content: Buffer, says: RegExp, read?: (path: string) => Promise<unknown>];

test.each<Lie>([
  ["2⁶³ rows", "a.npy", floats(`(${2n ** 63n}, 3)`, 9), /whole numbers below 2\*\*53/],
  ["2⁴⁰ rows", "a.npy", floats(`(${MANY}, 3)`, 9), /truncated/],
  ["2⁵³ rows of nothing", "a.npy", floats(`(${2 ** 53 - 1}, 0)`, 0), /is empty/],
  ["shapes within shapes", "a.npy", floats(`${"(".repeat(20_000)}${")".repeat(20_000)}`, 1), /lists within lists/],
  ["a list of 2⁴⁰ rows", "a.npy", floats(`(${MANY},)`, 1), /truncated/, readRows],
  [
    "an array of 4 TB in a few bytes",
    "a.npz",
    zip([{ name: "a.npy", content: floats(`(${MANY},)`, 1), size: 4n * 2n ** 40n + 64n }]),
    /"a\.npy" cannot have 4398046511168 bytes/,
  ],
  [
    "a weight of 1 GB in a few bytes",
    "a.npz",
    zip([{ name: "0.weight.npy", content: floats(`(1, ${2 ** 28})`, 1), size: 2n ** 30n + 70n }]),
    /"0\.weight\.npy" cannot have/,
    readHead,
  ],
  [
    "a head that unpacks to 2 GB",
    "a.npz",
    zip(
      ["0.weight.npy", "0.bias.npy"].map((name) => ({
        name,
        content: Buffer.alloc(0),
        body: gigabyte,
        size: gigabyteSize,
      })),
    ),
    /bytes are too many for a head/,
    readHead,
  ],
  [
    "stored entries that are all the same bytes",
    "a.npz",
    overlapping(20_000),
    /"\d+\.weight\.npy" overlaps others/,
    readHead,
  ],
  [
    "a name that climbs out of the folder",
    "a.npz",
    zip([{ name: "../../escaped.npy", content: floats("(2, 2)", 4) }]),
    /tensor "\.\.\/\.\.\/escaped" is not part of a head/,
    readHead,
  ],
  [
    "tensors that overlap",
    "a.safetensors",
    tensors({ "0.weight": F32([2, 2], 0, 16), "0.bias": F32([2], 8, 16) }, 16),
    /overlaps tensor "0\.weight"/,
    readHead,
  ],
  [
    "a tensor that ends past the end",
    "a.safetensors",
    tensors({ "0.weight": F32([2, 2 ** 30], 0, 2 ** 33) }, 16),
    /truncated/,
    readHead,
  ],
  [
    "a tensor that begins past the end",
    "a.safetensors",
    tensors({ "0.weight": F32([2, 2], 2 ** 50, 2 ** 50 + 16) }, 16),
    /truncated/,
    readHead,
  ],
  [
    "a gap between tensors",
    "a.safetensors",
    tensors({ "0.weight": F32([2, 2], 0, 16), "0.bias": F32([2], 24, 32) }, 32),
    /leaves a gap/,
    readHead,
  ],
  [
    "a header of 2⁶³ bytes",
    "a.safetensors",
    Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 128]), Buffer.from("{}")]),
    /its header should have/,
    readHead,
  ],
  [
    "lists within lists as an activation",
    "a.safetensors",
    Buffer.concat([Buffer.from([0x76, 0x9c, 0, 0, 0, 0, 0, 0]), Buffer.from(deepMetadata())]),
    /activation lists within lists is not known/,
    readHead,
  ],
  [
    "2⁴⁰ rows of columns",
    "a.parquet",
    manyRows("required.parquet"),
    /not a whole \.parquet file: a column ends before/,
  ],
  ["2⁴⁰ rows of nulls", "a.parquet", manyRows("plain.parquet"), /not a whole \.parquet file: a column ends before/],
  ...["snappy", "gzip", "lz4", "zstd", "brotli"].map((codec): Lie => [
    `a page of ${codec} that unpacks to 1 GB`,
    "a.parquet",
    largePage(`${codec}.parquet`),
    /a page of \d+ bytes that unpack to 1073741824/,
  ]),
  [
    "blank lines below a wide header",
    "a.csv",
    Buffer.from(`${"a,".repeat(100_000)}a\n${"\n".repeat(100_000)}`),
    /has no rows/,
  ],
  [
    "blank lines below a wide list",
    "a.jsonl",
    Buffer.from(`[${"0,".repeat(100_000)}[]]${"\n".repeat(100_000)}`),
    /holds \[\]: no number/,
  ],
  ["two million columns", "a.csv", Buffer.from(`${"0,".repeat(2_000_000)}0\n`), /has 2000001 columns/],
  [
    "two million digits that are no number",
    "a.csv",
    Buffer.from(`a\n${"1".repeat(2_000_000)}x\n`),
    /holds "1{79}…: no number/,
  ],
  ["a quote that is never closed", "a.csv", Buffer.from(`a\n"${"1\n".repeat(300_000)}`), /quote out of place/],
  [
    "a string of quotes that does not end",
    "a.jsonl",
    Buffer.from(`["${'\\"'.repeat(1_000_000)} NaN`),
    /line 1: Unterminated string/,
  ],
  [
    "lists within lists",
    "a.jsonl",
    Buffer.from(`${"[".repeat(100_000)}${"]".repeat(100_000)}\n`),
    /holds lists within lists/,
  ],
  [
    "lists within lists for a row",
    "a.json",
    Buffer.from(`[${"[".repeat(100_000)}${"]".repeat(100_000)}]`),
    /has no row/,
    readRows,
  ],
])("%s: refused at once", async (_, name, content, says, read = readPool) => {
  expect(await judged(join(folder, name), content, read)).toEqual({ refused: expect.stringMatching(says) });
});

test("an array that does unpack to 1 GB is read a little at a time", async () => {
  const content = zip([{ name: "a.npy", content: Buffer.alloc(0), body: gigabyte, size: gigabyteSize }]);
  expect(content.length).toBeLessThan(2 ** 21);
  const before = process.memoryUsage.rss();
  let most = 0;
  const readSome = async (path: string): Promise<void> => {
    const source = await openRows(path);
    const values = new Float32Array(2 ** 18);
    for (let row = 0; row < 2 ** 22; row += values.length) {
      await source.read(row, values.length, values);
      most = Math.max(most, process.memoryUsage.rss());
    }
    await source.close?.();
  };
  expect(await judged(join(folder, "bomb.npz"), content, readSome)).toEqual({ opened: true });
  expect(most - before).toBeLessThan(2 ** 28);
});

/** Entries with the same bytes, each of which claims to be empty. */
function overlapping(count: number): Buffer {
  const content = floats("(100, 250)", 25_000);
  const [first, ...rest] = Array.from({ length: count }, (_, i) => ({
    name: `${i}.weight.npy`,
    content: Buffer.alloc(0),
    method: 0,
    body: content,
    packed: BigInt(content.length),
    size: 0n,
  }));
  return zip([first, ...rest.map((entry) => ({ ...entry, at: 0n }))]);
}

function deepMetadata(): string {
  const depth = 20_000;
  return `{"__metadata__":{"activation":${"[".repeat(depth)}${"]".repeat(depth)}}}`.padEnd(0x9c76);
}

/** Groups of 20, 20 and 10 rows, and all of their columns, are said to have 2⁴⁰ each. */
function manyRows(name: string): Buffer {
  const file = golden(`parquet/${name}`);
  const others = new Map([20n, 10n].map((rows) => [rows, 2n ** 40n]));
  return withNumbers(file, footerOf(file), others.set(50n, 3n * 2n ** 40n));
}

function footerOf(file: Buffer): number {
  return file.length - 8 - file.readUInt32LE(file.length - 8);
}

/** The first page says that it unpacks to 1 GB: of its header's numbers, that is the second. */
function largePage(name: string): Buffer {
  const file = golden(`parquet/${name}`);
  const { start, end } = numbersIn(file, 4).places[1];
  return Buffer.concat([file.subarray(0, start), zigzag(2n ** 30n), file.subarray(end)]);
}
