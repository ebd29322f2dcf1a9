/** Rows that are read at once are the rows that are read, whatever they come in. */
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { openRows, writeNpy } from "../../src/files/index.ts";
import { keepRows } from "../../src/node.ts";
import type { RowSource } from "../../src/matrix.ts";
import { scratchFolder } from "./scratch.ts";

const scratch = scratchFolder();
const golden = join(import.meta.dirname, "../golden");

const server = createServer((request, response) => {
  const content = readFileSync(scratch(request.url!.slice(1)));
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range!)!.map(Number);
  const part = content.subarray(first, last + 1);
  response.writeHead(206, { "content-range": `bytes ${first}-${first + part.length - 1}/${content.length}` }).end(part);
});
let address: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

async function expectSame(source: RowSource): Promise<void> {
  const { rows, cols } = source;
  const expected = new Float32Array(rows * cols);
  await source.read(0, rows, expected);
  if (source.data) expect(source.data).toEqual(expected);
  else {
    const direct = await source.direct!();
    const found = new Float32Array(rows * cols);
    // From the end, in stretches of one, two, three rows, and so on.
    for (let end = rows, count = 1; end > 0; end -= count, count = Math.min(count + 1, end))
      direct.read(end - count, count, found.subarray((end - count) * cols, end * cols));
    expect(Buffer.compare(new Uint8Array(found.buffer), new Uint8Array(expected.buffer))).toBe(0);
    await direct.close();
  }
  await source.close?.();
}

const files = readdirSync(join(golden, "npy")).filter((name) => /^[a-z]\d+-.*\.npy$/.test(name));
test("every .npy there is", async () => {
  expect(files.length).toBeGreaterThan(80);
  for (const name of files) await expectSame(await openRows(join(golden, "npy", name)));
});

const others = ["npz", "parquet"].flatMap((folder) =>
  readdirSync(join(golden, folder))
    .filter((name) => name.endsWith(`.${folder}`))
    .map((name) => join(folder, name)),
);
test("archives and Parquet, as far as they are embeddings", async () => {
  let seen = 0;
  for (const name of others) {
    const source = await openRows(join(golden, name)).catch(() => undefined);
    // Some are there to be refused.
    const isRead = source && (await canBeRead(source));
    if (source && isRead && (source.passes ?? 1) === 1) {
      await expectSame(source);
      seen++;
    } else await source?.close?.();
  }
  expect(seen).toBeGreaterThan(5);
});

async function canBeRead({ read, rows: all, cols: width, passes = 1 }: RowSource): Promise<boolean> {
  try {
    await read(0, all, new Float32Array(passes * all * width));
    return true;
  } catch {
    return false;
  }
}

const [rows, cols] = [30_000, 300];
const values = Float32Array.from({ length: rows * cols }, (_, i) => i % 9973);

test("parts, a server, and chunks that were kept in a file", async () => {
  await writeNpy(scratch("part-1.npy"), [7, cols], [values.slice(0, 7 * cols)]);
  await writeNpy(scratch("part-2.npy"), [40, cols], [values.slice(7 * cols, 47 * cols)]);
  await expectSame(await openRows(scratch("part-*.npy")));
  await expectSame(await openRows(`${address}/part-2.npy`));
  const kept = await keepRows([values], { cols });
  expect(kept.data).toBeUndefined();
  await expectSame(kept);
});

test("a file that is written to while it is read by the row is noticed, and one that is cut off", async () => {
  const path = scratch("changing.npy");
  await writeNpy(path, [rows, cols], [values]);
  const source = await openRows(path);
  const direct = await source.direct!();
  const row = new Float32Array(cols);
  direct.read(3, 1, row);
  appendFileSync(path, "x");
  const until = performance.now() + 5000;
  expect(() => {
    while (performance.now() < until) direct.read(9, 1, row);
  }).toThrow(`${path}: was written to while it was read: read it again when it is whole`);
  await source.close?.();
});

test("what is read after it was closed is said to be closed", async () => {
  const path = scratch("closed.npy");
  await writeNpy(path, [7, cols], [values.slice(0, 7 * cols)]);
  const source = await openRows(path);
  const direct = await source.direct!();
  await source.close?.();
  const row = new Float32Array(cols);
  const said = new InputError(`${path}: is closed: open it again`);
  await expect((async () => source.read(0, 1, row))()).rejects.toThrow(said);
  expect(() => direct.read(0, 1, row)).toThrow(said);
});
