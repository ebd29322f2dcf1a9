import { readdirSync, readFileSync } from "node:fs";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openNpy, readIntegers, writeNpy } from "../../src/files/index.ts";
import { expectInputError, scratchFolder } from "./scratch.ts";

const golden = join(import.meta.dirname, "../golden/npy");
const arrays = readdirSync(golden).filter((name) => name.endsWith(".npy"));
const scratch = scratchFolder();

test("there are golden arrays", () => expect(arrays.length).toBeGreaterThan(100));

test.each(arrays)("%s: every range of rows is what numpy reads", async (name) => {
  const stem = name.split(/[-.]/, 1)[0];
  const expected = JSON.parse(readFileSync(join(golden, `${stem}.json`), "utf8"));
  const values = Float32Array.from(expected.values, Number);
  const file = await openNpy(join(golden, name));
  expect(file.shape).toEqual(expected.shape);

  const source = file.source();
  const { passes = 1, rows, cols } = source;
  const { shape } = expected;
  expect([passes, rows, cols]).toEqual([[1, ...shape, 1], [1, ...shape], shape][shape.length - 1]);
  for (let start = 0; start < rows; start++) {
    for (let count = 1; start + count <= rows; count++) {
      const into = new Float32Array(passes * count * cols).fill(-7);
      await source.read(start, count, into);
      const range = (pass: number) => values.slice((pass * rows + start) * cols, (pass * rows + start + count) * cols);
      expect([...into]).toEqual(Array.from({ length: passes }, (_, pass) => [...range(pass)]).flat());
    }
  }
  await source.close!();
  await file.close();
});

test("a source goes by the name it is given, or by its file", async () => {
  const path = join(golden, "list-C.npy");
  const file = await openNpy(path);
  expect(file.dtype).toBe("<f4");
  expect(file.source().name).toBe(path);
  expect(file.source("logits")).toMatchObject({ name: "logits", rows: 24, cols: 1 });
  await file.close();
});

test("rows go where they are asked to, between others and in shared memory", async () => {
  const file = await openNpy(join(golden, "column-C.npy"));
  const into = new Float32Array(new SharedArrayBuffer(16));
  await file.source().read(5, 2, into.subarray(1, 3));
  expect([...into]).toEqual([0, 5, 6, 0]);
  await file.close();
});

test("rows that are not there are our own fault", async () => {
  const file = await openNpy(join(golden, "row-C.npy"));
  await expect((async () => file.source().read(1, 1, new Float32Array(24)))()).rejects.toThrow(RangeError);
  await expect((async () => file.source().read(0, 1, new Float32Array(23)))()).rejects.toThrow(RangeError);
  const committee = await openNpy(join(golden, "passes-C.npy"));
  await expect((async () => committee.source().read(0, 1, new Float32Array(3)))()).rejects.toThrow(RangeError);
  await committee.close();
  await file.close();
});

test("what is written is what numpy writes", async () => {
  const path = scratch("written.npy");
  const values = Float32Array.from(JSON.parse(readFileSync(join(golden, "f4.json"), "utf8")).values, Number);
  await writeNpy(path, [4, 3], [values.subarray(0, 5), values.subarray(5)]);
  // A NaN may have any payload, so the values are compared as values.
  const header = readFileSync(path).subarray(0, 128);
  expect(header).toEqual(readFileSync(join(golden, "f4-C-little-v1.npy")).subarray(0, 128));
  const file = await openNpy(path);
  const into = new Float32Array(12);
  await file.source().read(0, 4, into);
  expect(into).toEqual(values);
  await file.close();

  await writeNpy(path, [24], [Float32Array.from({ length: 24 }, (_, i) => i)]);
  expect(readFileSync(path)).toEqual(readFileSync(join(golden, "list-C.npy")));
});

test("an array that does not fill its shape is not written", async () => {
  const path = scratch("short.npy");
  await expect(writeNpy(path, [3], [new Float32Array(2)])).rejects.toThrow(RangeError);
  await expect(writeNpy(path, [2], [new Float32Array(2)], "<i4")).rejects.toThrow(TypeError);
  await expectInputError(openNpy(path), path, /no such file/);
});

test("values that are converted piece by piece meet without a seam", async () => {
  const path = scratch("long.npy");
  const integers = Int32Array.from({ length: 600_001 }, (_, i) => i - 300_000);
  await writeNpy(path, [integers.length], [integers], "<i4");
  const file = await openNpy(path);
  const into = new Float32Array(integers.length);
  await file.source().read(0, integers.length, into);
  expect(into.every((value, i) => value === integers[i])).toBe(true);
  await file.close();
  const list = await readIntegers(path);
  expect(list.length).toBe(integers.length);
  expect(list.every((value, i) => value === integers[i])).toBe(true);
});

