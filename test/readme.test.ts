/** The README's tables are those of the registries and of the bench that is kept. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { readmeTable } from "../bench/readmeTable.ts";
import type { FullReport } from "../bench/growth/run.ts";

const root = join(import.meta.dirname, "..");

test("they are fresh", async () => {
  await promisify(execFile)(process.execPath, ["--import", "tsx", "tools/readme.ts", "--check"], { cwd: root });
  const kept = JSON.parse(readFileSync(join(root, "bench/results/2-core-no-gpu.json"), "utf8"));
  expect(readFileSync(join(root, "README.md"), "utf8")).toContain(readmeTable(kept));
}, 60_000);

test("that of the bench has a row a case, and none of what is software or wrong", () => {
  const timed = {
    backend: "cpu",
    rows: 9,
    warm: { median: 0.0123 },
    floorOverMeasured: 0.456,
    ratios: { numpy: 7.891, torch: 0.5 },
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
      {
        name: "k-center |L|=1",
        rows: 9,
        peers: [],
        results: [timed, { ...timed, backend: "webgpu", floorOverMeasured: 1 }],
      },
      { name: "part", rows: 90, peers: [], results: [timed] },
      { name: "entropy", rows: 9, peers: [], results: [{ backend: "cpu", wrong: "all of it" }] },
    ],
    short: {
      peers: [
        { peer: "numpy", versions: { numpy: "2.0" } },
        { peer: "ml-kmeans", versions: { "ml-kmeans": "7", node: "20" } },
      ],
      cases: [{ name: "kmeans", rows: 9, results: [{ ...timed, ratios: { "ml-kmeans": 2 } }], peers: [] }],
    },
  } as unknown as FullReport;
  expect(readmeTable(report).split("\n")).toEqual([
    "| case | cpu | floor/measured | times as fast as |",
    "| --- | --: | --: | --- |",
    "| k-center \\|L\\|=1 | 12.3 ms | 0.46 | numpy 7.89, torch 0.500 |",
    "| part | 12.3 ms for 9 rows | 0.46 | numpy 7.89, torch 0.500 |",
    "| entropy | WRONG |  |  |",
    "| kmeans | 12.3 ms | 0.46 | ml-kmeans 2.00 |",
    "",
    "poolwise 9.8.7 (abc), Node 20.0.0, on 2026-01-02: Abacus, 2 threads; numpy 2.0; torch 3.0; ml-kmeans ml-kmeans 7, node 20. A smoke run on few of the rows, and no measurement.",
  ]);
});
