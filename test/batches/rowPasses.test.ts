/** Rows that are read again and again, and how many of them are kept. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { BatchContext } from "../../src/batches/batch.ts";
import { KeptRows, rowPasses, type RowPasses } from "../../src/batches/rowPasses.ts";
import { poolOf } from "../support/passes.ts";

test("rows are kept while there is room, and what is asked for is there", async () => {
  const pool = poolOf(4, 20, 3, 4, () => "spread");
  const expected = pool.map(rowPasses);
  const [{ each }] = pool;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 25 }),
      fc.array(fc.uniqueArray(fc.nat(19), { minLength: 1, maxLength: 12 }), { maxLength: 12 }),
      async (room, asks) => {
        const limit = room * each.byteLength + 5;
        let read: number[] = [];
        const seen: number[] = [];
        const beliefs: BatchContext["beliefs"] = async (rows, tell) => {
          read = [...rows];
          expect(read).toEqual(read.toSorted((a, b) => a - b));
          rows.forEach((row) => tell(pool[row]));
        };
        const kept = new KeptRows(beliefs, limit, (row) => seen.push(row));
        let total = 0;
        let recent: number[] = [];
        for (const rows of asks) {
          read = [];
          const found: RowPasses[] = await kept.of(Uint32Array.from(rows));
          expect(found).toEqual(rows.map((row) => expected[row]));
          expect(kept.bytes).toBeLessThanOrEqual(limit);
          // What was asked for last need not be read again, if it fits.
          expect(read.filter((row) => recent.includes(row))).toEqual([]);
          total += read.length;
          recent = rows.length <= room ? rows : [];
        }
        expect(seen.length).toBe(total);
      },
    ),
    { numRuns: 200 },
  );
});
