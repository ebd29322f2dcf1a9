import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { readHead, readNpz, readSafetensors, writeSafetensors } from "../../src/files/index.ts";
import { npyHeader } from "../../src/files/npyHeader.ts";
import { expectInputError, scratchFolder } from "./scratch.ts";

const golden = join(import.meta.dirname, "../golden/heads");
const heads = readdirSync(golden).filter((name) => !name.endsWith(".json"));
const scratch = scratchFolder();

test("there are golden heads of both formats", () => {
  for (const format of [".npz", ".safetensors"]) expect(heads.some((name) => name.endsWith(format))).toBe(true);
});

test.each(heads)("%s: layers and activation are what was saved", async (name) => {
  const stem = name.split(/[-.]/, 1)[0];
  const expected = JSON.parse(readFileSync(join(golden, `${stem}.json`), "utf8"));
  const head = await readHead(join(golden, name));
  expect(head.activation).toBe(expected.activation);
  const plain = head.layers.map((layer) => ({ ...layer, weight: [...layer.weight], bias: [...layer.bias] }));
  expect(plain).toEqual(expected.layers);
});

test("a head that is written is the file of another hand, and reads back", async () => {
  const original = join(golden, "gelu-sequential.safetensors");
  const head = await readSafetensors(original);
  const path = scratch("copy.safetensors");
  await writeSafetensors(path, head);
  expect(readFileSync(path)).toEqual(readFileSync(original));
  expect(await readHead(path)).toEqual({ ...head, name: path });
});

test("the rate of dropout is kept, to the last digit", async () => {
  const path = scratch("dropout.safetensors");
  const layers = [{ weight: new Float32Array(2), bias: new Float32Array(1), inputs: 2, outputs: 1 }];
  for (const dropout of [0, 1e-7, 0.1, 1 / 3, 0.999]) {
    await writeSafetensors(path, { layers, activation: "tanh", dropout });
    expect(await readHead(path)).toEqual({ layers, activation: "tanh", dropout, name: path });
  }
  await writeSafetensors(path, { layers, activation: "tanh" });
  expect((await readHead(path)).dropout).toBeUndefined();
  expect(readFileSync(path, "latin1")).not.toContain("dropout");
});

test("an unknown extension names the known", async () => {
  for (const path of ["head.pt", "head"])
    await expectInputError(readHead(path), path, /known here: \.safetensors, \.npz$/);
});

/** [1, 2] float32 and its bias. */
const weight = { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] };
const bias = { dtype: "F32", shape: [1], data_offsets: [8, 12] };
const whole = safetensors({ "0.weight": weight, "0.bias": bias }, 12);

test("the head that the faults below are made from is sound", async () => {
  expect((await readSafetensors(scratch("sound.safetensors", whole))).layers).toHaveLength(1);
});

