#!/usr/bin/env node
/** The command line: which commands there are, and what becomes of an error. */
import { Command, CommanderError } from "commander";
import { DeviceLostError, InputError, mendable, visible } from "../errors.ts";
import { benchCommand } from "./bench.ts";
import { calibrateCommand } from "./calibrate.ts";
import { coldStartCommand } from "./coldstart.ts";
import { infoCommand } from "./info.ts";
import { stopSignal } from "./interrupt.ts";
import { version } from "./options.ts";
import { scoreCommand } from "./score.ts";
import { selectCommand } from "./select.ts";
import { simulateCommand } from "./simulate/command.ts";

const BAD_INPUT = 2;
const OUR_FAULT = 1;

/** Remedies in the library's words, and in ours. */
const FLAGS = [
  ["(invalid: skip)", "(--invalid skip)"],
  ["give passes and dropout", "give --passes and --dropout"],
  ["or several members", "or several files"],
  ["load features with a head", "give --features with --model"],
  ["load predictions, or features with a head", "give PREDICTIONS, or --features with --model"],
  [
    "load predictions, features with a head, or scores beside them",
    "give PREDICTIONS, --features with --model, or --scores",
  ],
  ["load embeddings beside it", "give --embeddings"],
  ["give it more (memory.host)", "give it more (--memory)"],
  ["memory.device", "--memory: the second size"],
  ["store them as int8 or float32", "--storage int8 or float32"],
  ["need dropout: say its rate", "need a rate of dropout, which the head does not say: give --dropout"],
] as const;

const program = new Command("poolwise")
  .description("Tells which of your million unlabelled rows to label next.")
  .version(version)
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .configureOutput({ writeErr: () => {} });
for (const command of [
  infoCommand(),
  scoreCommand(),
  selectCommand(),
  calibrateCommand(),
  coldStartCommand(),
  simulateCommand(),
  benchCommand(),
]) {
  program.addCommand(command.exitOverride().configureOutput({ writeErr: () => {} }));
}

// A reader that has seen enough, as in `poolwise info | head`, closes the pipe: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE")
    process.exitCode ||= report(new InputError(`standard output could not be written: ${error.message}`));
});

try {
  await program.parseAsync();
} catch (error) {
  // Whatever breaks because the work was to end has been told of.
  if (!stopSignal.aborted) process.exitCode ||= report(mendable(error));
}

/** One line on standard error, and the exit status that goes with it. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return reportUsage(error);
  if (error instanceof InputError) {
    complain(inFlags(error.message));
    return BAD_INPUT;
  }
  if (error instanceof DeviceLostError) {
    complain(error.message);
    return OUR_FAULT;
  }
  process.stderr.write(
    `poolwise: this is our fault, please report it: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return OUR_FAULT;
}

/** What a caller of the library would give, as the flags that give it here. */
function inFlags(message: string): string {
  return FLAGS.reduce((text, [ofLibrary, flags]) => text.replace(ofLibrary, flags), message);
}

function reportUsage(error: CommanderError): number {
  if (error.exitCode === 0) return 0;
  if (error.code === "commander.help") {
    process.stderr.write(program.helpInformation());
    return BAD_INPUT;
  }
  const name = program.commands.find((known) => known.name() === process.argv[2])?.name();
  const message = error.message
    .replace(/^error: /, "")
    .replace(/\.?\n/, " ")
    .replace(/\.$/, "");
  complain(`${message}: see poolwise ${name ? `${name} ` : ""}--help`);
  return BAD_INPUT;
}

/** An argument may hold line ends and worse: they are shown, not printed. */
function complain(message: string): void {
  process.stderr.write(`poolwise: ${visible(message)}\n`);
}
