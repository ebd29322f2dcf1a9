/** What a terminal is shown while work is under way. */
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { progressLine } from "../../src/cli/progress.ts";

const { stderr } = process;
const { isTTY } = stderr;
let shown: string[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  stderr.isTTY = true;
  shown = [];
  vi.spyOn(stderr, "write").mockImplementation((line) => shown.push(stripVTControlCharacters(String(line))) > 0);
});
afterEach(() => {
  stderr.isTTY = isTTY;
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const later = (ms: number): void => void vi.advanceTimersByTime(ms);

test("stage, rows, rate and time left, the rate that of the stage at hand", () => {
  const { update, clear } = progressLine(false);
  update({ stage: "scoring", rows: 0, of: 3000 });
  later(1000);
  update({ stage: "scoring", rows: 1000, of: 3000 });
  later(1000);
  update({ stage: "picking", rows: 1005, of: 1105 });
  later(2000);
  update({ stage: "picking", rows: 1025, of: 1105 });
  clear();
  expect(shown).toEqual([
    "\rscoring 1,000 of 3,000 rows · 1,000 rows/s · 2.0 s left",
    "\rpicking 1,005 of 1,105 rows",
    "\rpicking 1,025 of 1,105 rows · 10 rows/s · 8.0 s left",
    "\r",
  ]);
});

test("the rate is that of the round at hand where a stage begins anew", () => {
  const { update } = progressLine(false);
  update({ stage: "clustering", rows: 10, of: 1000 });
  later(10_000);
  update({ stage: "clustering", rows: 1000, of: 1000 });
  later(1000);
  update({ stage: "clustering", rows: 0, of: 1000 });
  later(1000);
  update({ stage: "clustering", rows: 500, of: 1000 });
  expect(shown.at(-1)).toBe("\rclustering 500 of 1,000 rows · 500 rows/s · 1.0 s left");
});

test("no more than ten times a second", () => {
  const { update } = progressLine(false);
  for (let rows = 0; rows < 1000; rows++) {
    update({ stage: "scoring", rows, of: 1000 });
    later(1);
  }
  expect(shown.length).toBe(9);
});

test("nothing where it is to be quiet, or is no terminal", () => {
  const quiet = progressLine(true);
  stderr.isTTY = false;
  for (const { update, clear } of [quiet, progressLine(false)]) {
    later(1000);
    update({ stage: "scoring", rows: 1, of: 2 });
    clear();
  }
  expect(shown).toEqual([]);
});
