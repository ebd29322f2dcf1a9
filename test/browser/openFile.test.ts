/** Files as a page has them: every format gives the rows that numpy, pandas and pyarrow wrote. */
import { afterAll, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { openFile, openUrl } from "../../src/web.ts";
import type { Predictions, RowSource } from "../../src/matrix.ts";
import { openTestEngine } from "../support/engines.ts";

const addressOf = (name: string): string => new URL(`/test/golden/${name}`, location.href).href;

async function fileOf(name: string): Promise<File> {
  const response = await fetch(addressOf(name));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return new File([await response.blob()], name.split("/").at(-1)!);
}

async function json<T>(name: string): Promise<T> {
  return (await fileOf(name)).text().then(JSON.parse);
}

/** All values, read a few rows at a time. */
async function valuesOf(source: RowSource): Promise<Float32Array> {
  const { rows, cols, passes = 1 } = source;
  const values = new Float32Array(passes * rows * cols);
  const step = passes === 1 ? 7 : rows;
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    await source.read(row, count, values.subarray(row * passes * cols, (row + count) * passes * cols));
  }
  await source.close!();
  return values;
}

const arrows = ["numbers.arrow", "numbers.arrows", "lists nulls.arrow", "packed lz4 lists.arrow", "packed zstd.arrows"];
const stems = ["plain.csv", "quoted.csv", "arrays.jsonl", ...arrows];
const tables = [...stems, "uncompressed.feather", "lz4.feather", "zstd.feather"].map((file) => `tables/${file}`);

async function expectedOf(name: string): Promise<Float32Array> {
  const [folder, file] = name.split("/");
  const stem = file.replace(/\.\w+$/, "");
  if (folder === "tables") {
    const { values } = await json<{ values: (number | string)[] }>(`tables/${stem}.json`);
    return Float32Array.from(values, Number);
  }
  if (folder === "parquet") {
    const all = await json<Record<string, { values: (number | string)[] }>>("parquet/expected.json");
    return Float32Array.from(all[stem].values, Number);
  }
  if (folder === "npz") {
    const { rows } = await json<{ rows: number[][] }>("npz/values.json");
    return Float32Array.from(rows.flat());
  }
  const { values } = await json<{ values: (number | string)[] }>(`npy/${stem.split("-")[0]}.json`);
  return Float32Array.from(values, Number);
}

const names = [
  ...["f4-C-little-v1", "f8-F-big-v2", "f2-C-big-v3", "i8-F-big-v1"].map((stem) => `npy/${stem}.npy`),
  ...["one", "one-compressed", "fortran-compressed"].map((stem) => `npz/${stem}.npz`),
  ...["numbers", "plain", "zstd", "snappy", "lz4", "list-nulls"].map((stem) => `parquet/${stem}.parquet`),
  ...tables,
];

test.each(names)("%s: a file that was chosen, and one at an address", async (name) => {
  const expected = await expectedOf(name);
  expect(await valuesOf(await openFile(await fileOf(name)))).toEqual(expected);
  expect(await valuesOf(await openUrl(addressOf(name)))).toEqual(expected);
});

test("columns, arrays and names that differ from the file's own", async () => {
  const two = await openFile(await fileOf("npz/two.npz"), { columns: ["embeddings"] });
  expect([two.name, two.rows, two.cols]).toEqual(["two.npz:embeddings", 50, 7]);
  await two.close!();
  const text = new Blob(["a,b\n1,2\n3,4\n"]);
  const table = await openFile(text, { name: "mine.csv", columns: ["b", "a"] });
  expect(table.name).toBe("mine.csv");
  expect([...(await valuesOf(table))]).toEqual([2, 1, 4, 3]);
  const renamed = await openUrl(`${addressOf("tables/plain.csv")}?as=plain.bin`, { name: "mine.csv", columns: ["a"] });
  expect([renamed.name, renamed.cols]).toEqual(["mine.csv", 1]);
});

