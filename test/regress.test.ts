/** What is said of two runs of a bench: no noise is called slower, and what is slower is named. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { compareRuns, differences, overall } from "../bench/compare.ts";
import { readRun, type Run } from "../bench/runFile.ts";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "poolwise-regress-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Seconds = readonly [min: number, median: number, max: number];

function runOf(times: { [name: string]: Seconds | "wrong" }, more: object = {}): Run {
  const cases = Object.entries(times).map(([name, seconds]) => {
    const about = { backend: "cpu", software: false, rows: 100 };
    if (seconds === "wrong") return { name, rows: 100, results: [{ ...about, wrong: "all of it" }] };
    const [min, median, max] = seconds;
    return { name, rows: 100, results: [{ ...about, warm: { min, median, max } }] };
  });
  return {
    machine: { cpu: "Abacus", threads: 2, platform: "linux x64" },
    node: "20.0.0",
    commit: "abc",
    date: "2026-01-01T00:00:00.000Z",
    backends: [{ backend: "cpu", adapter: "Abacus", software: false, threads: 2 }],
    quick: false,
    cases,
    batches: [],
    growth: [],
    ...more,
  };
}

const base = runOf({
  quiet: [9, 10, 11],
  noisy: [5, 10, 30],
  quicker: [9, 10, 11],
  gone: [9, 10, 11],
  broken: [9, 10, 11],
});

test("slower is what no noise explains", () => {
  const now = runOf({
    quiet: [14, 15, 16],
    noisy: [12, 15, 40],
    quicker: [4, 5, 6],
    broken: "wrong",
    other: [1, 1, 1],
  });
  const said = compareRuns(base, now, 1.1);
  expect(said.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
    "quiet slower",
    "noisy unsure",
    "quicker faster",
    "gone gone",
    "broken wrong",
  ]);
  expect(said[0].ratio).toBeCloseTo(1.5, 12);
  expect(said[0].range[0]).toBeCloseTo(14 / 11, 12);
  expect(said[0].range[1]).toBeCloseTo(16 / 9, 12);
  // 1.5 · 1.5 · 0.5
  expect(overall(said)).toBeCloseTo(1.125 ** (1 / 3), 12);
  expect(compareRuns(base, now, 1.6)[0].verdict).toBe("same");
  expect(compareRuns(base, base, 1.1).every(({ verdict }) => verdict === "same")).toBe(true);
});

test("what is compared is the time of a row", () => {
  const few = runOf({ quiet: [9, 10, 11] });
  const half = {
    ...few,
    cases: few.cases.map((one) => ({ ...one, results: one.results.map((each) => ({ ...each, rows: 50 })) })),
  };
  expect(compareRuns(few, half, 1.1)[0]).toMatchObject({ ratio: 2, verdict: "slower" });
});

test("another machine is told of", () => {
  const machine = { cpu: "Slide rule", threads: 2, platform: "linux x64" };
  expect(differences(base, runOf({}, { machine }))).toEqual([
    expect.stringMatching(/^machine differs: Abacus.*Slide rule/),
  ]);
  expect(differences(base, runOf({}, { node: "24.0.0" }))).toEqual(["Node differs: 20.0.0, and now 24.0.0"]);
  expect(differences(base, base)).toEqual([]);
});

const warm = { min: 9, median: 10, max: 11 };
const named = (name: string) => ({ name, rows: 100, results: [{ backend: "cpu", software: false, rows: 100, warm }] });

test("distances, clusters and each size of a sweep are compared, too", () => {
  const points = [10, 1000].map((size) => ({ size, rows: size, warm, runs: 5, floorOverMeasured: 1 }));
  const curves = ["cpu", "webgpu"].map((backend) => ({ backend, points }));
  const written = {
    ...runOf({}),
    short: { peers: [], cases: [named("k-center")] },
    growth: [{ by: "rows", work: "entropy", curves }],
  };
  writeFileSync(join(folder, "whole.json"), JSON.stringify(written));
  const run = readRun(join(folder, "whole.json"));
  const said = compareRuns(run, run, 1.1).map(({ name, backend, verdict }) => `${name} on ${backend}: ${verdict}`);
  expect(said).toEqual([
    "k-center on cpu: same",
    "rows 10: entropy on cpu: same",
    "rows 10: entropy on webgpu: same",
    "rows 1000: entropy on cpu: same",
    "rows 1000: entropy on webgpu: same",
  ]);
});

test.each<[string, object]>([
  ["no cases", runOf({})],
  ["cases that are no list", { ...base, cases: {} }],
  ["a case that is none", { ...base, cases: [null] }],
  ["a case without a name", { ...base, cases: [{ ...named("x"), name: undefined }] }],
  ["backends that are none", { ...base, backends: [null] }],
  ["times that are none", { ...base, cases: [{ ...named("x"), results: [{ backend: "cpu", warm: {} }] }] }],
  ["words for times", { ...base, cases: [{ ...named("x"), results: [{ backend: "cpu", warm: { ...warm, median: "x" } }] }] }], // prettier-ignore
  ["sweeps that are none", { ...base, growth: [{ by: "rows", curves: [{ backend: "cpu", points: [{}] }] }] }],
])("a file that has %s is refused in one line", (_, written) => {
  const path = join(folder, "refused.json");
  writeFileSync(path, JSON.stringify(written));
  expect(() => readRun(path)).toThrow(/^\S+refused\.json: [^\n]+: give what bench or bench:batches wrote by --json$/);
});

test("the exit status says whether something got slower", async () => {
  const paths = {
    base: base,
    same: base,
    slow: runOf({ quiet: [14, 15, 16] }),
    other: runOf({ other: [1, 1, 1] }),
    quick: { ...base, quick: true },
  };
  for (const [name, run] of Object.entries(paths)) writeFileSync(join(folder, `${name}.json`), JSON.stringify(run));
  writeFileSync(join(folder, "half.json"), "{");
  const [same, slow, ...refused] = await Promise.all([
    regress("base.json", "same.json"),
    regress("base.json", "slow.json"),
    regress("base.json", "other.json"),
    regress("base.json", "quick.json"),
    regress("half.json", "base.json"),
    regress(),
  ]);
  expect(same).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("nothing got slower") });
  expect(slow).toMatchObject({
    code: 1,
    stderr: "",
    stdout: expect.stringContaining("slower by more than 10 %: quiet on cpu"),
  });
  for (const { code, stdout, stderr } of refused) {
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^regress: [^\n]+\n$/);
  }
}, 60_000);

test("without a second file the bench that made the first is run again, on its cases", async () => {
  const made = join(folder, "made.json");
  const bench = [
    "--import",
    "tsx",
    join(root, "bench/main.ts"),
    "--quick",
    "--alone",
    "--backend",
    "cpu",
    "--threads",
    "1",
  ];
  await promisify(execFile)(process.execPath, [...bench, "--case", "top-1000 of 10M scores", "--json", made], {
    cwd: root,
  });
  const { code, stdout } = await regress("made.json", "--threshold", "1000");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^top-1000 of 10M scores +cpu +×/m);
}, 180_000);

async function regress(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = ["--import", join(root, "node_modules/tsx/dist/loader.mjs"), join(root, "bench/regress.ts"), ...args];
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
  return promisify(execFile)(process.execPath, command, { cwd: folder, env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error) => error,
  );
}
