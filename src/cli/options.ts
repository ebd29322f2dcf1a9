/** The options that commands share, and how their texts become values. */
import { createRequire } from "node:module";
import { type Command, type Help, Option } from "commander";
import { powerOfTen, powerOfTwo } from "../elementary.ts";
import { MOST_THREADS } from "../engine.ts";
import { InputError } from "../errors.ts";
import { MOST_DROPOUT } from "../head.ts";
import { MOST_PASSES, type ScoreOptions } from "../options.ts";
import { strategies } from "../scores/index.ts";
import type { MemoryBudget } from "../memory.ts";
import type { Need } from "../strategy.ts";

export const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };

export interface CommonOptions {
  backend: "auto" | "cpu" | "webgpu";
  threads?: number;
  json?: boolean;
  quiet?: boolean;
}

export interface PassArguments extends CommonOptions {
  memory?: MemoryBudget;
  kind?: "logits" | "probabilities";
  features?: string;
  model?: string;
  temperature: number;
  seed: number;
  passes?: number;
  dropout?: number;
  eglLayers?: "all" | "last";
  invalid: "error" | "skip";
}

const ofCpu = "threads of the cpu backend (default: as many as there are cores)";

/** Adds the options that every command has. */
export function withCommonOptions(command: Command, threads = ofCpu): Command {
  return withEngineOptions(command, "auto takes a real GPU if there is one, never a software one", threads)
    .option("--json", "machine-readable report on standard output")
    .option("--quiet", "no progress and no summary on standard error");
}

/** Adds what computes. */
export function withEngineOptions(command: Command, backend: string, threads = ofCpu): Command {
  return command
    .addOption(new Option("--backend <name>", backend).choices(["auto", "cpu", "webgpu"]).default("auto"))
    .option("--threads <n>", threads, wholeNumber("--threads", 1, MOST_THREADS));
}

/** Adds how much memory the work may take. */
export const withMemoryOption = (command: Command): Command =>
  command.option(
    "--memory <sizes>",
    "most to take of memory, as 400M; of a device as well, as 2G,8G, or of that alone, as ,8G",
    memoryBudget,
  );

/** Adds the pool that a command reads, by predictions or by features under a head. */
export function withPoolOptions(command: Command): Command {
  return command
    .argument(
      "[predictions...]",
      "logits or probabilities: [rows, classes], or [passes, rows, classes] of a committee, or one file for each of its members; .npy, .npz, .parquet, .csv, .jsonl, .arrow, at a path or an http(s) address; a pattern in quotes ('part-*.npy') is one pool",
    )
    .optionsGroup("The pool:")
    .addOption(
      new Option("--kind <kind>", "what PREDICTIONS hold (default: logits)").choices(["logits", "probabilities"]),
    )
    .option("--features <file>", "in place of PREDICTIONS: features [rows, dims], read by --model")
    .option(
      "--columns <names>",
      "of a table, with commas between (default: all with numbers but row); pool.parquet:a,b does the same of any file",
      (text) => text.split(",").map((name) => name.trim()),
    )
    .option("--model <file>", "head for --features, of any number of dense layers: .safetensors or .npz")
    .addOption(
      new Option("--invalid <policy>", "rows with NaN or infinity: stop, or leave them out")
        .choices(["error", "skip"])
        .default("error"),
    );
}

/** Adds how scores are made, and tells which strategies there are. */
export function withScoreOptions(command: Command): Command {
  return command
    .option("--temperature <t>", "divides logits before the softmax", finiteNumber("--temperature"), 1)
    .option(
      "--passes <t>",
      "forward passes of MC dropout through --model (default: 1, without dropout)",
      wholeNumber("--passes", 1, MOST_PASSES),
    )
    .option(
      "--dropout <p>",
      "share of hidden units that each pass leaves out (default: the rate that --model was trained with, if it says)",
      finiteNumber("--dropout", 0, MOST_DROPOUT),
    )
    .addOption(
      new Option("--egl-layers <which>", "layers of --model whose gradients egl counts (default: all)").choices([
        "all",
        "last",
      ]),
    )
    .option("--seed <n>", "fixes all that is random", wholeNumber("--seed", 0), 0)
    .addHelpText("after", () => `\n${strategiesByNeed(command.createHelp())}`);
}

/** What a pool is asked for. */
export const scoreOptions = ({ temperature, seed, passes, dropout, eglLayers }: PassArguments): ScoreOptions => ({
  temperature,
  seed,
  passes,
  dropout,
  eglLayers,
});

/** What strategies work from, for people. */
const NEEDS: readonly (readonly [what: string, is: (need: Need | undefined) => boolean])[] = [
  ["any pool", (need) => need === undefined],
  ["several passes", (need) => need !== undefined && need !== "gradients"],
  ["a head", (need) => need === "gradients"],
];

function strategiesByNeed(help: Help): string {
  const groups = NEEDS.map(([what, is]) => {
    const names = strategies.filter(({ needs }) => is(needs)).map(({ name }) => name);
    return help.formatItem(what, "several passes".length, names.join(", "), help);
  });
  return ["Strategies, by what they need (poolwise info says what each measures):", ...groups].join("\n");
}

const UNITS = ["", "k", "m", "g", "t"];

/** "400M" (or "400MiB") of memory here, "2G,8G": of a device, too, ",8G": of that alone. */
function memoryBudget(text: string): MemoryBudget {
  const sizes = text.split(",").map((size) => {
    const [, number, unit, binary] = /^(\d+(?:\.\d+)?)(?:([kmgt])(i)?)?b?$/i.exec(size.trim()) ?? [];
    if (number === undefined) return size.trim() === "" ? undefined : NaN;
    const thousands = UNITS.indexOf((unit ?? "").toLowerCase());
    return Number(number) * (binary ? powerOfTwo(10 * thousands) : powerOfTen(3 * thousands));
  });
  if (sizes.length > 2 || sizes.every((size) => size === undefined) || sizes.some((size) => !((size ?? 1) >= 1)))
    throw new InputError(`--memory must be a size as 400M or 2G, or two of them, for a device as well, got "${text}"`);
  const [host, device] = sizes;
  return { host, device };
}

export function wholeNumber(flag: string, least: number, most = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < least || value > most) {
      const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
      throw new InputError(`${flag} must be a whole number ${range}, got "${text}"`);
    }
    return value;
  };
}

export function finiteNumber(flag: string, least = -Infinity, most = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < least || value > most) {
      const range = most === Infinity ? "" : ` from ${least} to ${most}`;
      throw new InputError(`${flag} must be a number${range}, got "${text}"`);
    }
    return value;
  };
}
