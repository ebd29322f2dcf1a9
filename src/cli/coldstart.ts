/** `poolwise coldstart`: a diverse seed set before there is any label. */
import { Command, Option } from "commander";
import { openEngine } from "../engine.ts";
import { checkOutput, pickFormats, writePicks } from "../files/index.ts";
import { metricNames, type Metric } from "../distance.ts";
import type { MemoryBudget } from "../memory.ts";
import { stopSignal } from "./interrupt.ts";
import { checkApart, openRows } from "./input.ts";
import { type CommonOptions, wholeNumber, withCommonOptions, withMemoryOption } from "./options.ts";
import { count, progressLine, say, sayNeeds, seconds } from "./progress.ts";

const methods = ["kmeans", "typiclust"] as const;

interface ColdStartArguments extends CommonOptions {
  memory?: MemoryBudget;
  embeddings: string;
  method: (typeof methods)[number];
  metric: Metric;
  seed: number;
  invalid: "error" | "skip";
  k: number;
  out: string;
}

export function coldStartCommand(): Command {
  const command = new Command("coldstart")
    .description("Pick the first k rows to label, before any label or model: diverse, and typical of the pool.")
    .requiredOption("--embeddings <file>", "what distances are measured on, [rows, dims]")
    .addOption(
      new Option("--method <name>", "the row nearest the centre of each of k clusters, or the most typical of each")
        .choices(methods)
        .default("kmeans"),
    )
    .addOption(new Option("--metric <name>", "how distances are measured").choices(metricNames).default("euclidean"))
    .addOption(
      new Option("--invalid <policy>", "rows with NaN or infinity: stop, or leave them out")
        .choices(["error", "skip"])
        .default("error"),
    )
    .option("--seed <n>", "fixes all that is random", wholeNumber("--seed", 0), 0)
    .requiredOption("-k <n>", "rows to pick", wholeNumber("-k", 1))
    .requiredOption("--out <file>", `where picks go: ${pickFormats.join(", ")}, or - for standard output`);
  return withCommonOptions(withMemoryOption(command)).action(coldStart);
}

async function coldStart(args: ColdStartArguments): Promise<void> {
  const { embeddings, method, metric, seed, invalid, k, out, quiet, json, backend, threads, memory } = args;
  await checkOutput(out, pickFormats);
  await checkApart(out, embeddings);
  const source = await openRows("--embeddings", embeddings, "[rows, dims]");
  try {
    await using engine = await openEngine({ backend, threads, memory });
    const pool = await engine.load({ embeddings: source, invalid });
    const needs = pool.memoryFor({ batch: method });
    sayNeeds(needs, memory, quiet);
    const started = performance.now();
    const progress = progressLine(quiet);
    const {
      timings: _,
      picks,
      ...rest
    } = await pool
      .select(method, { k, metric, seed, onProgress: progress.update, signal: stopSignal })
      .finally(progress.clear);
    const took = (performance.now() - started) / 1000;
    await writePicks(out, { ...rest, picks: picks.map((pick) => ({ ...pick, ...source.origin?.(pick.row) })) });
    if (json && out !== "-")
      console.log(
        JSON.stringify({ ...rest, k: picks.length, memory: needs, adapter: engine.adapter, seconds: took, out }),
      );
    else
      say(
        `${count(k)} of ${count(source.rows)} rows picked by ${method} in ${seconds(took)} on ${engine.backend} (${engine.adapter})` +
          `${rest.invalid > 0 ? `, ${count(rest.invalid)} invalid rows left out` : ""}${out === "-" ? "" : ` → ${out}`}`,
        quiet,
      );
  } finally {
    await source.close?.();
  }
}
