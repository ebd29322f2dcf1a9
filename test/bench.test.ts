/** The bench is a program that people believe: what it lists, what it writes, and that it never times a wrong answer. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { bytesOf } from "../src/backends/cpu/simdModule.ts";
import { cases, fitted, nameOf, rowsJudged, rowsTimed, shrunk, type Case } from "../src/bench/cases.ts";
import { CpuCeilings } from "../src/bench/ceilings/cpu.ts";
import { modules } from "../src/bench/ceilings/simd.gen.ts";
import { nameOf as shortNameOf, shortCases } from "../bench/batches/cases.ts";
import { cpuTable } from "../bench/cpuTable.ts";
import { makePool, sampleRows } from "../src/bench/data.ts";
import { floorOf, workOf } from "../src/bench/floor.ts";
import { measure, more, patience } from "../src/bench/measure.ts";
import { highest, referenceOf, scoreFault, type Answer, type Right } from "../src/bench/reference.ts";
import type { Report } from "../src/bench/report.ts";
import { strategyNames } from "../src/index.ts";

/** Those of Python alone: what `npm test` needs is in the package's own node_modules. */
const pythonPeers = ["--peers", "numpy,scipy,torch,autograd"];

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "poolwise-bench-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every strategy has a case, and no two cases share a name", async () => {
  const listed = (await bench("--list")).trim().split("\n");
  const timed = new Set(cases.flatMap(({ strategies }) => strategies));
  expect([...timed].sort()).toEqual(strategyNames);
  for (const name of [
    "entropy 1Mx10",
    "3 strategies 1Mx10",
    "3 strategies 1Mx100",
    "top-1000 of 10M scores",
    "entropy top-100 1Mx64 head 10",
    "bald 20x100kx10",
    "bald 1Mx64 head 128-10 20 passes",
    "egl 1Mx64 head 128-10",
  ])
    expect(listed).toContain(name);
  expect(listed).toEqual([...new Set([...cases.map(nameOf), ...shortCases.map(shortNameOf)])]);
});

test("a case runs from end to end and says what it measured, on what", async () => {
  const file = join(folder, "bench.json");
  const screen = await bench("--quick", "--filter", "entropy 1Mx2", ...pythonPeers, "--json", file);
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
      { backend: "cpu", adapter: expect.any(String), software: false, threads: expect.any(Number) },
      { backend: "webgpu", adapter: expect.any(String), software: expect.any(Boolean), threads: 1 },
    ],
    peers: expect.any(Array),
  });
  expect(about).toHaveProperty("commit");
  expect(reports).toHaveLength(1);
  expect(reports[0]).toMatchObject({ name: "entropy 1Mx2", rows: 50_000, judged: 50_000, strategies: ["entropy"] });
  expect(reports[0].results.map(({ backend }: { backend: string }) => backend)).toEqual(["cpu", "webgpu"]);
  for (const result of reports[0].results) {
    const { median, min, max } = result.warm;
    expect(result.runs).toBeGreaterThanOrEqual(5);
    expect(min).toBeGreaterThan(0);
    expect(median).toBeGreaterThanOrEqual(min);
    expect(max).toBeGreaterThanOrEqual(median);
    for (const figure of ["cold", "upload", "kernel", "rowsPerSecond", "floorOverMeasured"])
      expect(result[figure]).toBeGreaterThan(0);
    for (const kind of ["bytes", "multiplyAdds", "exps"]) expect(result.ceilings[kind]).toBeGreaterThan(0);
    // All that are in Python compute on the CPU.
    const compared = result.backend === "cpu" ? peersIn(about).filter((library) => library !== "autograd") : [];
    expect(Object.keys(result.ratios)).toEqual(compared);
  }
}, 180_000); // a peer is a second or two just to import

