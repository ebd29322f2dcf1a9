/** LZ4 frames with what their headers allow; those that Arrow writes are among its golden tables. */
import { expect, test } from "vitest";
import { unpackLz4 } from "../../src/files/lz4.ts";

const MAGIC = [4, 34, 77, 24];
const END = [0, 0, 0, 0];
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const letters = (word: string): number[] => [...word].map((letter) => letter.charCodeAt(0));

/** A block with its length. */
const block = (bytes: number[], isPlain = false): number[] => [
  bytes.length & 255,
  bytes.length >> 8,
  0,
  isPlain ? 128 : 0,
  ...bytes,
];
/** "abc", a copy of 12 from 3 back, then "d". */
const packed = [0x38, ...letters("abc"), 3, 0, 0x10, ...letters("d")];
const frame = (flags: number, head: number[], ...blocks: number[][]): Uint8Array =>
  Uint8Array.from([...MAGIC, flags, 0x40, ...head, 0, ...blocks.flat(), ...END]);

test.each<[string, Uint8Array, string]>([
  ["literals and a copy of what it writes", frame(0x40, [], block(packed)), "abcabcabcabcabcd"],
  ["a block that is plain", frame(0x60, [], block(letters("plain"), true)), "plain"],
  [
    "its size, and checks",
    frame(0x5c, [5, 0, 0, 0, 0, 0, 0, 0], [...block(letters("plain"), true), 9, 9, 9, 9]),
    "plain",
  ],
  [
    "a copy from the block before",
    frame(0x40, [], block(letters("abcd"), true), block([0, 4, 0, 0x10, 101])),
    "abcdabcde",
  ],
  [
    "lengths of several bytes",
    frame(0x40, [], block([0x1f, 97, 1, 0, 255, 0, 0xf0, 255, 1, ...Array<number>(271).fill(98)])),
    "a".repeat(1 + 15 + 255 + 4) + "b".repeat(271),
  ],
  ["nothing", frame(0x40, []), ""],
])("%s", (_, bytes, expected) => {
  expect(text(unpackLz4(bytes, expected.length))).toBe(expected);
  // As a part of others, too.
  expect(text(unpackLz4(Uint8Array.from([1, 2, 3, ...bytes, 4]).subarray(3, -1), expected.length))).toBe(expected);
  expect(() => unpackLz4(bytes, expected.length + 1)).toThrow("its LZ4 data are broken");
  if (expected !== "") expect(() => unpackLz4(bytes, expected.length - 1)).toThrow("its LZ4 data are broken");
  for (let length = 0; length < bytes.length; length++)
    expect(() => unpackLz4(bytes.subarray(0, length), expected.length)).toThrow(Error);
});

test.each<[string, Uint8Array]>([
  ["another magic", Uint8Array.of(1, 2, 3, 4, 0x40, 0x40, 0, 0, 0, 0, 0)],
  ["another version", frame(0x80, [])],
  ["a dictionary", frame(0x41, [1, 2, 3, 4])],
  ["a copy from before the start", frame(0x40, [], block([0x10, 97, 2, 0, 0x10, 98]))],
  ["a copy from nowhere", frame(0x40, [], block([0x10, 97, 0, 0, 0x10, 98]))],
  ["a block without an end", frame(0x40, [], block([0x10, 97, 1, 0]))],
])("refused: %s", (_, bytes) => {
  expect(() => unpackLz4(bytes, 6)).toThrow("its LZ4 data are broken");
});
