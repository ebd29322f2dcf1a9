/** Vectors that are paged in are those that lie in memory, in whatever order they are asked for. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DirectRows } from "../src/index.ts";
import { pagedVectors, vectorsIn } from "../src/vectors.ts";

const directOf = (data: Float32Array, dims: number, reads: number[] = []): DirectRows => ({
  read(start, count, into) {
    reads.push(start);
    expect(into.length).toBe(count * dims);
    into.set(data.subarray(start * dims, (start + count) * dims));
  },
  async close() {},
});

test("whatever the pages, and however few of them are there", () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 5000 }),
    dims: fc.constantFrom(1, 3, 64, 700, 3000),
    bytes: fc.constantFrom(0, 1, 4096, 20_000, 2 ** 20),
    asked: fc.array(fc.nat(), { minLength: 1, maxLength: 60 }),
  });
  fc.assert(
    fc.property(cases, ({ rows, dims, bytes, asked }) => {
      const count = Math.min(rows, Math.ceil(2e5 / dims));
      const data = Float32Array.from({ length: count * dims }, (_, i) => i);
      const paged = pagedVectors(directOf(data, dims), count, dims, bytes);
      const held = vectorsIn(data, dims);
      expect([paged.rows, paged.dims]).toEqual([held.rows, held.dims]);
      for (const one of asked) {
        const row = one % count;
        const at = paged.at(row);
        expect(paged.data.slice(at, at + dims)).toEqual(data.slice(held.at(row), held.at(row) + dims));
      }
      // No more than asked for, but for a page, which is one row at least.
      expect(paged.data.byteLength).toBeLessThanOrEqual(Math.max(bytes, 4096, 4 * dims));
    }),
    { numRuns: 200 },
  );
});

test("a page that is there is not read again, and one whose read failed is", () => {
  const dims = 64;
  const data = Float32Array.from({ length: 1000 * dims }, (_, i) => i);
  const reads: number[] = [];
  const direct = directOf(data, dims, reads);
  let fails = false;
  const flaky: DirectRows = {
    ...direct,
    read(start, count, into) {
      if (fails) {
        into.fill(-1);
        throw new Error("gone");
      }
      direct.read(start, count, into);
    },
  };
  const paged = pagedVectors(flaky, 1000, dims, 2 * 4096);
  for (const row of [0, 15, 3, 16, 31, 0]) paged.at(row);
  expect(reads).toEqual([0, 16]);
  fails = true;
  expect(() => paged.at(32)).toThrow("gone");
  // It took the place of the first.
  fails = false;
  expect(paged.data[paged.at(0)]).toBe(0);
  expect(reads).toEqual([0, 16, 0]);
});