test.each<[string, Uint8Array, RegExp]>([
  ["empty", Buffer.alloc(0), /not a \.safetensors file: 0 bytes/],
  [
    "text",
    Buffer.from("version https://git-lfs.github.com/spec/v1\n"),
    /not a \.safetensors file: its header should have/,
  ],
  [
    "a header beyond the end",
    Buffer.concat([Buffer.from([255, 0, 0, 0, 0, 0, 0, 0]), Buffer.from("{}")]),
    /should have 255 bytes, 2 are left/,
  ],
  [
    "a header of 2**64",
    Buffer.concat([Buffer.alloc(8, 255), Buffer.from("{}")]),
    /truncated or not a \.safetensors file/,
  ],
  ["no JSON", framed("hello", 0), /header is not a JSON object/],
  ["no object", framed("[1]", 0), /header is not a JSON object/],
  [
    "no utf-8",
    Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0xff, 0xfe])]),
    /header is not a JSON object/,
  ],
  ["no tensors", safetensors({}, 0), /holds no tensors/],
  ["a tensor that is a number", safetensors({ "0.weight": 1 }, 0), /tensor "0\.weight" lacks/],
  [
    "a shape that is negative",
    safetensors({ "0.weight": { ...weight, shape: [-1, 2] } }, 8),
    /tensor "0\.weight" lacks/,
  ],
  [
    "an offset that is negative",
    safetensors({ "0.weight": { ...weight, data_offsets: [-8, 0] } }, 8),
    /tensor "0\.weight" lacks/,
  ],
  ["three offsets", safetensors({ "0.weight": { ...weight, data_offsets: [0, 8, 8] } }, 8), /tensor "0\.weight" lacks/],
  [
    "integers",
    safetensors({ "0.weight": { ...weight, dtype: "I32" } }, 8),
    /is "I32"; a head holds .* F32, F64, F16, BF16/,
  ],
  ["a dtype of every object", safetensors({ "0.weight": { ...weight, dtype: "toString" } }, 8), /is "toString"/],
  [
    "a span that is too short",
    safetensors({ "0.weight": { ...weight, data_offsets: [0, 4] } }, 4),
    /\[1, 2\] of F32 needs 8 bytes, its data_offsets span 4/,
  ],
  ["a span backwards", safetensors({ "0.weight": { ...weight, data_offsets: [8, 0] } }, 8), /span -8/],
  ["a huge shape", safetensors({ "0.weight": { ...weight, shape: [2 ** 50, 2 ** 50] } }, 8), /needs \S+ bytes/],
  ["the end cut off", whole.subarray(0, -1), /truncated: tensor "0\.bias" ends at byte 12 of 11/],
  ["a byte too many", Buffer.concat([whole, Buffer.alloc(1)]), /too long: its tensors end at byte 12 of 13/],
  [
    "an overlap",
    safetensors({ "0.weight": weight, "0.bias": { ...bias, data_offsets: [4, 8] } }, 8),
    /tensor "0\.bias" overlaps tensor "0\.weight"/,
  ],
  [
    "a gap",
    safetensors({ "0.weight": weight, "0.bias": { ...bias, data_offsets: [12, 16] } }, 16),
    /tensor "0\.bias" leaves a gap behind tensor "0\.weight"/,
  ],
  [
    "an unknown activation",
    safetensors({ __metadata__: { activation: "swish" }, "0.weight": weight }, 8),
    /activation "swish" is not known; known: relu, gelu, tanh/,
  ],
  ...["1", "-0.1", "NaN", "half", "", " ", 0.5, null].map((dropout): [string, Uint8Array, RegExp] => [
    `dropout of ${JSON.stringify(dropout)}`.replaceAll(/\W+/g, " "),
    safetensors({ __metadata__: { dropout }, "0.weight": weight }, 8),
    /: dropout .+ is not a string such as "0\.1", of a number from 0 to 0\.999; save it again$/,
  ]),
  ["no number", safetensors({ weight }, 8), /tensor "weight" is not part of a head/],
  ["a name of two lines", safetensors({ "a\nb": weight }, 8), /tensor "a\\nb" is not part of a head/],
  [
    "batch normalisation",
    safetensors({ "0.weight": weight, "0.running_mean": bias }, 12),
    /tensor "0\.running_mean" is not part of a head/,
  ],
  [
    "two networks",
    safetensors({ "a.0.weight": weight, "b.0.bias": bias }, 12),
    /"a\.0\.weight" and "b\.0\.bias" are of two networks/,
  ],
  ["a bias alone", safetensors({ "3.bias": { ...bias, data_offsets: [0, 4] } }, 4), /tensor "3\.bias" has no weight/],
  [
    "one layer twice",
    safetensors({ "1.weight": weight, "01.weight": { ...weight, data_offsets: [8, 16] } }, 16),
    /tensor "01\.weight" is there twice/,
  ],
  [
    "a convolution",
    safetensors({ "0.weight": { ...weight, shape: [1, 2, 1, 1] } }, 8),
    /tensor "0\.weight" has shape \[1, 2, 1, 1\]; a dense layer has \[out, in\]/,
  ],
  ["a norm", safetensors({ "0.weight": { ...weight, shape: [2] } }, 8), /tensor "0\.weight" has shape \[2\]/],
  [
    "a bias of another layer",
    safetensors({ "0.weight": { ...weight, shape: [2, 1] }, "0.bias": bias }, 12),
    /tensor "0\.bias" has shape \[1\]; beside "0\.weight" it must be \[2\]/,
  ],
  [
    "layers that do not fit",
    safetensors({ "0.weight": weight, "1.weight": { ...weight, data_offsets: [8, 16] } }, 16),
    /layer 1: weight \[1, 2\] does not fit: layer 0 gives 1/,
  ],
  [
    "a value that is no number",
    Buffer.concat([whole.subarray(0, -4), Buffer.from([0, 0, 192, 127])]),
    /layer 0 holds NaN at position 0/,
  ],
])("refused .safetensors: %s", async (name, content, message) => {
  const path = scratch(`${name}.safetensors`, content);
  await expectInputError(readSafetensors(path), path, message);
});

