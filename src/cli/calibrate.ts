/** `poolwise calibrate`: the temperature that makes a model as sure as it is right. */
import { Command, Option } from "commander";
import pc from "picocolors";
import { log } from "../elementary.ts";
import { InputError } from "../errors.ts";
import { readLabels } from "../files/index.ts";
import { SUM_TOLERANCE } from "../backends/cpu/reference.ts";
import { passesOf, type RowSource } from "../matrix.ts";
import { fitTemperature, isAtTheEnd } from "../remedies/calibration.ts";
import { openPredictions } from "./input.ts";
import { type CommonOptions, withCommonOptions } from "./options.ts";
import { say } from "./progress.ts";

interface CalibrateArguments extends CommonOptions {
  labels: string;
  kind: "logits" | "probabilities";
}

export function calibrateCommand(): Command {
  const command = new Command("calibrate")
    .description(
      "Find the temperature that makes a model as sure as it is right, on rows with a label that it has not learnt from.",
    )
    .argument("<predictions...>", "logits or probabilities of these rows, as for select")
    .requiredOption("--labels <file>", "class of each row: .npy integers, or the label column of .csv, .jsonl or .json")
    .addOption(
      new Option("--kind <kind>", "what PREDICTIONS hold").choices(["logits", "probabilities"]).default("logits"),
    );
  return withCommonOptions(command, "taken as elsewhere; this is work for one").action(calibrate);
}

async function calibrate(paths: string[], { labels: path, kind, json, quiet }: CalibrateArguments): Promise<void> {
  const source = await openPredictions(paths);
  try {
    const labels = await readLabels(path);
    if (labels.length !== source.rows)
      throw new InputError(
        `${path}: ${labels.length} labels for the ${source.rows} rows of ${source.name}: give one for each`,
      );
    const found = fitTemperature(await logitsOf(source, kind), labels);
    if (json) {
      console.log(JSON.stringify(found));
      return;
    }
    const { temperature, before, after, rows } = found;
    const line = (what: string, { nll, ece }: typeof before) =>
      `${what.padEnd(16)}NLL ${nll.toFixed(5)} nats, ECE ${(100 * ece).toFixed(2)} %`;
    console.log(`${pc.bold("temperature".padEnd(16))}${temperature.toPrecision(8)}, by ${rows} rows`);
    console.log(line("before", before));
    console.log(line("after", after));
    if (isAtTheEnd(temperature))
      say("the loss falls all the way to the end of the range: do these labels belong to these rows?", quiet);
  } finally {
    await source.close?.();
  }
}

async function logitsOf(source: RowSource, kind: "logits" | "probabilities") {
  const { rows, cols: classes } = source;
  const passes = passesOf(source);
  const data = new Float32Array(passes * rows * classes);
  await source.read(0, rows, data);
  if (kind === "logits") return { data, passes, rows, classes };
  for (let at = 0; at < data.length; at += classes) {
    let sum = 0;
    for (let c = at; c < at + classes; c++) {
      if (!(data[c] >= 0 && data[c] <= 1 + SUM_TOLERANCE))
        throw new InputError(
          `${source.name}: row ${(at / classes) % rows}: class ${c - at} has probability ${data[c]}: correct it, or leave out --kind`,
        );
      sum += data[c];
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE)
      throw new InputError(
        `${source.name}: row ${(at / classes) % rows}: probabilities sum to ${sum}, not to 1: correct them, or leave out --kind`,
      );
  }
  return { data: data.map(log), passes, rows, classes };
}
