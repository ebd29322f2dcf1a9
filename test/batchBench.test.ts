/** The batch bench, too, is a program that people believe: what it lists and writes, and that it times no wrong picks. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { batchCases, nameOf, shrunk, type BatchCase } from "../bench/batches/cases.ts";
import { judgeOf } from "../bench/batches/checks.ts";
import { makePool } from "../bench/batches/data.ts";
import { runBackend, workOf } from "../bench/batches/run.ts";
import { openEngine, type Batch, type Engine } from "../src/index.ts";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "poolwise-batch-bench-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("cases are listed by names of their own", async () => {
  const listed = (await bench("--list")).trim().split("\n");
  expect(listed).toEqual([...new Set(batchCases.map(nameOf))]);
  for (const name of [
    "k-center gaussian 1Mx64 |L|=10k k=100",
    "hybrid heavy-tailed 1Mx64 |L|=100 k=1000",
    "k-center mnist 10kx784 |L|=100 k=1000",
    "badge 200 clusters 1Mx64 C=10 k=100",
    "batchbald realistic passes 50x10kx10 k=10",
  ])
    expect(listed).toContain(name);
});

test.each([
  { filter: "k=1000", backend: "cpu", count: 10, peers: ["incremental", "recomputed", "scikit-learn"] },
  { filter: "hybrid mnist 10kx784 |L|=100 k=100", backend: "webgpu", count: 2, peers: ["incremental", "recomputed"] },
  { filter: "badge", backend: "cpu", count: 2, peers: ["numpy"] },
  { filter: "batchbald realistic", backend: "cpu", count: 1, peers: ["numpy", "torch"] },
])(
  "$filter runs from end to end and says what it measured, on what",
  async ({ filter, backend, count, peers }) => {
    const file = join(folder, "batches.json");
    const args = [
      "--rows",
      "300",
      "--runs",
      "2",
      "--backend",
      backend,
      "--threads",
      "1",
      "--peers",
      "incremental,recomputed,numpy,scikit-learn,torch",
      "--filter",
      filter,
      "--json",
      file,
    ];
    expect(await bench(...args)).toContain("not a measurement");
    const text = readFileSync(file, "utf8");
    expect(text).not.toContain(root);
    const { cases, summaries, ...about } = JSON.parse(text);
    expect(about).toMatchObject({
      node: process.versions.node,
      machine: { cpu: expect.any(String), threads: expect.any(Number) },
      runs: 2,
      rows: 300,
      backends: [{ backend, adapter: expect.any(String), software: expect.any(Boolean), threads: 1 }],
      peers: expect.any(Array),
    });
    expect(about).toHaveProperty("commit");
    const found: string[] = about.peers.map(({ peer }: { peer: string }) => peer);
    for (const { versions, libraries } of about.peers)
      expect(Object.keys(versions).sort()).toEqual(["python", ...libraries].sort());
    expect(cases).toHaveLength(count);
    for (const { rule, results, rows, peers: timed } of cases) {
      expect(rows).toBe(300);
      const those = peers.filter((peer) => peer !== "scikit-learn" || rule === "k-center");
      expect(timed.map(({ peer }: { peer: string }) => peer)).toEqual(found.filter((peer) => those.includes(peer)));
      for (const peer of timed) expect(peer).toMatchObject({ runs: 2, warm: { median: expect.any(Number) } });
      expect(results).toHaveLength(1);
      const [result] = results;
      expect(result).toMatchObject({ backend, runs: 2, warm: { median: expect.any(Number) } });
      expect(Object.keys(result.ratios)).toEqual(timed.map(({ peer }: { peer: string }) => peer));
      for (const figure of ["cold", "floorOverMeasured"]) expect(result[figure]).toBeGreaterThan(0);
      if (!filter.includes("batchbald")) expect(result.evaluationShare).toBeGreaterThan(0);
    }
    expect(summaries.map(({ rule, k }: { rule: string; k: number }) => `${rule} ${k}`)).toEqual(
      count === 10 ? ["k-center 1000", "hybrid 1000"] : [],
    );
    for (const { timesAsFast } of summaries) expect(Object.keys(timesAsFast)).toHaveLength(4);
  },
  180_000, // a peer is a second or two just to import
);

const waiting = { runs: 3, seconds: 0, most: 3, longest: 60 };
const ceilings = async () => ({ bytes: 1e9, multiplyAdds: 1e9, exps: 1e9 });

/** What is said of an engine whose answers, to the whole pool, are changed from some run on. */
async function said(one: BatchCase, change: (batch: Batch) => Batch, from = 1, radius?: number) {
  await using engine = await openEngine({ backend: "cpu" });
  let runs = 0;
  const load: Engine["load"] = async (data) => {
    const pool = await engine.load(data);
    const select = pool.select.bind(pool);
    pool.select = async (rule, options) => {
      const batch = await select(rule, options);
      return options.k === one.k && ++runs >= from ? change(batch) : batch;
    };
    return pool;
  };
  const changed = { backend: "cpu", load } as Engine;
  const pool = makePool(one);
  const subject = { engine: changed, software: false, ceilings };
  return await runBackend(subject, one, pool, judgeOf(one, pool, radius), waiting);
}