test("work of each kind is right on every backend and peer", async () => {
  const file = join(folder, "several.json");
  const names = [
    "3 strategies 1Mx10",
    "3 strategies 1Mx100",
    "6 strategies 8x1Mx10",
    "bald 1Mx64 head 128-10 20 passes",
    "egl 1Mx64 head 128-10",
  ];
  await bench("--quick", ...names.flatMap((name) => ["--case", name]), ...pythonPeers, "--json", file);
  const { cases: reports, ...about } = JSON.parse(readFileSync(file, "utf8"));
  expect(reports.map(({ name }: { name: string }) => name)).toEqual(names);
  for (const { name, kind, rows, judged, heavy, memory, results, peers } of reports) {
    expect(judged).toBe(heavy ? rows / 50 : rows);
    expect(results).toHaveLength(2);
    for (const result of results) {
      expect(result).not.toHaveProperty("wrong");
      expect(result.rows).toBe(heavy && (result.backend === "cpu" || result.software) ? rows / 10 : rows);
      expect(result.floor.seconds).toBeGreaterThan(0);
      if (memory) expect(result.memory).toBeGreaterThan(0);
    }
    expect(peers.map(({ library }: { library: string }) => library)).toEqual(
      peersIn(about).filter((library) => {
        if (library === "scipy") return name.startsWith("3 strategies");
        return library !== "autograd" || name.startsWith("egl");
      }),
    );
    for (const peer of peers) {
      expect(peer).not.toHaveProperty("fault");
      const timed = heavy && kind === "features" ? rows / 10 : rows;
      expect(peer.rows).toBe(peer.library === "autograd" ? 50 : timed);
    }
  }
}, 300_000);

/** Those that this machine has. */
const peersIn = ({ peers }: { peers?: { library: string }[] }): string[] => peers!.map(({ library }) => library);

const right: Right = {
  rows: new Uint32Array([0, 1]),
  scores: new Float64Array([0.25, 0.5]),
  slack: new Float64Array([1e-6, 1e-6]),
};
const faultIn = ({ values }: Answer) => scoreFault(values![0], right, 2);

test("a wrong answer is not timed", async () => {
  let passes = 0;
  const wrongFrom = (pass: number) => async () => {
    const values = new Float32Array(++passes < pass ? [0.25, 0.5] : [0.25, 0.75]);
    return { values: [values], timings: { upload: 0, kernel: 0, readback: 0 } };
  };
  expect(await measure(wrongFrom(1), faultIn, patience)).toEqual({ wrong: "row 1 scored 0.75 where 0.5 is right" });
  expect(passes).toBe(1);

  passes = 0;
  expect(await measure(wrongFrom(3), faultIn, patience)).toEqual({
    wrong: expect.stringMatching(/^warm pass 2: row 1/),
  });
  expect(passes).toBe(3);

  passes = 0;
  expect(await measure(wrongFrom(Infinity), faultIn, patience)).toMatchObject({ runs: passes - 1 });
});

test("NaN is wrong, and so is a score too few", () => {
  expect(scoreFault(new Float32Array([0.25, NaN]), right, 2)).toContain("NaN");
  expect(scoreFault(new Float32Array(1), right, 2)).toContain("1 scores for 2 rows");
});

test("of a sample the rows that were timed are judged, each strategy by itself", () => {
  const one: Case = {
    kind: "logits",
    rows: 500,
    cols: 3,
    passes: 4,
    strategies: ["bald", "vote-entropy"],
    heavy: true,
  };
  const { rows, expected, faultIn: fault } = referenceOf(one, makePool(one));
  expect(rows).toHaveLength(10);
  expect(expected).toHaveLength(20);
  const scored = (timed: number): Float32Array[] =>
    one.strategies.map((_, slot) => {
      const values = new Float32Array(timed);
      rows.forEach((row, i) => (values[row] = expected[slot * rows.length + i]));
      return values;
    });
  expect(fault({ values: scored(500) }, 500)).toBeUndefined();
  expect(fault({ values: scored(50) }, 50)).toBeUndefined();
  expect(fault({ values: scored(500).slice(1) }, 500)).toBe("scores by 1 strategies of 2");
  const wrong = scored(500);
  wrong[1][rows[9]] += 0.001;
  expect(fault({ values: wrong }, 500)).toContain(`row ${rows[9]} scored`);
});

