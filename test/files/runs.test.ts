import { expect, test } from "vitest";
import { readDeltas, readRuns } from "../../src/files/runs.ts";
import { unpackSnappy } from "../../src/files/snappy.ts";

/** Two groups of eight values of each width, the largest and the smallest among them. */
const widths = Array.from({ length: 32 }, (_, i) => i + 1);

test.each(widths)("%i bits a value, the lowest first", (width) => {
  const values = Array.from({ length: 16 }, (_, i) => (i === 3 ? 2 ** width - 1 : (i * 2654435761) % 2 ** width));
  const packed = packedBits(values, width);
  const into = new Int32Array(13);
  readRuns(Uint8Array.of(5, ...packed), width, into);
  expect([...into].map((value) => value >>> 0)).toEqual(values.slice(0, 13));
});

test("runs and groups follow each other, and a run is cut where the values end", () => {
  const into = new Uint8Array(14);
  // Three times 2, eight in two bytes, and a hundred times 1.
  readRuns(Uint8Array.of(6, 2, 3, 0b10_01_00_11, 0b11_00_00_01, 200, 1, 1), 2, into);
  expect([...into]).toEqual([2, 2, 2, 3, 0, 1, 2, 1, 0, 0, 3, 1, 1, 1]);
  expect(() => readRuns(Uint8Array.of(6, 2), 2, into)).toThrow(/end too early/);
  expect(() => readRuns(Uint8Array.of(255, 255, 255, 255, 15, 1), 1, into)).toThrow(/end too early/);
  expect(() => readRuns(Uint8Array.of(6, 2), 33, into)).toThrow(/33 bits wide/);
});

test("differences that make no sense are refused before they are read", () => {
  expect(() => readDeltas(Uint8Array.of(128, 1, 0, 1, 2), true, 32, new Float64Array(1))).toThrow(/0 parts of a block/);
  expect(() => readDeltas(Uint8Array.of(128, 1, 4, 2, 2), true, 32, new Float64Array(1))).toThrow(/2 values instead/);
  expect(() => readDeltas(Uint8Array.of(128, 1, 4, 2, 2, 0, 9), true, 32, new Float64Array(2))).toThrow(/too early/);
});

test("a copy in snappy may reach into what it writes, and nothing before or behind it", () => {
  // Two letters, and six from two back.
  expect(unpackSnappy(Uint8Array.of(8, 4, 97, 98, 9, 2), 8)).toEqual(Uint8Array.of(97, 98, 97, 98, 97, 98, 97, 98));
  for (const wrong of [[8, 4, 97, 98, 9, 3], [8, 4, 97, 98, 9, 0], [8, 4, 97], [8, 252, 255, 255, 255, 255, 1], []])
    expect(() => unpackSnappy(Uint8Array.from(wrong), 8)).toThrow(/snappy data are broken/);
});

function packedBits(values: readonly number[], width: number): number[] {
  const bits = values.flatMap((value) => Array.from({ length: width }, (_, i) => Math.floor(value / 2 ** i) % 2));
  return Array.from({ length: bits.length / 8 }, (_, byte) =>
    bits.slice(8 * byte, 8 * byte + 8).reduce((sum, bit, i) => sum + bit * 2 ** i, 0),
  );
}
