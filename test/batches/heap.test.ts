/** A heap against sorting. */
import { expect, test } from "vitest";
import { RowHeap } from "../../src/batches/heap.ts";
import { Pace } from "../../src/pace.ts";
import { randomBits } from "../../src/random.ts";

const rows = Uint32Array.from({ length: 20_000 }, (_, i) => 3 * i);
/** With ties. */
const keyOf = (row: number): number => randomBits(1, 1, row) % 1000;
const sorted = rows.slice().sort((a, b) => keyOf(b) - keyOf(a) || a - b);

const popped = (heap: RowHeap): Uint32Array => rows.map(() => heap.pop());

test("rows come by their keys, ties to the lowest", () => {
  const heap = new RowHeap();
  heap.fill(rows, keyOf);
  expect(popped(heap)).toEqual(sorted);
});

test("so they do where others have turns while it is filled, and those are many", async () => {
  const heap = new RowHeap();
  let turns = 0;
  const pace = new Pace();
  pace.turn = async () => void turns++;
  await heap.fillInTurns(rows, keyOf, pace);
  expect(popped(heap)).toEqual(sorted);
  expect(turns).toBeGreaterThan(rows.length / 2 ** 14);
});