test("a sample is spread over all rows, and all of them are all", () => {
  const sample = sampleRows(1_000_000, 20_000);
  expect(sample.every((row, i) => row >= i * 50 && row < (i + 1) * 50)).toBe(true);
  expect(new Set(sample.map((row) => row % 50)).size).toBe(50);
  expect(sampleRows(7, 7)).toEqual(new Uint32Array([0, 1, 2, 3, 4, 5, 6]));
  expect([...sampleRows(7, 3)].length).toBe(3);
});

test("heavy cases are cut where they would take minutes, and only there", () => {
  for (const one of [...cases, ...cases.map(shrunk)]) {
    expect(rowsTimed(one, true)).toBe(one.rows);
    expect(rowsTimed(one, false)).toBe(one.heavy ? one.rows / 10 : one.rows);
    expect(rowsJudged(one)).toBe(one.heavy ? one.rows / 50 : one.rows);
  }
});

test("the floor is that of the work that takes longest", () => {
  const sampled = cases.find(({ dropout }) => dropout) as Case;
  expect(workOf(sampled, 10)).toEqual({
    bytes: 10 * 64 * 4,
    multiplyAdds: 10 * (64 * 128 + 20 * 128 * 10),
    exps: 10 * 20 * 10,
    masks: 10 * 20 * 128,
  });
  const egl = cases.find(({ strategies }) => strategies.includes("egl")) as Case;
  expect(workOf(egl, 1)).toEqual({ bytes: 256, multiplyAdds: 64 * 128 + 4 * 128 * 10, exps: 10, masks: 0 });
  const stored = cases.find(({ passes, strategies }) => passes === 20 && strategies[0] === "bald") as Case;
  expect(workOf(stored, 2)).toEqual({ bytes: 2 * 20 * 10 * 4, multiplyAdds: 0, exps: 2 * 20 * 10, masks: 0 });
  const votes: Case = { kind: "logits", rows: 5, cols: 3, passes: 4, strategies: ["vote-entropy"] };
  expect(workOf(votes, 5)).toMatchObject({ bytes: 240, exps: 0 });

  const work = { bytes: 100, multiplyAdds: 100, exps: 10, masks: 1e9 };
  expect(floorOf(work, { bytes: 50, multiplyAdds: 200, exps: 10 })).toEqual({ seconds: 2, boundBy: "bytes" });
  expect(floorOf(work, { bytes: 1e9, multiplyAdds: 25, exps: 10 })).toEqual({ seconds: 4, boundBy: "multiplyAdds" });
  expect(floorOf(work, { bytes: 1e9, multiplyAdds: 200, exps: 2 })).toEqual({ seconds: 5, boundBy: "exps" });
});

test.each([
  { name: "3 strategies 1Mx10", rows: 1_000_000 },
  { name: "3 strategies 1Mx100", rows: 200_000 },
  { name: "bald 1Mx64 head 128-10 20 passes", rows: 1_000_000 },
])("a page gets $rows rows of $name", ({ name, rows }) => {
  expect(fitted(cases.find((one) => nameOf(one) === name)!).rows).toBe(rows);
});

test("in Chromium scores are right, on a page that is isolated and on one that is not", async () => {
  const file = join(folder, "browser.json");
  await bench(
    "--quick",
    "--filter",
    "3 strategies 1Mx10",
    "--browser",
    "--threads",
    "1",
    ...pythonPeers,
    "--json",
    file,
  );
  const { cases: reports, backends } = JSON.parse(readFileSync(file, "utf8"));
  const names = ["cpu, isolated", "cpu, not isolated"];
  expect(backends.map(({ backend }: { backend: string }) => backend)).toEqual(names);
  for (const { adapter, threads } of backends) {
    expect(adapter).toMatch(/^Chromium \d+/);
    expect(threads).toBe(1);
  }
  expect(reports).toHaveLength(2);
  for (const { results } of reports) {
    expect(results.map(({ backend }: { backend: string }) => backend)).toEqual(names);
    for (const result of results) expect(result.floorOverMeasured).toBeGreaterThan(0);
  }
}, 180_000);