const layer = array([1, 2], 1, 2);

test("the archive that the faults below are made from is sound", async () => {
  expect((await readNpz(scratch("sound.npz", zipSync({ "0.weight.npy": layer })))).layers).toHaveLength(1);
});

test.each<[string, Uint8Array, RegExp]>([
  ["empty", Buffer.alloc(0), /not a whole zip archive/],
  ["text", Buffer.alloc(100_000, "x"), /not a whole zip archive/],
  ["cut off", Buffer.from(zipSync({ "0.weight.npy": layer })).subarray(0, -30), /not a whole zip archive/],
  ["no arrays", zipSync({}), /holds no tensors/],
  ["no array", zipSync({ "0.weight.txt": layer }), /entry "0\.weight\.txt" is not an array/],
  ["a broken array", zipSync({ "0.weight.npy": layer.subarray(0, -1) }), /tensor "0\.weight": truncated/],
  ["text for an array", zipSync({ "0.weight.npy": strToU8("hello") }), /tensor "0\.weight": not a \.npy file/],
  ["a name that is none", zipSync({ "coef_.npy": layer }), /tensor "coef_" is not part of a head/],
  [
    "passes of weights",
    zipSync({ "0.weight.npy": array([2, 1, 1], 1, 2) }),
    /tensor "0\.weight" has shape \[2, 1, 1\]/,
  ],
  ["a norm", zipSync({ "0.weight.npy": array([2], 1, 2) }), /tensor "0\.weight" has shape \[2\]; a dense layer/],
  ["more than 1 GiB", lying(zipSync({ "0.weight.npy": layer }), 2 ** 30 + 1), /1073741825 bytes/],
  [
    "a size that no packing reaches",
    lying(zipSync({ "0.weight.npy": layer }), 2 ** 29),
    /"0\.weight\.npy" cannot have 536870912 bytes/,
  ],
  [
    "a size that is too small",
    lying(zipSync({ "0.weight.npy": layer }), 100),
    /tensor "0\.weight": (truncated|not)|not a whole/,
  ],
  [
    "65535 entries that are not there",
    counting(zipSync({ "0.weight.npy": layer }), 65535),
    /not a whole zip archive: its directory/,
  ],
])("refused .npz: %s", async (name, content, message) => {
  const path = scratch(`${name}.npz`, content);
  await expectInputError(readNpz(path), path, message);
});

function safetensors(header: Record<string, unknown>, size: number): Buffer {
  return framed(JSON.stringify(header), size);
}

function framed(header: string, size: number): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(size)]);
}

function array(shape: number[], ...values: number[]): Uint8Array {
  return Buffer.concat([npyHeader("<f4", shape), Buffer.from(Float32Array.from(values).buffer)]);
}

/** An archive of one entry whose directory claims another unpacked size. */
function lying(archive: Uint8Array, size: number): Buffer {
  const copy = Buffer.from(archive);
  copy.writeUInt32LE(size, copy.indexOf("PK\x01\x02", 0, "latin1") + 24);
  return copy;
}

/** An archive whose directory claims another number of entries. */
function counting(archive: Uint8Array, entries: number): Buffer {
  const copy = Buffer.from(archive);
  const end = copy.indexOf("PK\x05\x06", 0, "latin1");
  for (const at of [8, 10]) copy.writeUInt16LE(entries, end + at);
  return copy;
}