const small = (rule: string): BatchCase => {
  const one = shrunk(
    batchCases.find((each) => each.rule === rule)!,
    300,
  );
  // Past the fourth pick of ten classes gains are estimates, which take long.
  return rule === "batchbald" ? { ...one, k: 4 } : one;
};
const same = (batch: Batch): Batch => batch;
/** The last pick becomes row 299, which is none of them. */
const another = (batch: Batch): Batch => ({
  ...batch,
  picks: batch.picks.map((pick, i) => (i === batch.picks.length - 1 ? { ...pick, row: 299 } : pick)),
});
const louder = (batch: Batch): Batch => ({
  ...batch,
  picks: batch.picks.map((pick, i) => (i === 2 ? { ...pick, score: pick.score * 1.001 } : pick)),
});

test("right picks are timed", async () => {
  for (const rule of ["k-center", "hybrid", "badge", "batchbald"])
    expect(await said(small(rule), same)).toMatchObject({ runs: 3, warm: { median: expect.any(Number) } });
});

test.each(["k-center", "badge", "batchbald"])("wrong scores of %s are not timed", async (rule) => {
  const result = await said(small(rule), louder);
  expect(result).toMatchObject({ wrong: expect.stringContaining("pick 2") });
  expect(result).not.toHaveProperty("warm");
});

test("neither are another radius, wrong picks of a small pool, or picks that change", async () => {
  const hybrid = small("hybrid");
  expect(await said(hybrid, same, 1, 1)).toEqual({
    backend: "cpu",
    software: false,
    wrong: expect.stringContaining("NumPy has 1"),
  });
  // So few rows and picks are the small pool, too.
  expect(await said({ ...hybrid, k: 50 }, another)).toMatchObject({ wrong: expect.stringContaining("the first 300") });
  expect(await said(hybrid, another, 3)).toMatchObject({ wrong: expect.stringMatching(/^warm pass 2: pick/) });
});

test("the floor counts one read and the distances that were taken", () => {
  const one = { rule: "k-center", family: "gaussian", rows: 10, dims: 64, labelled: 2, k: 3 } as const;
  expect(workOf(one, 7)).toEqual({ bytes: 10 * 65 * 4, multiplyAdds: 7 * 96, exps: 0 });
  expect(workOf({ ...one, rule: "badge", classes: 10 }, 7)).toEqual({
    bytes: 10 * 74 * 4,
    multiplyAdds: 7 * 74,
    exps: 100,
  });
  expect(workOf({ ...one, rule: "batchbald", dims: 0, classes: 10, passes: 5 }, 0)).toEqual({
    bytes: 10 * 50 * 4,
    multiplyAdds: 0,
    exps: 500,
  });
});

test("bad usage is one line and exits with 2", async () => {
  for (const args of [
    ["--filter", "no such case"],
    ["--fliter", "x"],
    ["--backend", "abacus"],
    ["--runs", "0"],
    ["--rows", "many"],
    ["--threads", "0"],
    ["--backend", "cpu", "--json", "no/such/folder/batches.json"],
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
async function bench(...args: string[]): Promise<string> {
  const command = ["--import", "tsx", join(root, "bench/batches.ts"), ...args];
  return (await promisify(execFile)(process.execPath, command, { cwd: root })).stdout;
}
