/** The options that commands share, and how their texts become values. */
import { createRequire } from "node:module";
import { Command, Option } from "commander";
import { InputError } from "../errors.ts";

export const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };

export interface CommonOptions {
  backend: "auto" | "cpu" | "webgpu";
  threads?: number;
  json?: boolean;
  quiet?: boolean;
}

export interface PassArguments extends CommonOptions {
  kind?: "logits" | "probabilities";
  features?: string;
  model?: string;
  temperature: number;
  seed: number;
  invalid: "error" | "skip";
}

/** A command with the options that every command has. */
export function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(
      new Option("--backend <name>", "auto takes a real GPU if there is one, never a software one")
        .choices(["auto", "cpu", "webgpu"])
        .default("auto"),
    )
    .option("--threads <n>", "threads of the cpu backend; this version uses one", wholeNumber("--threads", 1))
    .option("--json", "machine-readable report on standard output")
    .option("--quiet", "no progress and no summary on standard error");
}

/** Adds what every pass over a pool takes. */
export function withPassOptions(base: Command): Command {
  return base
    .addOption(
      new Option("--kind <kind>", "what PREDICTIONS holds (default: logits)").choices(["logits", "probabilities"]),
    )
    .option("--features <file>", "features [rows, dims], scored by --model in place of PREDICTIONS")
    .option("--model <file>", "head for --features: .safetensors or .npz")
    .option("--temperature <t>", "divides logits before the softmax", finiteNumber("--temperature"), 1)
    .option("--seed <n>", "fixes all that is random", wholeNumber("--seed", 0), 0)
    .addOption(
      new Option("--invalid <policy>", "rows with NaN or infinity: stop, or leave them out")
        .choices(["error", "skip"])
        .default("error"),
    );
}

export function wholeNumber(flag: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < least) {
      throw new InputError(`${flag} must be a whole number of at least ${least}, got "${text}"`);
    }
    return value;
  };
}

function finiteNumber(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) throw new InputError(`${flag} must be a number, got "${text}"`);
    return value;
  };
}