test("integers come in full, however they are stored", async () => {
  for (const order of ["C", "F"]) {
    expect(await readIntegers(join(golden, `column-${order}.npy`))).toEqual(
      Float64Array.from({ length: 24 }, (_, i) => i),
    );
  }
  const large = npy(
    { descr: "<i8", shape: "(2,)" },
    Buffer.from(new BigInt64Array([2n ** 53n - 1n, -16777217n]).buffer),
  );
  expect([...(await readIntegers(scratch("large.npy", large)))]).toEqual([2 ** 53 - 1, -16777217]);
  expect(await readIntegers(scratch("none.npy", npy({ shape: "(0,)" }, "")))).toEqual(new Float64Array(0));
});

test.each([
  ["a fraction", npy({ shape: "(2,)" }, floats(1, 2.5)), /index 1 holds 2\.5/],
  ["NaN", npy({ shape: "(2,)" }, floats(1, NaN)), /index 1 holds NaN/],
  ["beyond 2^53", npy({ descr: "<u8", shape: "(1,)" }, Buffer.alloc(8, 255)), /index 0 holds 18446744073709552000/],
  ["two columns", npy({ shape: "(1, 2)" }, floats(1, 2)), /shape \[1, 2\] is not a list/],
  ["no axis", npy({ shape: "()" }, floats(1)), /shape \[\] is not a list/],
])("no list of integers: %s", async (name, content, message) => {
  const path = scratch(`integers ${name}.npy`, content);
  await expectInputError(readIntegers(path), path, message);
});

test.each([
  ["4 axes", "(1, 1, 1, 2)", /shape \[1, 1, 1, 2\] has 4 axes; give \[rows, columns\] or \[passes, rows, columns\]$/],
  ["no axis", "()", /shape \[\] has 0 axes/],
])("no row source: %s", async (name, shape, message) => {
  const path = scratch(`source ${name}.npy`, npy({ shape }, floats(...(shape === "()" ? [1] : [1, 2]))));
  const file = await openNpy(path);
  await expectInputError((async () => file.source())(), path, message);
  await file.close();
});

const whole = npy({ shape: "(2, 3)" }, floats(1, 2, 3, 4, 5, 6));

test.each<[string, Uint8Array | string, RegExp]>([
  ["empty", "", /not a \.npy file/],
  ["text", "row,score\n1,2\n", /not a \.npy file/],
  ["magic alone", "\x93NUMPY", /not a \.npy file/], // as utf-8 the first byte is another
  ["broken off in the magic", whole.subarray(0, 4), /not a \.npy file/],
  ["broken off in the version", whole.subarray(0, 7), /truncated: .* after 7 bytes/],
  ["broken off in the header", whole.subarray(0, 40), /truncated: the \.npy header should have \d+ bytes, 30 are left/],
  ["version 4", patched(whole, 6, 4), /version 4\.0 is not known/],
  ["version 0", patched(whole, 6, 0), /version 0\.0 is not known/],
  [
    "a header of 4 GiB",
    Buffer.concat([whole.subarray(0, 6), Buffer.from([2, 0, 255, 255, 255, 255]), whole]),
    /should have 4294967295 bytes/,
  ],
  [
    "a header of 70 kB",
    npy({ shape: "(2, 3)", pad: 70_000, version: 2 }, floats(1, 2, 3, 4, 5, 6)),
    /header of 70000 bytes/,
  ],
  ["no dict", npy({ dict: "hello" }, ""), /"hello" is not a dict/],
  ["null", npy({ dict: "null" }, ""), /is not a dict/],
  ["unbalanced", npy({ dict: "{'descr': '<f4', 'fortran_order': False, 'shape': (3, }" }, ""), /is not a dict/],
  ["code", npy({ dict: "__import__('os')\n" }, ""), /is not a dict/],
  ["deep", npy({ dict: "(".repeat(60_000) }, ""), /is not a dict/],
  ["no shape", npy({ dict: "{'descr': '<f4', 'fortran_order': False}" }, ""), /"shape" is missing/],
  ["order by number", npy({ fortran: "1" }, floats(1)), /fortran_order must be True or False/],
  ["shape by number", npy({ shape: "3" }, floats(1)), /shape 3 is not a tuple/],
  ["negative", npy({ shape: "(-1, 3)" }, ""), /shape \[-1,3\] must be whole numbers/],
  ["half a row", npy({ shape: "(1.5, 3)" }, ""), /shape \[1\.5,3\] must be whole numbers/],
  ["a word of rows", npy({ shape: "('a', 3)" }, ""), /must be whole numbers/],
  ["2**63 rows", npy({ shape: `(${2n ** 63n},)` }, floats(1)), /must be whole numbers below 2\*\*53/],
  ["2**62 values", npy({ shape: `(${2n ** 31n}, ${2n ** 31n})` }, floats(1)), /more than a file can hold/],
  ["too many axes to tell", npy({ shape: `(${"9,".repeat(20_000)})` }, floats(1)), /a shape of 20000 axes/],
  [
    "2**40 rows",
    npy({ shape: `(${2n ** 40n},)` }, floats(1)),
    /truncated: .* needs 4398046511104 bytes of values, the file has 4/,
  ],
  [
    "one value short",
    whole.subarray(0, -4),
    /truncated: shape \[2, 3\] of <f4 needs 24 bytes of values, the file has 20/,
  ],
  ["one byte long", Buffer.concat([whole, Buffer.alloc(1)]), /too long: .* needs 24 bytes of values, the file has 25/],
  ["no rows", npy({ shape: "(0, 3)" }, ""), /shape \[0, 3\] is empty/],
  ["no columns", npy({ shape: "(3, 0)" }, ""), /shape \[3, 0\] is empty/],
  ["complex", npy({ descr: "<c8", shape: "(1,)" }, Buffer.alloc(8)), /dtype "<c8" \(complex\) is not supported/],
  ["strings", npy({ descr: "<U4", shape: "(1,)" }, Buffer.alloc(16)), /dtype "<U4" \(strings\)/],
  ["objects", npy({ descr: "|O", shape: "(1,)" }, Buffer.alloc(30)), /dtype "|O" \(Python objects\)/],
  ["dates", npy({ descr: "<M8[ns]", shape: "(1,)" }, Buffer.alloc(8)), /\(dates\)/],
  ["long double", npy({ descr: "<f16", shape: "(1,)" }, Buffer.alloc(16)), /dtype "<f16" is not supported/],
  ["an int of 3 bytes", npy({ descr: "<i3", shape: "(1,)" }, Buffer.alloc(3)), /dtype "<i3" is not supported/],
  ["a property of every object", npy({ descr: "constructor", shape: "(1,)" }, Buffer.alloc(3)), /is not supported/],
  [
    "structured",
    npy({ dict: "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }" }, floats(1)),
    /a structured dtype is not supported/,
  ],
])("refused: %s", async (name, content, message) => {
  const path = scratch(`${name.replaceAll("/", "")}.npy`, content);
  await expectInputError(openNpy(path), path, message);
});

