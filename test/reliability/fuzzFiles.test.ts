/** Damaged and lying files and journals: each is read to its end, or refused in one line that names it. */
import { afterAll, expect, test, vi } from "vitest";
import { isSoak } from "../support/soak.ts";
import { countOf } from "./support/counts.ts";
import { openFuzzer } from "./support/fuzz.ts";
import { kinds } from "./support/subjects.ts";

vi.setConfig({ testTimeout: isSoak ? 7_200_000 : 300_000 });
const fuzzer = openFuzzer();
afterAll(() => fuzzer.close());

test.each(kinds)("%s", async (kind) => {
  const { opened, refused, wrong } = await fuzzer.fuzzed(kind, countOf(kind));
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(opened + refused).toBe(countOf(kind));
  // Both ways are gone, or the inputs try too little.
  expect(Math.min(opened, refused)).toBeGreaterThan(countOf(kind) / 50);
});
