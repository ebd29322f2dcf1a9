/** Arrays of .npz as numpy has packed them, stored and compressed, and archives that are damaged anywhere. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { memoryBytes } from "../../src/files/bytes.ts";
import { npzRows } from "../../src/files/npzRows.ts";
import { joinRows } from "../../src/files/parts.ts";
import { arraySource, passesOf, type RowSource } from "../../src/matrix.ts";

const folder = join(import.meta.dirname, "../golden/npz");
const contentOf = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));
const open = (name: string, array?: string): Promise<RowSource> => npzRows(memoryBytes(name, contentOf(name)), array);
const values = JSON.parse(readFileSync(join(folder, "values.json"), "utf8")) as {
  rows: number[][];
  passes: number[][][];
};

async function expectRows(source: RowSource, expected: readonly (readonly number[])[][]): Promise<void> {
  const rows = expected[0].length;
  const { cols } = source;
  expect([passesOf(source), source.rows, cols]).toEqual([expected.length, rows, expected[0][0].length]);
  // Forward in pieces, one row again and again, and from the end to the start.
  const ranges = [
    [0, rows],
    [0, 7],
    [7, rows - 7],
    [3, 1],
    [rows - 1, 1],
    [0, 1],
    [10, 20],
    [10, 20],
  ] as const;
  for (const [start, count] of ranges) {
    const into = new Float32Array(expected.length * count * cols);
    await source.read(start, count, into);
    expect([...into], `${start}, ${count}`).toEqual(
      expected.flatMap((pass) => pass.slice(start, start + count).flat()),
    );
  }
  // Asked for at once, each gets its own.
  const all = await Promise.all(
    Array.from({ length: rows }, async (_, i) => {
      const row = rows - 1 - i;
      const into = new Float32Array(expected.length * cols);
      await source.read(row, 1, into);
      return [...into];
    }),
  );
  expect(all.toReversed()).toEqual(Array.from({ length: rows }, (_, row) => expected.flatMap((pass) => pass[row])));
}

test.each(["one.npz", "one-compressed.npz", "fortran-compressed.npz"])("%s: the only array", async (name) => {
  await expectRows(await open(name), [values.rows]);
});

test.each(["two.npz", "two-compressed.npz"])("%s: an array by its name", async (name) => {
  const embeddings = await open(name, "embeddings");
  expect(embeddings.name).toBe(`${name}:embeddings`);
  await expectRows(embeddings, [values.rows.slice(0, 50)]);
  await expectRows(await open(name, "logits"), values.passes);
});

test("an array that is not named, or not there", async () => {
  await expect(open("two.npz")).rejects.toThrow(
    new InputError('two.npz: holds 2 arrays ("logits", "embeddings"): name one, as in two.npz:logits'),
  );
  await expect(open("two.npz", "scores")).rejects.toThrow(
    new InputError('two.npz: there is no array "scores": it has "logits", "embeddings"'),
  );
});

test.each(["one.npz", "two-compressed.npz"])("%s: cut off anywhere, it is refused", async (name) => {
  const content = contentOf(name);
  for (let size = 0; size < content.length; size += 1 + (size >> 4)) {
    const cut = npzRows(
      memoryBytes("cut.npz", content.subarray(0, size)),
      name.startsWith("two") ? "logits" : undefined,
    );
    await expect(cut, `${size} bytes`).rejects.toThrow(InputError);
    await expect(cut, `${size} bytes`).rejects.toThrow(/^cut\.npz: /);
  }
});

test.each(["one.npz", "one-compressed.npz"])("%s: with any byte changed it is refused, or read", async (name) => {
  const content = contentOf(name);
  for (let at = 0; at < content.length; at += 1 + (at > 200 && at < content.length - 200 ? 37 : 0)) {
    const spoilt = content.slice();
    spoilt[at] ^= 0x55;
    try {
      const source = await npzRows(memoryBytes("spoilt.npz", spoilt));
      const { rows, cols } = source;
      if (rows * cols <= 1e6) await source.read(0, rows, new Float32Array(passesOf(source) * rows * cols));
    } catch (error) {
      expect(error, `byte ${at}: ${String(error)}`).toBeInstanceOf(InputError);
    }
  }
});

test("parts are one pool, wherever their borders lie", async () => {
  for (const passes of [1, 3]) {
    const parts = [3, 1, 5].map((rows, part) =>
      arraySource(
        `part ${part}`,
        Float32Array.from({ length: passes * rows * 2 }, (_, i) => 100 * part + i),
        rows,
        2,
        passes,
      ),
    );
    const whole = joinRows(parts);
    expect([whole.rows, whole.cols, passesOf(whole)]).toEqual([9, 2, passes]);
    const expected = Array.from({ length: passes }, (_, pass) =>
      parts.flatMap(({ data, rows }) => [...data!.subarray(pass * rows * 2, (pass + 1) * rows * 2)]),
    );
    for (let start = 0; start < 9; start++)
      for (let count = 1; start + count <= 9; count++) {
        const into = new Float32Array(passes * count * 2);
        await whole.read(start, count, into);
        expect([...into]).toEqual(expected.flatMap((pass) => pass.slice(2 * start, 2 * (start + count))));
      }
  }
  const odd = arraySource("odd", new Float32Array(6), 2, 3);
  expect(() => joinRows([arraySource("first", new Float32Array(4), 2, 2), odd])).toThrow(
    new InputError("odd: 3 columns beside first with 2 columns: parts of a pool must have the same columns"),
  );
});
