/** `poolwise simulate`: what each way of asking would have learnt, on a set whose labels are known. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import pc from "picocolors";
import { batchNames, batchOf } from "../../batches/index.ts";
import { metricNames, type Metric } from "../../distance.ts";
import { openEngine } from "../../engine.ts";
import { InputError } from "../../errors.ts";
import { fingerprint } from "../../fingerprint.ts";
import { readLabels, writeFileWhole } from "../../files/index.ts";
import { runsOf, settingsOf, type RunResult, type SimulationPlan, type Truth } from "../../loop/simulate.ts";
import { summarise, TARGETS, type Summary } from "../../loop/summary.ts";
import { openRows } from "../input.ts";
import { stopSignal } from "../interrupt.ts";
import { type CommonOptions, finiteNumber, version, wholeNumber, withCommonOptions } from "../options.ts";
import { say, seconds } from "../progress.ts";
import { datasetNames, openDataset, type Dataset, type DatasetName } from "./datasets.ts";
import { reportPage } from "./report.ts";
import { openRuns, runMissing } from "./runs.ts";

interface SimulateArguments extends CommonOptions {
  features?: string;
  labels?: string;
  dataset?: DatasetName;
  strategies: string;
  batch: string;
  model: SimulationPlan["model"];
  hidden?: string;
  epochs?: number;
  passes?: number;
  dropout?: number;
  alpha?: number;
  metric?: Metric;
  epsilon?: number;
  density?: number;
  calibrate?: number;
  testShare: number;
  k: number;
  rounds: number;
  seeds: number;
  out: string;
}

export function simulateCommand(): Command {
  const command = new Command("simulate")
    .description(
      "Run strategies on a set whose labels are known, beside random, and write what each learns from how many labels.",
    )
    .optionsGroup("The set:")
    .option("--features <file>", "features [rows, dims]")
    .option("--labels <file>", "class of each row: .npy integers, or the label column of .csv, .jsonl or .json")
    .addOption(
      new Option("--dataset <name>", "in place of both: a known set, from a package of its own").choices(datasetNames),
    )
    .option(
      "--test-share <s>",
      "share of the rows that accuracy is measured on",
      finiteNumber("--test-share", 0.01, 0.9),
      0.3,
    )
    .optionsGroup("The model:")
    .addOption(
      new Option("--model <name>", "what is trained").choices(["logistic", "mlp", "committee"]).default("logistic"),
    )
    .option("--hidden <units>", "hidden layers of the mlp, with commas between (default: 128)")
    .option("--epochs <n>", "of the mlp, at most", wholeNumber("--epochs", 1))
    .option("--dropout <p>", "rate of dropout of the mlp", finiteNumber("--dropout", 0, 0.999))
    .option("--passes <t>", "forward passes for strategies that compare them", wholeNumber("--passes", 1))
    .option(
      "--calibrate <s>",
      "share of the labels that the temperature is set by",
      finiteNumber("--calibrate", 0, 0.9),
    )
    .optionsGroup("The asking:")
    .requiredOption("--strategies <names>", "with commas between; also eer and eer-lookahead; random is always there")
    .option("--batch <names>", `batch rules for each strategy, with commas between: ${batchNames.join(", ")}`, "top-k")
    .option("--alpha <a>", "of hybrid", finiteNumber("--alpha", 0, 1))
    .addOption(new Option("--metric <name>", "how distances are measured").choices(metricNames))
    .option("--epsilon <e>", "probability that a pick is drawn by lot", finiteNumber("--epsilon", 0, 1))
    .option("--density <beta>", "power of the density that scores are weighed with", finiteNumber("--density", 0, 100))
    .requiredOption("-k <n>", "rows a round", wholeNumber("-k", 1))
    .requiredOption("--rounds <n>", "rounds of asking", wholeNumber("--rounds", 1))
    .option("--seeds <n>", "runs of each", wholeNumber("--seeds", 1), 5)
    .requiredOption(
      "--out <folder>",
      "where curves and the report go; one that was stopped goes on there, also with more seeds or strategies",
    )
    .optionsGroup("Options:");
  return withCommonOptions(command, "runs at a time on the cpu (default: as many as there are cores)").action(
    simulateAll,
  );
}

async function simulateAll(args: SimulateArguments): Promise<void> {
  const { out, quiet, json, backend, threads = availableParallelism() } = args;
  const plan = planOf(args);
  const keys = runsOf(plan);
  const set = await openSet(args);
  checkPlan(plan, args, set);
  // Runs are shared out, not their passes.
  await using engine = await openEngine({ backend, threads: 1 });
  const { title, features } = set;
  const about = { version, set: title, rows: features.rows, dims: features.dims, print: fingerprintOf(set) };
  const folder = await openRuns(out, { ...settingsOf(plan), ...about }, keys);
  const before = folder.done.length;
  const started = performance.now();
  const counter = counterLine(keys.length, quiet);
  const asked = {
    engine,
    truth: { features, labels: set.labels, classes: set.classes },
    plan,
    keys,
    threads,
    signal: stopSignal,
  };
  const runs = await runMissing(folder, asked, counter.tell).finally(counter.clear);
  const summaries = summarise(runs);
  const write = (name: string, text: string): Promise<void> => writeFileWhole(join(out, name), (put) => put(text));
  await write("curves.json", `${JSON.stringify({ ...plan, ...about, summaries, runs }, undefined, 1)}\n`);
  await write("curves.csv", csvOf(runs));
  await write("report.html", reportPage(`poolwise simulate: ${title}`, plan, summaries, runs, set));
  if (json) console.log(JSON.stringify({ ...plan, ...about, summaries, out }));
  else for (const line of linesOf(summaries)) console.log(line);
  const there = before > 0 ? `, ${before} of them there already,` : "";
  say(
    `${keys.length} runs${there} in ${seconds((performance.now() - started) / 1000)} → ${join(out, "report.html")}`,
    quiet,
  );
}

/** Runs done, where a person is looking. */
function counterLine(of: number, quiet: boolean | undefined): { tell(done: number): void; clear(): void } {
  if (quiet || !process.stderr.isTTY) return { tell() {}, clear() {} };
  return {
    tell: (done) => void process.stderr.write(`\r\x1b[2K${pc.dim(`${done} of ${of} runs`)}`),
    clear: () => void process.stderr.write("\r\x1b[2K"),
  };
}

