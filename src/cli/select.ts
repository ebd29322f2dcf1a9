/** `poolwise select`: the k rows to label next. */
import { Command, Option } from "commander";
import { batchNames, batchOf } from "../batches/index.ts";
import { openEngine } from "../engine.ts";
import { metricNames, type Metric } from "../distance.ts";
import { InputError } from "../errors.ts";
import { checkOutput, pickFormats, readRows, rowFormats, writePicks } from "../files/index.ts";
import { pointStorages, type PointStorage } from "../vectors.ts";
import { strategyOf } from "../scores/index.ts";
import { stopSignal } from "./interrupt.ts";
import { checkApart, openInput, type NamedInput } from "./input.ts";
import {
  finiteNumber,
  scoreOptions,
  wholeNumber,
  withCommonOptions,
  withMemoryOption,
  withPoolOptions,
  withScoreOptions,
} from "./options.ts";
import { byPasses, count, progressLine, sampledBy, say, sayNeeds, seconds } from "./progress.ts";

interface SelectArguments extends NamedInput {
  strategy?: string;
  batch: string;
  labelled?: string;
  alpha: number;
  metric: Metric;
  powerTemperature: number;
  epsilon: number;
  density: number;
  storage?: PointStorage;
  k: number;
  out: string;
}

export function selectCommand(): Command {
  const command = new Command("select").description("Pick the k rows to label next.");
  withPoolOptions(command);
  command
    .option("--scores <file>", "in place of PREDICTIONS: scores made before, [rows]")
    .option(
      "--embeddings <file>",
      "what distances are measured on, [rows, dims], beside any of these or alone (default: --features)",
    )
    .option(
      "--labelled <file>",
      `rows that have a label, never picked; a file of picks will do: ${rowFormats.join(", ")}`,
    )
    .optionsGroup("The scores:")
    .option("--strategy <name>", "one of those below (default: entropy)");
  withScoreOptions(command);
  command
    .optionsGroup("The picks:")
    .option("--batch <name>", `one of ${batchNames.join(", ")} (poolwise info says what each picks)`, "top-k")
    .option("--alpha <a>", "what scores weigh beside distances in hybrid, 0 to 1", finiteNumber("--alpha", 0, 1), 0.5)
    .addOption(new Option("--metric <name>", "how distances are measured").choices(metricNames).default("euclidean"))
    .option(
      "--power-temperature <t>",
      "of power: small for nearly the highest scores, large for nearly any row",
      finiteNumber("--power-temperature", 1e-6, 1e6),
      1,
    )
    .option(
      "--density <beta>",
      "scores are multiplied with the density of the pool around their row, to this power",
      finiteNumber("--density", 0, 100),
      0,
    )
    .option(
      "--epsilon <e>",
      "probability, 0 to 1, that a pick is drawn among all rows left instead; the picks say which",
      finiteNumber("--epsilon", 0, 1),
      0,
    )
    .addOption(
      new Option("--storage <type>", "how a device keeps embeddings; picks are the same (default: float32)").choices(
        pointStorages,
      ),
    )
    .requiredOption("-k <n>", "rows to pick", wholeNumber("-k", 1))
    .requiredOption("--out <file>", `where picks go: ${pickFormats.join(", ")}, or - for standard output`)
    .optionsGroup("Options:");
  return withCommonOptions(withMemoryOption(command)).action((predictions: string[], options: SelectArguments) =>
    select({ ...options, predictions }),
  );
}

async function select(args: SelectArguments): Promise<void> {
  const { out, quiet, json, invalid, memory, storage, k, alpha, metric, powerTemperature, epsilon, density } = args;
  const strategy = args.strategy === undefined ? undefined : strategyOf(args.strategy).name;
  const rule = batchOf(args.batch).name;
  if (strategy && args.scores)
    throw new InputError("--strategy and --scores are both given: scores are ranked as they are");
  await checkOutput(out, pickFormats);
  await checkApart(out, ...args.predictions, args.features, args.model, args.scores, args.embeddings, args.labelled);
  const input = await openInput(args, "select");
  try {
    const labelled = args.labelled === undefined ? [] : await readLabelled(args.labelled, input.rows);
    await using engine = await openEngine({ backend: args.backend, threads: args.threads, memory });
    const pool = await engine.load({ ...input.data, invalid, storage });
    const needs = pool.memoryFor({ batch: rule, density: density > 0 });
    sayNeeds(needs, memory, quiet);
    const started = performance.now();
    const progress = progressLine(quiet);
    const batch = await pool
      .select(rule, {
        ...scoreOptions(args),
        k,
        strategy,
        labelled,
        alpha,
        metric,
        powerTemperature,
        epsilon,
        density,
        onProgress: progress.update,
        signal: stopSignal,
      })
      .finally(progress.clear);
    const took = (performance.now() - started) / 1000;
    const { timings: _, picks, ...rest } = batch;
    const sampled = sampledBy(strategy === undefined ? [] : [strategy], input.sampled);
    const result = { ...rest, ...sampled };
    await writePicks(out, { ...result, picks: picks.map((pick) => ({ ...pick, ...input.origin?.(pick.row) })) });
    if (json && out !== "-")
      console.log(
        JSON.stringify({ ...result, k: picks.length, memory: needs, adapter: engine.adapter, seconds: took, out }),
      );
    else
      say(
        `${count(k)} of ${count(input.rows)} rows picked${byPasses(sampled)} in ${seconds(took)} on ${engine.backend} (${engine.adapter})` +
          `${batch.embeddings?.device === "streamed" ? ", embeddings brought to the device by the sweep" : ""}${batch.invalid > 0 ? `, ${count(batch.invalid)} invalid rows left out` : ""}${out === "-" ? "" : ` → ${out}`}`,
        quiet,
      );
  } finally {
    await input.close();
  }
}

async function readLabelled(path: string, rows: number): Promise<Uint32Array> {
  const labelled = await readRows(path);
  const outside = labelled.find((row) => row >= rows);
  if (outside !== undefined)
    throw new InputError(`${path}: row ${outside} is not in the pool: its rows are 0 to ${rows - 1}`);
  return labelled;
}
