/** The bench is a program that people believe: what it lists, what it writes, and that it never times a wrong answer. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { cases, nameOf } from "../bench/cases.ts";
import { measure } from "../bench/measure.ts";
import { highest, scoreFault, type Answer } from "../bench/reference.ts";
import { strategyNames } from "../src/index.ts";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "poolwise-bench-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every strategy has a case, and no two cases share a name", async () => {
  const listed = (await bench("--list")).trim().split("\n");
  for (const strategy of strategyNames) expect(listed).toContain(`${strategy} 1Mx10`);
  expect(listed).toContain("top-1000 of 10M scores");
  expect(listed).toEqual([...new Set(cases.map(nameOf))]);
});

test("a case runs from end to end and says what it measured, on what", async () => {
  const file = join(folder, "bench.json");
  const screen = await bench("--quick", "--filter", "entropy 1Mx2", "--json", file);
  expect(screen).toContain("not a measurement");
  expect(screen).not.toContain("WRONG");

  const text = readFileSync(file, "utf8");
  expect(text).not.toContain(root);
  const { cases: reports, ...about } = JSON.parse(text);
  expect(about).toMatchObject({
    poolwise: expect.stringMatching(/^\d+\.\d+\.\d+/),
    date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
    node: process.versions.node,
    machine: { cpu: expect.any(String), threads: expect.any(Number), platform: `${process.platform} ${process.arch}` },
    quick: true,
    backends: [
      { backend: "cpu", adapter: expect.any(String), software: false },
      { backend: "webgpu", adapter: expect.any(String), software: expect.any(Boolean) },
    ],
    peers: expect.any(Array),
  });
  expect(about).toHaveProperty("commit");
  expect(reports).toHaveLength(1);
  expect(reports[0]).toMatchObject({ name: "entropy 1Mx2", rows: 50_000, cols: 2, strategy: "entropy" });
  expect(reports[0].results.map(({ backend }: { backend: string }) => backend)).toEqual(["cpu", "webgpu"]);
  for (const result of reports[0].results) {
    const { median, min, max } = result.warm;
    expect(result.runs).toBeGreaterThanOrEqual(5);
    expect(min).toBeGreaterThan(0);
    expect(median).toBeGreaterThanOrEqual(min);
    expect(max).toBeGreaterThanOrEqual(median);
    for (const figure of ["cold", "upload", "kernel", "rowsPerSecond", "readCeiling", "floorOverMeasured"])
      expect(result[figure]).toBeGreaterThan(0);
    // Every peer that this machine has got the same answer, and so a ratio.
    expect(Object.keys(result.ratios)).toEqual(about.peers.map(({ library }: { library: string }) => library));
  }
}, 180_000); // a peer is a second or two just to import

const faultIn = ({ values }: Answer) => scoreFault(values!, new Float64Array([0.25, 0.5]));

test("a wrong answer is not timed", async () => {
  let passes = 0;
  const wrongFrom = (pass: number) => async () => {
    const values = new Float32Array(++passes < pass ? [0.25, 0.5] : [0.25, 0.75]);
    return { values, timings: { upload: 0, kernel: 0, readback: 0 } };
  };
  expect(await measure(wrongFrom(1), faultIn)).toEqual({ wrong: "row 1 scored 0.75 where 0.5 is right" });
  expect(passes).toBe(1);

  passes = 0;
  expect(await measure(wrongFrom(3), faultIn)).toEqual({ wrong: expect.stringMatching(/^warm pass 2: row 1/) });
  expect(passes).toBe(3);

  passes = 0;
  expect(await measure(wrongFrom(Infinity), faultIn)).toMatchObject({ runs: passes - 1 });
});

test("NaN is wrong, and so is a score too few", () => {
  expect(scoreFault(new Float32Array([NaN]), new Float64Array([1]))).toContain("NaN");
  expect(scoreFault(new Float32Array(1), new Float64Array(2))).toContain("1 scores for 2 rows");
});

test("ties go to the lowest row", () => {
  const scores = new Float64Array([1, 3, 2, 2, 3, 2]);
  expect(highest(scores, 4).map(({ row }) => row)).toEqual([1, 4, 2, 3]);
});

test("bad usage is one line and exits with 2", async () => {
  for (const args of [
    ["--filter", "no such case"],
    ["--fliter", "x"],
    ["--backend", "abacus"],
    ["--backend", "cpu", "--json", "no/such/folder/bench.json"],
  ]) {
    const { code, stderr } = await bench(...args).then(
      () => ({ code: 0, stderr: "" }),
      (error) => error,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/^bench: .*\n$/);
  }
});

/** What the bench prints. */
async function bench(...args: string[]): Promise<string> {
  const command = ["--import", "tsx", join(root, "bench/main.ts"), ...args];
  return (await promisify(execFile)(process.execPath, command, { cwd: root })).stdout;
}