test("ceilings are those of exponentials that are right, in fused multiply-adds or not", async () => {
  for (const bytes of Object.values(modules)
    .map(bytesOf)
    .filter((each) => WebAssembly.validate(each))) {
    const { exports } = (await WebAssembly.instantiate(bytes)).instance;
    const expOf = exports.expOf as (x: number) => number;
    for (let x = -16; x <= 0; x += 1 / 64) expect(Math.abs(expOf(x) / Math.exp(x) - 1)).toBeLessThan(3e-7);
  }
  const ceilings = await CpuCeilings.open(2);
  const { bytes, multiplyAdds, exps } = await ceilings.of(1e6);
  await ceilings.close();
  // A machine that does less than this would not have come so far; one that does more has left the work out.
  for (const rate of [bytes, multiplyAdds, exps]) {
    expect(rate).toBeGreaterThan(1e7);
    expect(rate).toBeLessThan(1e12);
  }
}, 60_000);

test("peers of the product are right", async () => {
  const file = join(folder, "product.json");
  await run("bench/product.ts", "--quick", "--threads", "1", "--json", file);
  const { cases: reports, ...about } = JSON.parse(readFileSync(file, "utf8"));
  const names = peersIn(about);
  expect(reports[0].peers.map(({ library }: { library: string }) => library)).toEqual(names);
  for (const peer of reports[0].peers) expect(peer).not.toHaveProperty("fault");
}, 60_000);

const warm = (median: number) => ({ warm: { median, min: median / 2, max: 2 * median } });
const reportOf = (threads: number, reports: object[]) =>
  ({ node: "20.0.0", backends: [{ backend: "cpu", threads }], cases: reports }) as unknown as Report;

test("the page of the cpu backend has a column a set-up, and in bold what is slower than wanted", () => {
  const name = "3 strategies 1Mx10";
  const result = { backend: "cpu", rows: 1_000_000, floorOverMeasured: 0.5, ...warm(1) };
  const peers = [
    { library: "numpy", rows: 1_000_000, ...warm(12) },
    { library: "torch", rows: 500_000, ...warm(2) },
  ];
  const timed = { name, rows: 1_000_000, results: [result], peers };
  const other = { ...timed, name: "top-1000 of 10M scores", results: [{ ...result, wrong: "all of it" }] };
  const lines = cpuTable([reportOf(1, [timed]), reportOf(2, []), reportOf(1, [other])]).split("\n");
  expect(lines[0]).toBe("| work | at least | Node 20.0.0, 1 thread | Node 20.0.0, 2 threads |");
  const cell = "12× numpy (3.0–48)<br>**4.0× torch** (1.0–16)<br>floor/measured 0.50";
  expect(lines).toContain(`| entropy, margin, least-confidence 1Mx10 | 10× numpy<br>6× torch | ${cell} |  |`);
  expect(lines).toContain("| top-1000 of 10M scores | 3× numpy | WRONG |  |");
});

test("slow work is timed fewer times, and once at least", () => {
  expect([0.001, 0.1, 1, 5, 10, 60].map(runsOf)).toEqual([50, 10, 5, 5, 3, 1]);
});

/** Runs of work that always takes so many seconds. */
function runsOf(seconds: number): number {
  let runs = 0;
  while (more(runs, runs * seconds, patience)) runs++;
  return runs;
}

test("ties go to the lowest row", () => {
  const scores = new Float64Array([1, 3, 2, 2, 3, 2]);
  expect(highest(scores, 4).map(({ row }) => row)).toEqual([1, 4, 2, 3]);
});

test("bad usage is one line and exits with 2", async () => {
  for (const args of [
    ["--filter", "no such case"],
    ["--fliter", "x"],
    ["--backend", "abacus"],
    ["--backend", "cpu", "--browser"],
    ["--threads", "none"],
    ["--backend", "cpu", "--peers", "abacus"],
    ["--backend", "cpu", "--json", "no/such/folder/bench.json"],
  ]) {
    const { code, stderr } = await bench(...args).then(
      () => ({ code: 0, stderr: "" }),
      (error) => error,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/^bench: .*\n$/);
  }
}, 60_000);

/** What the bench prints. */
const bench = (...args: string[]): Promise<string> => run("bench/main.ts", ...args);

async function run(script: string, ...args: string[]): Promise<string> {
  const command = ["--import", "tsx", join(root, script), ...args];
  return (await promisify(execFile)(process.execPath, command, { cwd: root })).stdout;
}