function planOf(args: SimulateArguments): SimulationPlan {
  const { model, epochs, passes, dropout, alpha, metric, epsilon, density, calibrate, testShare, k, rounds, seeds } =
    args;
  const hidden = namesIn("--hidden", args.hidden ?? "128").map((units) => wholeNumber("--hidden", 1)(units));
  return {
    strategies: args.strategies === "" ? [] : namesIn("--strategies", args.strategies),
    batches: namesIn("--batch", args.batch).map((name) => batchOf(name).name),
    model,
    ...(model === "mlp" && { hidden, epochs, dropout }),
    ...(passes !== undefined && { passes }),
    alpha,
    metric,
    epsilon,
    density,
    calibrate,
    testShare,
    k,
    rounds,
    seeds,
  };
}

/** Names with commas between, none of them twice. */
function namesIn(flag: string, text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined && flag !== "--hidden")
    throw new InputError(`${flag} ${text}: names ${twice || "nothing"} twice`);
  return names;
}

async function openSet({
  dataset,
  features,
  labels,
}: SimulateArguments): Promise<Truth & Partial<Dataset> & { title: string }> {
  if (dataset !== undefined) {
    if (features !== undefined || labels !== undefined)
      throw new InputError("--dataset stands in place of --features and --labels: name one or the other");
    return { ...openDataset(dataset), title: dataset };
  }
  if (features === undefined || labels === undefined)
    throw new InputError("nothing to learn from: give --features with --labels, or --dataset");
  const source = await openRows("--features", features, "[rows, dims]");
  try {
    const { rows, cols: dims } = source;
    const known = await readLabels(labels);
    if (known.length !== rows)
      throw new InputError(`${labels}: ${known.length} labels for the ${rows} rows of ${features}: give one for each`);
    const data = new Float32Array(rows * dims);
    await source.read(0, rows, data);
    const wrong = data.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0)
      throw new InputError(
        `${features}: row ${Math.floor(wrong / dims)}: column ${wrong % dims} is ${data[wrong]}: correct it`,
      );
    // Classes are those that are there, by whatever numbers they go.
    const classes = [...new Set(known)].sort((a, b) => a - b);
    const columns = new Map(classes.map((label, column) => [label, column]));
    const numbers = Uint32Array.from(known, (label) => columns.get(label)!);
    const names = classes.map(String);
    return { features: { data, rows, dims }, labels: numbers, classes: classes.length, names, title: features };
  } finally {
    await source.close?.();
  }
}

/** Refuses, before anything is run, what must fail in the middle, or would be left out without a word. */
function checkPlan(plan: SimulationPlan, args: SimulateArguments, { features, classes }: Truth): void {
  const { k, testShare, model, passes } = plan;
  const left = features.rows - Math.round(testShare * features.rows);
  if (k > left) throw new InputError(`-k ${k} is more than the ${left} rows that there are to ask for: ask for fewer`);
  if (classes < 2)
    throw new InputError("there is one class alone, and nothing to tell apart: give labels of two or more");
  for (const flag of ["hidden", "epochs", "dropout"] as const)
    if (args[flag] !== undefined && model !== "mlp")
      throw new InputError(`--${flag} is of --model mlp, and ${model} has none: leave it out`);
  if (passes !== undefined && model !== "mlp")
    throw new InputError(
      `--passes draws dropout in the hidden layers of --model mlp, and ${model} has none: leave it out`,
    );
}

/** What tells one set from another. */
function fingerprintOf({ features, labels }: Truth): string {
  const print = fingerprint();
  print.add(features.data);
  print.add(Uint32Array.from(labels));
  return print.digits();
}

function csvOf(runs: readonly RunResult[]): string {
  const lines = runs.flatMap(({ strategy, batch, seed, curve }) =>
    curve.map(({ labels, accuracy, macroF1, logLoss, fit, pick }) =>
      [strategy, batch, seed, labels, accuracy, macroF1, logLoss, fit, pick].join(),
    ),
  );
  return ["strategy,batch,seed,labels,accuracy,macro_f1,log_loss,fit_seconds,pick_seconds", ...lines, ""].join("\n");
}

/** A table for a terminal. */
function linesOf(summaries: readonly Summary[]): string[] {
  const rows = [
    ["strategy", "batch", "mean accuracy", ...TARGETS.map((share) => `labels to ${100 * share} %`)],
    ...summaries.map(({ strategy, batch, area, targets }) => [
      strategy,
      batch,
      area.low === undefined ? area.mean.toFixed(4) : `${area.mean.toFixed(4)} ± ${(area.mean - area.low).toFixed(4)}`,
      ...targets.map(({ reached, labels }) =>
        reached === 0 ? "never" : `${reached < labels.count ? "≥ " : ""}${Math.round(labels.mean)}`,
      ),
    ]),
  ];
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row, i) => {
    const line = row
      .map((cell, j) => cell.padEnd(widths[j]))
      .join("  ")
      .trimEnd();
    return i === 0 ? pc.bold(line) : line;
  });
}
