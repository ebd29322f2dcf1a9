/**
 * `npm run bench`: every case on every backend, each checked against its reference before it is timed, with NumPy and
 * PyTorch beside them on the same data where this machine has them. With --browser it is the cpu backend in a headless
 * Chromium that is timed, isolated and not; --required leaves only cases that are to be so many times as fast.
 *
 * Exits with 0 when all answers were right, 1 when one was wrong, 2 for bad usage.
 */
import { parseArgs } from "node:util";
import { InputError } from "../src/errors.ts";
import { backendNames, openSubject, type BackendName } from "../src/bench/backends.ts";
import { ceilingLines } from "../src/bench/ceilingsTable.ts";
import { cases, fitted, nameOf, shrunk, type Case } from "../src/bench/cases.ts";
import { threadsIn } from "./flags.ts";
import { briefly, patience } from "../src/bench/measure.ts";
import { withMemory } from "./memoryOf.ts";
import { findPeers, timePeers } from "./peers.ts";
import { openReport, saveReport } from "../src/bench/report.ts";
import { contenderOf, runCase, type Beside, type Contender } from "../src/bench/run.ts";
import { heading, linesOf } from "../src/bench/table.ts";

const usage = `npm run bench -- [--list] [--filter TEXT] [--case NAME] [--required] [--backend ${backendNames.join("|")} | --browser] [--threads N] [--alone] [--quick] [--json FILE]`;

try {
  process.exitCode = await bench(argumentsOf(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = 2;
}

interface Arguments {
  readonly list: boolean;
  readonly quick: boolean;
  /** Without peers. */
  readonly alone: boolean;
  readonly browser: boolean;
  readonly threads: number | undefined;
  readonly json: string | undefined;
  readonly backends: readonly BackendName[];
  readonly chosen: readonly Case[];
}

function argumentsOf(args: string[]): Arguments {
  const { list, quick, alone, browser, required, json, filter, backend, threads, case: names } = parsed(args);
  const chosen = cases
    .filter((one) => [nameOf(one), ...one.strategies].some((name) => name.includes(filter)))
    .filter((one) => (one.atLeast || !required) && (!names || names.includes(nameOf(one))));
  if (chosen.length === 0)
    throw new InputError(`no case has ${names ? "such a name" : `"${filter}" in its name`}: see --list`);
  if (browser && backend !== undefined)
    throw new InputError("a browser is timed on the cpu backend: leave out --backend");
  const backends = backendNames.filter((name) => backend === undefined || name === backend);
  if (backends.length === 0) throw new InputError(`unknown backend "${backend}": known are ${backendNames.join(", ")}`);
  return { list, quick, alone, browser, threads: threadsIn(threads), json, backends, chosen };
}

function parsed(args: string[]) {
  try {
    const flag = { type: "boolean", default: false } as const;
    const text = { type: "string" } as const;
    const flags = { list: flag, quick: flag, alone: flag, browser: flag, required: flag } as const;
    const texts = { filter: { ...text, default: "" }, backend: text, threads: text, json: text } as const;
    // By its whole name, any number of them.
    const one = { type: "string", multiple: true } as const;
    return parseArgs({ args, options: { ...flags, ...texts, case: one } }).values;
  } catch (error) {
    throw new InputError(`${(error as Error).message.split(/[.\n]/, 1)[0]}: ${usage}`);
  }
}

async function bench({ list, quick, alone, browser, threads, json, backends, chosen }: Arguments): Promise<number> {
  if (list) {
    for (const one of chosen) console.log(nameOf(one));
    return 0;
  }
  const contenders = browser ? await inBrowser(threads) : await inNode(backends, threads);
  try {
    if (contenders.length === 0) throw new InputError("there is no backend to time");
    const peers = alone ? [] : await findPeers();
    const ceilings = [];
    for (const contender of contenders) ceilings.push(await contender.ceilings());
    const report = openReport(
      contenders.map(({ about }) => about),
      peers,
      ceilings,
      quick,
    );
    const save = (): void => void (json !== undefined && saveReport(json, report));
    save(); // a path that cannot be written should fail before the work, not after
    console.log(heading(report));
    for (const one of chosen) {
      const whole = browser ? fitted(one) : one;
      const sized = quick ? shrunk(whole) : whole;
      const waiting = quick ? briefly : patience;
      const beside: Beside = (made, reference) => timePeers(peers, sized, made, reference, waiting);
      report.cases.push(await runCase(nameOf(one), sized, contenders, waiting, beside));
      console.log(linesOf(report.cases[report.cases.length - 1], report));
      save();
    }
    console.log(["", ...ceilingLines(report.ceilings, report.backends)].join("\n"));
    return report.cases.some(({ results }) => results.some((result) => "wrong" in result)) ? 1 : 0;
  } finally {
    for (const contender of contenders) await contender.close();
  }
}

async function inNode(backends: readonly BackendName[], threads: number | undefined): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const name of backends) {
    const opened = await openSubject(name, threads);
    if (typeof opened === "string") console.log(`${name} is left out: ${opened}`);
    else contenders.push(withMemory(contenderOf(opened)));
  }
  return contenders;
}

/** Loaded only when wanted: Vite and Playwright take a while. */
async function inBrowser(threads: number | undefined): Promise<Contender[]> {
  const { openPages } = await import("./browser/chromium.ts");
  return openPages(threads);
}
