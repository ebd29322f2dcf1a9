/** What a page hands to be saved is, byte for byte, what the command line writes. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pickFormats, writePicks } from "../../src/files/index.ts";
import { picksBlob } from "../../src/web.ts";
import { scratchFolder } from "./scratch.ts";

const scratch = scratchFolder();
const selection = {
  strategy: "entropy",
  density: undefined,
  picks: Array.from({ length: 9000 }, (_, i) => ({ row: 3 * i, score: Math.fround(1 / (i + 1)), file: 'a "b".csv' })),
};

test.each(pickFormats)("%s", async (format) => {
  for (const given of [selection, { ...selection, picks: [] }]) {
    const path = scratch(`picks${format}`);
    await writePicks(path, given);
    const blob = await picksBlob(given, format);
    expect(Buffer.from(await blob.arrayBuffer()).equals(readFileSync(path))).toBe(true);
    expect(blob.type).not.toBe("");
  }
});

test("a row beyond int32 is one line", async () => {
  await expect(picksBlob({ picks: [{ row: 2 ** 31 }] }, ".npy")).rejects.toThrow(
    "picks.npy: row 2147483648 is beyond int32; use .json, .jsonl or .csv",
  );
});

test("a column for whatever any pick tells", async () => {
  const picks = [
    { row: 4, score: 1 },
    { row: 2, score: 0.5, standardError: 0.1 },
  ];
  expect(await (await picksBlob({ picks }, ".csv")).text()).toBe("row,score,standardError\n4,1,\n2,0.5,0.1\n");
});
