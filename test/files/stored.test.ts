/** What a source says of how its file has the values. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openRows } from "../../src/files/index.ts";
import { memberSource } from "../../src/matrix.ts";
import { scratchFolder } from "./scratch.ts";

const scratch = scratchFolder();
const golden = (name: string): string => join(import.meta.dirname, "../golden", name);

test.each([
  [golden("npy/f4-C-little-v1.npy"), "float32"],
  [golden("npy/f8-F-big-v2.npy"), "float64"],
  [golden("npy/f2-C-big-v3.npy"), "float16"],
  [golden("npy/i8-F-big-v1.npy"), "int64"],
  [golden("npz/one-compressed.npz"), "float32"],
  [golden("parquet/list-nulls.parquet"), "float32"],
  [golden("tables/lz4.feather"), "float64"],
  [golden("tables/numbers.arrow:double,i4,bool"), "float64, int32, bool"],
  [scratch("table.csv", "a,b\n1,2\n"), "text"],
  [scratch("rows.jsonl", "[1,2]\n"), "text"],
])("%s: %s", async (place, stored) => {
  const source = await openRows(place);
  expect(source.stored).toBe(stored);
  const pair = memberSource([source, { ...source, stored: "text" }]);
  expect(pair.stored).toBe(stored === "text" ? "text" : `${stored}, text`);
  await source.close!();
});
