/** What files offer packed: the bytes as they lie, and nothing where float32 could not be made of them on a device. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { elements } from "../../src/files/elements.ts";
import { openNpy } from "../../src/files/index.ts";
import { memoryBytes } from "../../src/files/bytes.ts";
import { npyFile } from "../../src/files/npy.ts";
import { joinRows } from "../../src/files/parts.ts";
import { packedBytes, passesOf, type RowSource } from "../../src/matrix.ts";

const golden = join(import.meta.dirname, "../golden/npy");
const arrays = readdirSync(golden).filter((name) => name.endsWith(".npy"));
const codes = { float16: "f2", int8: "i1" };

/** Every range of rows, packed and then unpacked, is what `read` gives. */
async function expectPacked(source: RowSource): Promise<void> {
  const { rows, cols, packed } = source;
  const { type } = packed!;
  for (let start = 0; start < rows; start++)
    for (let count = 1; start + count <= rows; count++) {
      const values = passesOf(source) * count * cols;
      const bytes = new Uint8Array(values * packedBytes[type]);
      await packed!.read(start, count, bytes);
      const [found, expected] = [new Float32Array(values), new Float32Array(values)];
      elements[codes[type]].decode(bytes, found);
      await source.read(start, count, expected);
      expect(found).toEqual(expected);
    }
}

test.each(arrays)("%s", async (name) => {
  const file = await openNpy(join(golden, name));
  const source = file.source();
  const [, type] = /^(?:passes_)?(f2|i1)-C(?!-big)/.exec(name) ?? [];
  expect(source.packed && codes[source.packed.type]).toBe(type);
  if (source.packed) await expectPacked(source);
  await file.close();
});

test("there are some of both, and of several passes", () => {
  for (const name of ["f2-C-little-v1.npy", "i1-C-bytes-v1.npy", "passes_f2-C.npy", "passes_i1-C.npy"])
    expect(arrays).toContain(name);
});

test("packed rows that are not there are our own fault", async () => {
  const source = await int8Array([4, 3]);
  const read = async (start: number, count: number, bytes: number) =>
    source.packed!.read(start, count, new Uint8Array(bytes));
  await expect(read(3, 2, 6)).rejects.toThrow(RangeError);
  await expect(read(-1, 1, 3)).rejects.toThrow(RangeError);
  await expect(read(0, 1, 4)).rejects.toThrow(RangeError);
});

test("order is of no matter where there is one axis, or one byte", async () => {
  const list = await int8Array([5], { fortran: "True" });
  expect(list.packed?.type).toBe("int8");
  await expectPacked(list);
  const big = await int8Array([5, 2], { descr: ">i1" });
  expect(big.packed?.type).toBe("int8");
  await expectPacked(big);
});

test("parts are packed together where all of them are alike", async () => {
  for (const passes of [1, 3]) {
    const parts = await Promise.all([3, 1, 5].map((rows) => int8Array([passes, rows, 3])));
    await expectPacked(joinRows(parts));
    const other = await int8Array([passes, 2, 3], { descr: "|u1" });
    expect(joinRows([...parts, other]).packed).toBeUndefined();
  }
  const half = (await openNpy(join(golden, "f2-C-little-v1.npy"))).source();
  const bytes = await int8Array([2, half.cols]);
  expect(joinRows([half, bytes]).packed).toBeUndefined();
  expect(joinRows([half, half]).packed?.type).toBe("float16");
  await half.close!();
});

/** A .npy file of a byte a value. */
async function int8Array(shape: number[], { descr = "|i1", fortran = "False" } = {}): Promise<RowSource> {
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape.join(", ")},), }`;
  const values = Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => 37 * i);
  const content = Buffer.concat([
    Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(dict.length)}\x00${dict}`, "latin1"),
    values,
  ]);
  return (await npyFile(memoryBytes("bytes.npy", content))).source();
}
