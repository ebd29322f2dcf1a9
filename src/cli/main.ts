#!/usr/bin/env node
/** The command line: which commands there are, and what becomes of an error. */
import { Command, CommanderError } from "commander";
import { InputError } from "../errors.ts";
import { infoCommand } from "./info.ts";
import { version } from "./options.ts";
import { scoreCommand } from "./score.ts";
import { selectCommand } from "./select.ts";

const BAD_INPUT = 2;
const OUR_FAULT = 1;

const program = new Command("poolwise")
  .description("Tells which of your million unlabelled rows to label next.")
  .version(version)
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .configureOutput({ writeErr: () => {} });
for (const command of [infoCommand(), scoreCommand(), selectCommand()]) {
  program.addCommand(command.exitOverride().configureOutput({ writeErr: () => {} }));
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** One line on standard error, and the exit status that goes with it. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code === "commander.help") {
      process.stderr.write(program.helpInformation());
      return BAD_INPUT;
    }
    const command =
      process.argv[2] && program.commands.some((c) => c.name() === process.argv[2]) ? ` ${process.argv[2]}` : "";
    const message = error.message.replace(/^error: /, "").replace(/\n/g, " ");
    process.stderr.write(`poolwise: ${message}: see poolwise${command} --help\n`);
    return BAD_INPUT;
  }
  if (error instanceof InputError) {
    process.stderr.write(`poolwise: ${error.message}\n`);
    return BAD_INPUT;
  }
  process.stderr.write(
    `poolwise: this is our fault, please report it: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return OUR_FAULT;
}
