/** `poolwise bench`: how fast this machine is, each result checked against float64 before it is timed. */
import { Command, Option } from "commander";
import pc from "picocolors";
import { backendNames, openSubject, type BackendName } from "../bench/backends.ts";
import { cases, nameOf, shrunk, type Case } from "../bench/cases.ts";
import { ceilingLines } from "../bench/ceilingsTable.ts";
import { briefly, patience } from "../bench/measure.ts";
import { openReport, reportText, type Report } from "../bench/report.ts";
import { contenderOf, runCase, type Contender } from "../bench/run.ts";
import { heading, linesOf } from "../bench/table.ts";
import { InputError } from "../errors.ts";
import { checkOutput, writeFileWhole } from "../files/output.ts";
import { stopSignal } from "./interrupt.ts";
import { withEngineOptions, type CommonOptions } from "./options.ts";
import { say } from "./progress.ts";

interface BenchArguments extends Omit<CommonOptions, "json"> {
  readonly quick?: boolean;
  readonly list?: boolean;
  readonly filter?: string;
  readonly json?: string;
}

/** After so long --quick begins no more cases: it is to be done in a minute, on a slow machine too. */
const QUICK_MS = 40_000;

export function benchCommand(): Command {
  const command = new Command("bench")
    .description(
      "Time the backends of this machine: every result is checked against float64 before it is timed, and held against the least time that the work can take here.",
    )
    .option("--quick", "some of the cases, on few rows: under a minute")
    .option("--filter <text>", "only cases with this in their name")
    .option("--list", "names of the cases, and no more");
  return withEngineOptions(command, "auto is the CPU, and a real GPU if there is one, never a software one")
    .addOption(new Option("--json <file>", "write what was measured, as .json, or - for standard output"))
    .option("--quiet", "no progress on standard error")
    .action(bench);
}

async function bench({ quick = false, list, filter, backend, threads, json, quiet }: BenchArguments): Promise<void> {
  const chosen = chosenBy(quick, filter);
  if (list) {
    for (const one of chosen) console.log(nameOf(one));
    return;
  }
  if (json !== undefined) await checkOutput(json, [".json"]);
  const print = (line: string): void => (json === "-" ? say(line, quiet) : console.log(line));
  const began = performance.now();
  const contenders = await contendersOf(backend, threads, print);
  try {
    const ceilings = [];
    for (const contender of contenders) ceilings.push(await contender.ceilings());
    const report = openReport(
      contenders.map(({ about }) => about),
      [],
      ceilings,
      quick,
    );
    print(heading(report));
    for (const [i, one] of chosen.entries()) {
      stopSignal.throwIfAborted();
      if (quick && i > 0 && performance.now() - began > QUICK_MS) {
        const rest = chosen.slice(i).map(nameOf).join(", ");
        print(`left out, for a minute is nearly over: ${rest} (--filter times one of them alone)`);
        break;
      }
      const clear = progress(`case ${i + 1} of ${chosen.length}: ${nameOf(one)}`, quiet);
      const sized = quick ? shrunk(one) : one;
      const timed = await runCase(nameOf(one), sized, contenders, quick ? briefly : patience).finally(clear);
      report.cases.push(timed);
      print(linesOf(timed));
    }
    print(["", ...ceilingLines(report.ceilings, report.backends)].join("\n"));
    if (json !== undefined) await writeFileWhole(json, (write) => write(reportText(report)));
    if (isWrong(report)) process.exitCode = 1;
  } finally {
    for (const contender of contenders) await contender.close();
  }
}

function chosenBy(quick: boolean, filter = ""): Case[] {
  // What is asked for by name is meant, whether or not it is among the few.
  const found = cases.filter((one) => nameOf(one).includes(filter) && (!quick || filter !== "" || one.quick));
  if (found.length === 0) throw new InputError(`--filter ${filter}: no case has that in its name: see bench --list`);
  return found;
}

async function contendersOf(
  asked: BenchArguments["backend"],
  threads: number | undefined,
  print: (line: string) => void,
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  const leaveOut = (name: BackendName, why: string): void => {
    if (asked === name) throw new InputError(`--backend ${name}: ${why}`);
    print(`${name} is left out: ${why}`);
  };
  for (const name of backendNames.filter((each) => asked === "auto" || each === asked)) {
    const subject = await openSubject(name, threads);
    if (typeof subject === "string") leaveOut(name, subject);
    else if (subject.software && asked === "auto") {
      await subject.close();
      leaveOut(name, `${subject.engine.adapter} is software: --backend webgpu times it all the same`);
    } else contenders.push(contenderOf(subject));
  }
  return contenders;
}

const isWrong = ({ cases: all }: Report): boolean =>
  all.some(({ results }) => results.some((result) => "wrong" in result));

/** A line on standard error when it is a terminal; gives what takes it away. */
function progress(line: string, quiet: boolean | undefined): () => void {
  if (quiet || !process.stderr.isTTY) return () => {};
  process.stderr.write(`\r\x1b[2K${pc.dim(line)}`);
  return () => void process.stderr.write("\r\x1b[2K");
}
