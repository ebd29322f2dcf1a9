/** The same rows, whatever they come in and wherever they lie. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { openRows, writeNpy } from "../../src/files/index.ts";
import type { RowSource } from "../../src/matrix.ts";
import { scratchFolder } from "./scratch.ts";

const scratch = scratchFolder();
const ROWS = 50;
const COLS = 3;
const values = Float32Array.from({ length: ROWS * COLS }, (_, i) => Math.round(1000 * Math.sin(i)) / 8);
const rowOf = (row: number): number[] => [...values.subarray(row * COLS, (row + 1) * COLS)];
const lines = Array.from({ length: ROWS }, (_, row) => rowOf(row));

async function allOf(source: RowSource): Promise<number[]> {
  const all = new Float32Array(source.rows * source.cols);
  for (let row = 0; row < source.rows; row += 7) {
    const count = Math.min(7, source.rows - row);
    await source.read(row, count, all.subarray(row * source.cols, (row + count) * source.cols));
  }
  await source.close?.();
  return [...all];
}

const reversed = lines.map((line) => line.toReversed()).flat();

beforeAll(async () => {
  await writeNpy(scratch("pool.npy"), [ROWS, COLS], [values]);
  await writeNpy(scratch("list.npy"), [ROWS], [values.slice(0, ROWS)]);
  scratch("pool.csv", ["row,a,b,c", ...lines.map((line, row) => [row, ...line].join())].join("\n"));
  scratch("pool.jsonl", lines.map(([a, b, c]) => JSON.stringify({ a, b, c })).join("\n"));
  // Ten parts, of which the third, by number, comes before the tenth.
  for (let part = 0; part < 10; part++)
    await writeNpy(scratch(`part-${part + 1}.npy`), [5, COLS], [values.slice(part * 5 * COLS, (part + 1) * 5 * COLS)]);
});

test.each([
  ["pool.npy", {}],
  ["pool.csv", {}],
  ["pool.csv:a,b,c", {}],
  ["pool.jsonl", {}],
  ["part-*.npy", {}],
  ["part-{1,2,3,4,5,6,7,8,9,10}.npy", {}],
])("%s: all rows", async (name, options) => {
  const source = await openRows(scratch(name), options);
  expect([source.rows, source.cols]).toEqual([ROWS, COLS]);
  expect(await allOf(source)).toEqual([...values]);
});

test.each([
  ["pool.csv:c,b,a", {}],
  ["pool.csv", { columns: ["c", "b", "a"] }],
  ["pool.jsonl:c, b, a", {}],
])("%s: columns in another order", async (name, options) => {
  expect(await allOf(await openRows(scratch(name), options))).toEqual(reversed);
});

test("an array of an archive, by name", async () => {
  const folder = join(import.meta.dirname, "../golden/npz");
  const source = await openRows(`${join(folder, "two.npz")}:embeddings`);
  expect([source.rows, source.cols]).toEqual([50, 7]);
  await source.close?.();
});

test("a pattern's own characters in a name that is there are no pattern", async () => {
  await writeNpy(scratch("part-[a].npy"), [ROWS, COLS], [values]);
  expect(await allOf(await openRows(scratch("part-[a].npy")))).toEqual([...values]);
});

let address = "";
const server = createServer((request, response) => {
  const content = readFileSync(scratch(request.url!.slice(1).split("?")[0]));
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range!)!.map(Number);
  const part = content.subarray(first, last + 1);
  response.writeHead(206, { "content-range": `bytes ${first}-${first + part.length - 1}/${content.length}` }).end(part);
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

test.each(["pool.npy", "pool.csv", "pool.jsonl", "pool.npy?key=a/b.txt"])("%s: from a server", async (name) => {
  expect(await allOf(await openRows(`${address}/${name}`))).toEqual([...values]);
});

test("columns of a table from a server", async () => {
  expect(await allOf(await openRows(`${address}/pool.csv:c,b,a`))).toEqual(reversed);
});

test.each([
  ["pool.pkl", {}, /pool\.pkl: unknown kind of file: known are \.npy, \.npz, \.parquet, \.csv, \.jsonl, \.arrow/],
  ["pool", {}, /pool: unknown kind of file/],
  ["none.csv", {}, /none\.csv: no such file or folder/],
  ["none-*.csv", {}, /none-\*\.csv: no file has such a name; check the pattern$/],
  ["pool.npy", { columns: ["a"] }, /pool\.npy: has no names for its columns: leave a out$/],
  ["pool.csv:a", { columns: ["a"] }, /its columns are named twice: here, and by option columns$/],
  ["pool.csv:d", {}, /pool\.csv: there is no column "d"/],
  [
    "list.npy",
    { matrix: "embeddings are [rows, dims]" },
    /list\.npy: shape \[50\] is one list: embeddings are \[rows, dims\]$/,
  ],
  ["{pool,list}.npy", {}, /pool\.npy: 3 columns beside .*list\.npy with 1 columns: parts of a pool must have the same/],
])("%s: refused", async (name, options, message) => {
  const promise = openRows(scratch(name), options);
  await expect(promise).rejects.toThrow(InputError);
  await expect(promise).rejects.toThrow(message);
});