test("several files are one pool, in the order given", async () => {
  const parts = [
    new File(["a,b\n1,2\n"], "z.csv"),
    new File(['{"a":3,"b":4}\n'], "a.jsonl"),
    new File(["5,6"], "b.csv"),
  ];
  const pool = await openFile(parts);
  expect([pool.rows, pool.cols]).toEqual([3, 2]);
  expect([...(await valuesOf(pool))]).toEqual([1, 2, 3, 4, 5, 6]);
  const chosen = new DataTransfer();
  for (const part of parts.toReversed()) chosen.items.add(part);
  expect([...(await valuesOf(await openFile(chosen.files)))]).toEqual([5, 6, 3, 4, 1, 2]);
  await expectRefused(
    openFile([parts[0], new File(["7"], "c.csv")]),
    /^c\.csv: 1 columns beside z\.csv with 2 columns/,
  );
});

test("more than 32 MiB of text are kept by the browser, and read again anywhere", async () => {
  const lines = 1000;
  const block = Array.from({ length: lines }, (_, row) => `${row},${row - 7},0.5\n`).join("");
  const source = await openFile(
    new File(
      Array.from({ length: 2800 }, () => block),
      "large.csv",
    ),
  );
  expect([source.rows, source.cols, source.data]).toEqual([2800 * lines, 3, undefined]);
  for (const row of [2_796_202, 0, 2_799_998, 1_234_567]) {
    const into = new Float32Array(6);
    await source.read(row, 2, into);
    expect([...into]).toEqual([row, row + 1].flatMap((r) => [r % lines, (r % lines) - 7, 0.5]));
  }
  await source.close!();
});

test.each([
  [
    "npy/f4-C-little-v1.npy",
    /: truncated: shape .* needs \d+ bytes of values, the file has \d+; copy or save it again$/,
  ],
  ["npz/one.npz", /: not a whole zip archive: it has no directory at its end; copy or save it again$/],
  ["parquet/plain.parquet", /: not a \.parquet file, or not a whole one; copy or save it again$/],
  ["tables/numbers.arrow", /: truncated: breaks off; copy or write it again$/],
  ["tables/quoted.csv", /: line \d+ has (a quote out of place|\d+ cells)/],
  ["tables/records.jsonl", /: line 50: .*; mend or write it again$/],
])("%s, cut off, is one line", async (name, message) => {
  const file = await fileOf(name);
  await expectRefused(openFile(new File([file.slice(0, file.size - 33)], file.name)), message);
});

test("what is no file, or of no known kind, is one line", async () => {
  await expectRefused(openFile(new Blob(["1"])), /^blob: unknown kind of file: known are \.npy, /);
  for (const nothing of [[], undefined, "pool.csv", ["pool.csv"]])
    await expectRefused(openFile(nothing as unknown as Blob), /^openFile: expected a File or a Blob, or a list/);
  await expectRefused(openUrl(addressOf("tables/none.npy")), /: the server (answered 404|ignores ranges)/);
});

const engine = await openTestEngine("cpu");
afterAll(() => engine.close());

async function picked(logits: RowSource | Predictions): Promise<readonly unknown[]> {
  const pool = await engine.load({ logits });
  return (await pool.select("top-k", { k: 20, strategy: "entropy" })).picks;
}

test("a file and the array that it was written from give the same picks", async () => {
  const [rows, classes] = [500, 3];
  const data = Float32Array.from({ length: rows * classes }, (_, i) => 4 * Math.sin(i * i));
  const text = Array.from({ length: rows }, (_, row) => data.subarray(row * classes, (row + 1) * classes).join());
  const file = new File([text.join("\n")], "logits.csv");
  expect(await picked(await openFile(file))).toEqual(await picked({ data, rows, classes }));
});

async function expectRefused(opening: Promise<unknown>, message: RegExp): Promise<void> {
  const error: unknown = await opening.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain("\n");
}
