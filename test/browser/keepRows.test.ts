/** Rows that a page's own code makes, an encoder's batches for one, as a pool. */
import { expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { keepRows } from "../../src/web.ts";
import { openTestEngine } from "../support/engines.ts";

const COLS = 4;
const BATCH = 100_000;
const valueAt = (i: number): number => Math.sin(i);

/** Batches of rows, in one array that is written over. */
async function* batches(count: number) {
  const batch = new Float32Array(BATCH * COLS);
  for (let b = 0; b < count; b++) {
    for (let i = 0; i < batch.length; i++) batch[i] = valueAt(b * batch.length + i);
    yield batch;
  }
}

test("more than 32 MiB are read again anywhere, and are a pool", async () => {
  const source = await keepRows(batches(25), { cols: COLS, name: "logits" });
  expect([source.name, source.rows, source.cols, source.data]).toEqual(["logits", 25 * BATCH, COLS, undefined]);
  for (const row of [25 * BATCH - 2, 0, 2_097_151]) {
    const into = new Float32Array(2 * COLS);
    await source.read(row, 2, into);
    expect(into).toEqual(Float32Array.from(into, (_, i) => valueAt(row * COLS + i)));
  }
  await source.close!();
});

test("few are the same picks as their array", async () => {
  const engine = await openTestEngine("cpu");
  const data = Float32Array.from({ length: 500 * COLS }, (_, i) => valueAt(i * i));
  const kept = await keepRows([data.subarray(0, 8), data.subarray(8)], { cols: COLS });
  const [ours, theirs] = await Promise.all(
    [kept, { data, rows: 500, classes: COLS }].map(async (logits) => {
      const pool = await engine.load({ logits });
      return (await pool.select("top-k", { k: 10, strategy: "margin" })).picks;
    }),
  );
  expect(ours).toEqual(theirs);
  await engine.close();
});

test("what is no rows is one line", async () => {
  const error: unknown = await keepRows([new Float32Array(6)], { cols: COLS }).catch((thrown: unknown) => thrown);
  expect(error).toEqual(new InputError("rows: chunk 0 has 6 values, not whole rows of 4: check cols"));
});
