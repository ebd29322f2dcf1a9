/**
 * `npm run bench:batches`: batch rules on pools of several shapes on every backend, each checked before it is timed, beside
 * the same in Python where this machine has it.
 *
 * Exits with 0 when all picks were right, 1 when some were wrong, 2 for bad usage.
 */
import { parseArgs } from "node:util";
import { InputError } from "../src/errors.ts";
import { backendNames, openSubject, type BackendName, type Subject } from "../src/bench/backends.ts";
import { batchCases, nameOf, shrunk, type BatchCase } from "./batches/cases.ts";
import { findPeers, type BatchPeer } from "./batches/peers.ts";
import { heading, linesOf, peerAbouts, summariesOf, summaryLine, type BatchReport } from "./batches/report.ts";
import { runCase } from "./batches/run.ts";
import { threadsIn, wholeNumber } from "./flags.ts";
import { aboutRun, aboutSubject, saveReport } from "../src/bench/report.ts";

const usage = `npm run bench:batches -- [--list] [--filter TEXT] [--case NAME] [--required] [--backend ${backendNames.join("|")}] [--threads N] [--peers LIST] [--alone] [--runs N] [--rows N] [--json FILE]`;

/** Seconds after which no more runs are begun: some peers take minutes for one. */
const LONGEST = 120;
/** Fewer rows than this leave nothing to pick from. */
const LEAST_ROWS = 100;

try {
  process.exitCode = await bench(argumentsOf(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = 2;
}

interface Arguments {
  readonly list: boolean;
  /** Without peers. */
  readonly alone: boolean;
  readonly json?: string;
  readonly backends: readonly BackendName[];
  readonly threads: number | undefined;
  readonly chosen: readonly BatchCase[];
  /** Those to be beside it; all there are where it is not said. */
  readonly peers: readonly string[] | undefined;
  readonly runs: number;
  readonly rows: number | undefined;
}

function argumentsOf(args: string[]): Arguments {
  const { required, filter, backend, threads, peers, case: names, ...rest } = parsed(args);
  const chosen = batchCases
    .filter((one) => nameOf(one).includes(filter) && (one.atLeast || !required))
    .filter((one) => !names || names.includes(nameOf(one)));
  if (chosen.length === 0)
    throw new InputError(`no case has ${names ? "such a name" : `"${filter}" in its name`}: see --list`);
  const backends = backendNames.filter((name) => backend === undefined || name === backend);
  if (backends.length === 0) throw new InputError(`unknown backend "${backend}": known are ${backendNames.join(", ")}`);
  const runs = wholeNumber("--runs", rest.runs, 1);
  const rows = rest.rows === undefined ? undefined : wholeNumber("--rows", rest.rows, LEAST_ROWS);
  return { ...rest, backends, threads: threadsIn(threads), peers: peers?.split(","), chosen, runs, rows };
}

function parsed(args: string[]) {
  try {
    const flag = { type: "boolean", default: false } as const;
    const text = { type: "string" } as const;
    const options = {
      list: flag,
      alone: flag,
      required: flag,
      filter: { ...text, default: "" },
      backend: text,
      threads: text,
      peers: text,
      runs: { ...text, default: "5" },
      rows: text,
      json: text,
      case: { ...text, multiple: true },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new InputError(`${(error as Error).message.split(/[.\n]/, 1)[0]}: ${usage}`);
  }
}

async function bench(given: Arguments): Promise<number> {
  const { list, alone, json, backends, threads, peers: wanted, chosen, runs, rows } = given;
  if (list) {
    for (const one of chosen) console.log(nameOf(one));
    return 0;
  }
  const subjects: Subject[] = [];
  try {
    for (const name of backends) {
      const opened = await openSubject(name, threads);
      if (typeof opened === "string") console.log(`${name} is left out: ${opened}`);
      else subjects.push(opened);
    }
    if (subjects.length === 0) throw new InputError("there is no backend to time");
    const on = subjects.map(({ engine }) => engine.backend);
    const { peers, missing } = alone ? { peers: [], missing: [] } : await findPeers(on, wanted);
    const report = openReport(subjects, peers, runs, rows);
    const save = (): void => void (json !== undefined && saveReport(json, report));
    save(); // a path that cannot be written should fail before the work, not after
    console.log([heading(report), ...missing].join("\n"));
    const waiting = { runs, seconds: 0, most: runs, longest: LONGEST };
    for (const one of chosen) {
      const sized = rows === undefined ? one : shrunk(one, rows);
      report.cases.push(await runCase(nameOf(one), sized, subjects, peers, waiting));
      report.summaries = summariesOf(report);
      console.log(linesOf(report.cases[report.cases.length - 1], runs));
      save();
    }
    for (const summary of report.summaries) console.log(summaryLine(summary));
    return report.cases.some(({ results }) => results.some((result) => "wrong" in result)) ? 1 : 0;
  } finally {
    for (const subject of subjects) await subject.close();
  }
}

function openReport(
  subjects: readonly Subject[],
  peers: readonly BatchPeer[],
  runs: number,
  rows: number | undefined,
): BatchReport {
  return {
    ...aboutRun(subjects.map(aboutSubject)),
    runs,
    rows: rows ?? null,
    peers: peerAbouts(peers),
    cases: [],
    summaries: [],
  };
}
