/**
 * `npm run bench`: every case on every backend, each checked against its reference before it is timed, with other libraries
 * beside them on the same data where this machine has them (`npm ci --prefix bench` brings those of npm). With --browser it is the cpu backend in a headless
 * Chromium that is timed, isolated and not; --required leaves only cases that are to be so many times as fast.
 *
 * Exits with 0 when all answers were right, 1 when one was wrong, 2 for bad usage.
 */
import { parseArgs } from "node:util";
import { InputError } from "../src/errors.ts";
import { backendNames, openSubject, type BackendName, type Subject } from "../src/bench/backends.ts";
import { ceilingLines } from "../src/bench/ceilingsTable.ts";
import { cases, fitted, nameOf, shrunk, type Case } from "../src/bench/cases.ts";
import { nameOf as shortNameOf, shortCases, type BatchCase } from "./batches/cases.ts";
import { runShort } from "./batches/short.ts";
import { threadsIn } from "./flags.ts";
import { growthLines, growthPatience, runSweep, type FullReport } from "./growth/run.ts";
import { sweeps } from "./growth/sweeps.ts";
import { briefly, patience } from "../src/bench/measure.ts";
import { withMemory } from "./memoryOf.ts";
import { benchPage } from "./page/document.ts";
import { findPeers, timePeers } from "./peers.ts";
import { openReport, saveReport, saveText } from "../src/bench/report.ts";
import { contenderOf, runCase, type Beside, type Contender } from "../src/bench/run.ts";
import { heading, linesOf } from "../src/bench/table.ts";

const usage = "npm run bench -- [options], and --help tells of them";
const help = `npm run bench -- [options]

what:
  --list               names the cases and ends
  --filter TEXT        cases whose name, or a strategy of which, has TEXT in it
  --case NAME          a case by its whole name; may be said again
  --required           cases that are to be so many times as fast as others
  --growth             the sweeps alone
  --quick              few of the rows: a smoke run, no measurement
on what:
  --backend NAME       ${backendNames.join(" or ")}; both where it is not said
  --browser            the cpu backend in a headless Chromium instead
  --threads N          threads of the cpu backend
beside what:
  --peers LIST         of these libraries, with commas between
  --alone              of none
where to:
  --json FILE          what was measured
  --html FILE          a page of it`;

/** Rows of a smoke run's sweeps: so many times fewer. */
const QUICK_FEWER = 10;

try {
  const args = process.argv.slice(2);
  if (args.includes("--help")) console.log(help);
  else process.exitCode = await bench(argumentsOf(args));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = 2;
}

interface Arguments {
  readonly list: boolean;
  readonly quick: boolean;
  /** The sweeps alone. */
  readonly growth: boolean;
  /** All cases, and so the sweeps too. */
  readonly whole: boolean;
  /** Without peers. */
  readonly alone: boolean;
  readonly browser: boolean;
  readonly threads: number | undefined;
  readonly json?: string;
  readonly html?: string;
  /** Libraries to be beside it; all there are where it is not said. */
  readonly peers: readonly string[] | undefined;
  readonly backends: readonly BackendName[];
  readonly chosen: readonly Case[];
  /** Of distances and clusters. */
  readonly short: readonly BatchCase[];
}

function argumentsOf(args: string[]): Arguments {
  const { required, filter, backend, threads, peers, case: names, ...rest } = parsed(args);
  const chosen = cases
    .filter((one) => [nameOf(one), ...one.strategies].some((name) => name.includes(filter)))
    .filter((one) => (one.atLeast || !required) && (!names || names.includes(nameOf(one))));
  const short = shortCases
    .filter((one) => shortNameOf(one).includes(filter) && !required && !rest.browser)
    .filter((one) => !names || names.includes(shortNameOf(one)));
  if (chosen.length + short.length === 0)
    throw new InputError(`no case has ${names ? "such a name" : `"${filter}" in its name`}: see --list`);
  if (rest.browser && backend !== undefined)
    throw new InputError("a browser is timed on the cpu backend: leave out --backend");
  if (rest.browser && rest.growth) throw new InputError("sweeps are timed in Node: leave out --browser");
  const whole = chosen.length === cases.length && !rest.browser;
  const backends = backendNames.filter((name) => backend === undefined || name === backend);
  if (backends.length === 0) throw new InputError(`unknown backend "${backend}": known are ${backendNames.join(", ")}`);
  const wanted = rest.alone || rest.growth ? [] : peers?.split(",");
  return { ...rest, whole, threads: threadsIn(threads), peers: wanted, backends, chosen, short };
}

