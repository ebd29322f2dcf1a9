/**
 * `npm run bench`: every case on every backend, each checked against its reference before it is timed, with NumPy and
 * PyTorch beside them on the same data where this machine has them.
 *
 * Exits with 0 when all answers were right, 1 when one was wrong, 2 for bad usage.
 */
import { parseArgs } from "node:util";
import { InputError } from "../src/errors.ts";
import { backendNames, openSubject, type BackendName, type Subject } from "./backends.ts";
import { cases, nameOf, shrunk, type Case } from "./cases.ts";
import { briefly, patience } from "./measure.ts";
import { findPeers } from "./peers.ts";
import { openReport, saveReport } from "./report.ts";
import { runCase } from "./run.ts";
import { heading, linesOf } from "./table.ts";

const usage = `npm run bench -- [--list] [--filter TEXT] [--backend ${backendNames.join("|")}] [--quick] [--json FILE]`;

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
  readonly json: string | undefined;
  readonly backends: readonly BackendName[];
  readonly chosen: readonly Case[];
}

function argumentsOf(args: string[]): Arguments {
  const { list, quick, json, filter, backend } = parsed(args);
  const chosen = cases.filter((one) => [nameOf(one), ...one.strategies].some((name) => name.includes(filter)));
  if (chosen.length === 0) throw new InputError(`no case has "${filter}" in its name: see --list`);
  const backends = backendNames.filter((name) => backend === undefined || name === backend);
  if (backends.length === 0) throw new InputError(`unknown backend "${backend}": known are ${backendNames.join(", ")}`);
  return { list, quick, json, backends, chosen };
}

function parsed(args: string[]) {
  try {
    const flag = { type: "boolean", default: false } as const;
    const text = { type: "string" } as const;
    const options = { list: flag, quick: flag, filter: { ...text, default: "" }, backend: text, json: text } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new InputError(`${(error as Error).message.split(/[.\n]/, 1)[0]}: ${usage}`);
  }
}

async function bench({ list, quick, json, backends, chosen }: Arguments): Promise<number> {
  if (list) {
    for (const one of chosen) console.log(nameOf(one));
    return 0;
  }
  const subjects: Subject[] = [];
  try {
    for (const name of backends) {
      const opened = await openSubject(name);
      if (typeof opened === "string") console.log(`${name} is left out: ${opened}`);
      else subjects.push(opened);
    }
    if (subjects.length === 0) throw new InputError("there is no backend to time");
    const peers = await findPeers();
    const report = openReport(subjects, peers, quick);
    const save = (): void => void (json !== undefined && saveReport(json, report));
    save(); // a path that cannot be written should fail before the work, not after
    console.log(heading(report));
    for (const one of chosen) {
      report.cases.push(
        await runCase(nameOf(one), quick ? shrunk(one) : one, subjects, peers, quick ? briefly : patience),
      );
      console.log(linesOf(report.cases[report.cases.length - 1]));
      save();
    }
    return report.cases.some(({ results }) => results.some((result) => "wrong" in result)) ? 1 : 0;
  } finally {
    for (const subject of subjects) await subject.close();
  }
}
