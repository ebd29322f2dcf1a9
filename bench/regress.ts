/**
 * `npm run bench:regress -- BASE [NEW]`: compares two JSON files of a bench, case by case and backend by backend, and names
 * what got slower. Without NEW the bench that made BASE is run now, on the same cases.
 *
 * Exits with 0 when nothing got slower, 1 when something did or went wrong, 2 for files that cannot be compared.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pc from "picocolors";
import { InputError } from "../src/errors.ts";
import { compareRuns, differences, overall, type Comparison } from "./compare.ts";
import { readRun, type Run } from "./runFile.ts";

const usage = "npm run bench:regress -- BASE [NEW] [--threshold 1.1]";

try {
  process.exitCode = await regress(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`regress: ${error.message}`);
  process.exitCode = 2;
}

async function regress(args: string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(usage);
    return 0;
  }
  const { basePath, newPath, threshold } = argumentsOf(args);
  const base = readRun(basePath);
  const now = newPath === undefined ? await runAgain(base, basePath) : readRun(newPath);
  if (base.quick !== now.quick)
    throw new InputError("one of them is a smoke run on few of the rows: compare like with like");
  const comparisons = compareRuns(base, now, threshold);
  if (comparisons.every(({ verdict }) => verdict === "gone"))
    throw new InputError(`${basePath} and ${newPath ?? "the run of now"} have no case in common that was timed`);
  for (const line of differences(base, now)) console.log(pc.yellow(line));
  if (base.quick) console.log(pc.yellow("both are smoke runs on few of the rows, and no measurement"));
  console.log(`${labelOf(base)} → ${labelOf(now)}: seconds now over seconds then, above 1 is slower (least–most)`);
  const width = Math.max(...comparisons.map(({ name }) => name.length));
  for (const one of comparisons) console.log(lineOf(one, width));
  console.log(`all of them together: ×${overall(comparisons).toFixed(2)}`);
  const slower = comparisons.filter(({ verdict }) => verdict === "slower" || verdict === "wrong");
  const beyond = `by more than ${Math.round(100 * (threshold - 1))} %`;
  if (slower.length === 0) console.log(`nothing got slower ${beyond}`);
  else
    console.log(pc.red(`slower ${beyond}: ${slower.map(({ name, backend }) => `${name} on ${backend}`).join("; ")}`));
  return slower.length > 0 ? 1 : 0;
}

function argumentsOf(args: string[]) {
  try {
    const options = { threshold: { type: "string", default: "1.1" } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const threshold = Number(values.threshold);
    if (positionals.length < 1 || positionals.length > 2) throw new Error("one file or two");
    if (!(threshold >= 1)) throw new Error(`--threshold must be at least 1, got ${values.threshold}`);
    return { basePath: positionals[0], newPath: positionals.at(1), threshold };
  } catch (error) {
    throw new InputError(`${(error as Error).message.split(/\n|\. /, 1)[0]}: ${usage}`);
  }
}

/** The same cases by the program that made the file, which tells how it was called. */
async function runAgain(base: Run, path: string): Promise<Run> {
  const { quick, runs, rows, cases, batches } = base;
  const threads = base.backends.find(({ backend }) => backend === "cpu")?.threads;
  const backends = new Set(base.backends.map(({ backend }) => backend));
  if (!backends.has("cpu") && !backends.has("webgpu"))
    throw new InputError(`${path}: was made in a browser: make another by bench --browser, and give both`);
  const folder = mkdtempSync(join(tmpdir(), "poolwise-regress-"));
  const json = join(folder, "now.json");
  const args = [
    ...[...cases, ...batches].flatMap(({ name }) => ["--case", name]),
    ...(cases.length + batches.length === 0 ? ["--growth"] : []),
    ...(backends.size === 1 ? ["--backend", [...backends][0]] : []),
    ...(threads === undefined ? [] : ["--threads", String(threads)]),
    ...(runs === undefined ? [] : ["--runs", String(runs)]),
    ...(quick ? ["--quick"] : []),
    ...(typeof rows === "number" ? ["--rows", String(rows)] : []),
    "--alone",
    "--json",
    json,
  ];
  try {
    const script = join(import.meta.dirname, runs === undefined ? "main.ts" : "batches.ts");
    const code = await exitOf(["--import", "tsx", script, ...args]);
    if (code === 2) throw new InputError(`${path}: its cases could not be run again`);
    return readRun(json);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What it prints is of interest while one waits, and no part of the comparison. */
function exitOf(args: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", 2, 2], cwd: join(import.meta.dirname, "..") });
  return new Promise((resolve, reject) => child.on("error", reject).on("exit", resolve));
}

function labelOf({ commit, date }: Run): string {
  return commit ?? date;
}

function lineOf({ name, backend, ratio, range: [low, high], verdict }: Comparison, width: number): string {
  const by = `${name.padEnd(width)}  ${backend.padEnd(8)}`;
  if (verdict === "wrong") return `${by}  ${pc.red("WRONG now, and not timed")}`;
  if (verdict === "gone") return `${by}  ${pc.yellow("not in the new run")}`;
  const words = { slower: pc.red("slower"), faster: pc.green("faster"), same: "", unsure: "too noisy to say" };
  return `${by}  ×${ratio.toFixed(2)}  (${low.toFixed(2)}–${high.toFixed(2)})  ${words[verdict]}`.trimEnd();
}
