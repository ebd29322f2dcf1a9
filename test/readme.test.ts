/** The README's tables are those of the registries and of the bench that is kept. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { readmeTable } from "../bench/readmeTable.ts";
import type { Report } from "../src/bench/report.ts";

const root = join(import.meta.dirname, "..");

test("they are fresh", async () => {
  await promisify(execFile)(process.execPath, ["--import", "tsx", "tools/readme.ts", "--check"], { cwd: root });
  const kept = JSON.parse(readFileSync(join(root, "bench/results/2-core-no-gpu.json"), "utf8"));
  expect(readFileSync(join(root, "README.md"), "utf8")).toContain(readmeTable(kept));
}, 60_000);

test("that of the bench has a row a case, and none of what is software or wrong", () => {
  const timed = {
    backend: "cpu",
    warm: {},
    rowsPerSecond: 12_345_678,
    floorOverMeasured: 0.456,
    ratios: { numpy: 7.891 },
  };
  const report = {
    poolwise: "9.8.7",
    commit: "abc",
    date: "2026-01-02T03:04:05.000Z",
    node: "20.0.0",
    machine: { cpu: "Abacus", threads: 2 },
    quick: true,
    backends: [
      { backend: "cpu", software: false },
      { backend: "webgpu", software: true },
    ],
    peers: [
      { library: "numpy", version: "2.0" },
      { library: "torch", version: "3.0" },
    ],
    cases: [
      { name: "k-center |L|=1", results: [timed, { ...timed, backend: "webgpu", rowsPerSecond: 1 }] },
      { name: "entropy", results: [{ backend: "cpu", wrong: "all of it" }] },
    ],
  } as unknown as Report;
  expect(readmeTable(report).split("\n")).toEqual([
    "| case | cpu, Mrows/s | floor/measured | × numpy | × torch |",
    "| --- | --: | --: | --: | --: |",
    "| k-center \\|L\\|=1 | 12.3 | 0.46 | 7.89 |  |",
    "| entropy | WRONG | WRONG | WRONG | WRONG |",
    "",
    "poolwise 9.8.7 (abc), Node 20.0.0, on 2026-01-02: Abacus, 2 threads; numpy 2.0, torch 3.0. A smoke run on few of the rows, and no measurement.",
  ]);
});