test("other ways to write the same header", async () => {
  for (const dict of [
    `{"shape":(3L,),"fortran_order":False,"descr":"<f4"}`,
    "{ 'descr' : 'f4' , 'fortran_order' : True , 'shape' : [ 3 ] , }\n",
    "{'descr': '=f4', 'fortran_order': False, 'shape': (3,)}",
    "{'descr': '|f4', 'fortran_order': False, 'shape': (3,)}",
  ]) {
    const file = await openNpy(scratch("odd.npy", npy({ dict }, floats(1, 2, 3))));
    const into = new Float32Array(3);
    await file.source().read(0, 3, into);
    expect([...into]).toEqual([1, 2, 3]);
    await file.close();
  }
});

test("what is no file", async () => {
  const missing = scratch("missing.npy");
  await expectInputError(openNpy(missing), missing, /no such file/);
  await expectInputError(openNpy(golden), golden, /not a regular file/);
  const below = join(scratch("file.npy", whole), "x.npy");
  await expectInputError(openNpy(below), below, /not a folder/);
});

test("a file that shrinks while it is read", async () => {
  const path = scratch("shrinking.npy", whole);
  const file = await openNpy(path);
  scratch("shrinking.npy", whole.subarray(0, -4));
  await expectInputError(
    Promise.resolve(file.source().read(0, 2, new Float32Array(6))),
    path,
    /ends at byte \d+, 4 bytes too early: copy or write it again$/,
  );
  await file.close();
});

interface Header {
  dict?: string;
  descr?: string;
  fortran?: string;
  shape?: string;
  pad?: number;
  version?: 1 | 2;
}

/** A .npy file by hand, so that its header can be wrong. */
function npy(header: Header, values: Uint8Array | string): Buffer {
  const { descr = "<f4", fortran = "False", shape = "(1,)", pad = 0, version = 1 } = header;
  const dict = header.dict ?? `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const text = Buffer.from(dict.padEnd(pad));
  const prefix = Buffer.alloc(version === 1 ? 10 : 12);
  prefix.write("\x93NUMPY", "latin1");
  prefix[6] = version;
  if (version === 1) prefix.writeUInt16LE(text.length, 8);
  else prefix.writeUInt32LE(text.length, 8);
  return Buffer.concat([prefix, text, Buffer.from(values as Uint8Array)]);
}

function floats(...values: number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

function patched(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}

test("a file that is written to while it is read", async () => {
  const path = scratch("rewritten.npy", whole);
  const file = await openNpy(path);
  const source = file.source();
  await source.read(0, 1, new Float32Array(3));
  scratch("rewritten.npy", whole);
  await utimes(path, new Date(), new Date(Date.now() + 5000));
  await expectInputError(
    Promise.resolve(source.read(0, 1, new Float32Array(3))),
    path,
    /was written to while it was read: read it again when it is whole/,
  );
  await file.close();
});