function parsed(args: string[]) {
  try {
    const flag = { type: "boolean", default: false } as const;
    const text = { type: "string" } as const;
    const flags = { list: flag, quick: flag, growth: flag, alone: flag, browser: flag, required: flag } as const;
    const texts = {
      filter: { ...text, default: "" },
      backend: text,
      threads: text,
      peers: text,
      json: text,
      html: text,
    } as const;
    // By its whole name, any number of them.
    const one = { type: "string", multiple: true } as const;
    return parseArgs({ args, options: { ...flags, ...texts, case: one } }).values;
  } catch (error) {
    throw new InputError(`${(error as Error).message.split(/[.\n]/, 1)[0]}: ${usage}`);
  }
}

async function bench(given: Arguments): Promise<number> {
  const { list, quick, growth, browser, whole, threads, json, html, backends, chosen, short } = given;
  if (list) {
    for (const name of [...chosen.map(nameOf), ...short.map(shortNameOf)]) console.log(name);
    return 0;
  }
  const subjects = browser ? [] : await subjectsOf(backends, threads);
  const contenders = browser ? await inBrowser(threads) : subjects.map((each) => withMemory(contenderOf(each)));
  try {
    if (contenders.length === 0) throw new InputError("there is no backend to time");
    const about = contenders.map((contender) => contender.about);
    const { peers, missing } = await findPeers(about, given.peers);
    const ceilings = [];
    for (const contender of contenders) ceilings.push(await contender.ceilings());
    const report: FullReport = { ...openReport(about, peers, ceilings, quick), growth: [] };
    const save = (): void => {
      if (json !== undefined) saveReport(json, report);
      if (html !== undefined) saveText("--html", html, benchPage(report));
    };
    save(); // a path that cannot be written should fail before the work, not after
    for (const line of missing) console.log(line);
    console.log(heading(report));
    for (const one of growth ? [] : chosen) {
      const fitting = browser ? fitted(one) : one;
      const sized = quick ? shrunk(fitting) : fitting;
      const waiting = quick ? briefly : patience;
      const beside: Beside = (made, reference) => timePeers(peers, sized, made, reference, waiting, about);
      report.cases.push(await runCase(nameOf(one), sized, contenders, waiting, beside));
      console.log(linesOf(report.cases[report.cases.length - 1]));
      save();
    }
    if (!growth && short.length > 0) {
      const rule = { quick, waiting: quick ? briefly : patience };
      await runShort(short, subjects, given.peers, rule, (timed) => {
        report.short = timed;
        save();
      });
    }
    for (const sweep of growth || whole ? sweeps : []) {
      const [waiting, fewer] = quick ? [briefly, QUICK_FEWER] : [growthPatience, 1];
      report.growth.push(await runSweep(sweep, subjects, waiting, fewer));
      console.log(growthLines(report.growth[report.growth.length - 1]));
      save();
    }
    console.log(["", ...ceilingLines(report.ceilings, report.backends)].join("\n"));
    const timed = [...report.cases, ...(report.short?.cases ?? [])];
    const all = [...timed.flatMap(({ results }) => results), ...report.growth.flatMap(({ curves }) => curves)];
    return all.some((result) => "wrong" in result) ? 1 : 0;
  } finally {
    for (const contender of contenders) await contender.close();
  }
}

async function subjectsOf(backends: readonly BackendName[], threads: number | undefined): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const name of backends) {
    const opened = await openSubject(name, threads);
    if (typeof opened === "string") console.log(`${name} is left out: ${opened}`);
    else subjects.push(opened);
  }
  return subjects;
}

/** Loaded only when wanted: Vite and Playwright take a while. */
async function inBrowser(threads: number | undefined): Promise<Contender[]> {
  const { openPages } = await import("./browser/chromium.ts");
  return openPages(threads);
}
