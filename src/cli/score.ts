/** `poolwise score`: one number a row, for one strategy or several in one read. */
import { Command } from "commander";
import { openEngine } from "../engine.ts";
import { InputError } from "../errors.ts";
import { checkOutput, scoreFormats, writeScoreBlocks, type TellScores } from "../files/index.ts";
import type { ScoreOptions } from "../options.ts";
import type { Pool } from "../pool.ts";
import type { ScoreSummary } from "../results.ts";
import { strategyOf, type StrategyName } from "../scores/index.ts";
import { stopSignal } from "./interrupt.ts";
import { checkApart, openInput, type NamedInput } from "./input.ts";
import { scoreOptions, withCommonOptions, withMemoryOption, withPoolOptions, withScoreOptions } from "./options.ts";
import { byPasses, count, progressLine, sampledBy, say, sayNeeds, seconds } from "./progress.ts";

interface ScoreArguments extends NamedInput {
  strategy: string;
  out: string;
}

export function scoreCommand(): Command {
  const command = new Command("score").description("Score every row of a pool: higher means ask first.");
  withPoolOptions(command);
  command
    .optionsGroup("The scores:")
    .requiredOption("--strategy <names>", "one or more of those below, with commas between");
  withScoreOptions(command);
  command
    .optionsGroup("Options:")
    .requiredOption("--out <file>", `where scores go: ${scoreFormats.join(", ")}, or - for standard output`);
  return withCommonOptions(withMemoryOption(command)).action((predictions: string[], options: ScoreArguments) =>
    score({ ...options, predictions }),
  );
}

async function score(args: ScoreArguments): Promise<void> {
  const { out, quiet, json, invalid, memory } = args;
  const names = args.strategy.split(",").map((name) => strategyOf(name.trim()).name);
  if (new Set(names).size < names.length) throw new InputError(`--strategy ${args.strategy}: names one of them twice`);
  await checkOutput(out, scoreFormats);
  await checkApart(out, ...args.predictions, args.features, args.model);
  const input = await openInput(args, "score");
  try {
    await using engine = await openEngine({ backend: args.backend, threads: args.threads, memory });
    const pool = await engine.load({ ...input.data, invalid });
    // What is piped on comes whole or not at all, as a file does.
    const inBlocks = out !== "-";
    const needs = pool.memoryFor({ strategies: names, inBlocks });
    sayNeeds(needs, memory, quiet);
    const progress = progressLine(quiet);
    const options = { ...scoreOptions(args), onProgress: progress.update, signal: stopSignal };
    const started = performance.now();
    let writing = 0;
    let leftOut = 0;
    const fill = async (tell: TellScores): Promise<void> => {
      const timed: TellScores = async (first, scores) => {
        const since = performance.now();
        await tell(first, scores);
        writing += performance.now() - since;
      };
      const work = inBlocks ? pool.scoreBlocks(names, timed, options) : scoreAtOnce(pool, names, timed, options);
      leftOut = await work.finally(progress.clear).then(({ invalid: rows }) => rows);
    };
    await writeScoreBlocks(out, names, input.rows, fill, { json, signal: stopSignal });
    const took = (performance.now() - started - writing) / 1000;
    const sampled = sampledBy(names, input.sampled);
    const report = {
      rows: input.rows,
      ...sampled,
      strategies: names,
      backend: engine.backend,
      adapter: engine.adapter,
      seconds: took,
      invalid: leftOut,
      memory: needs,
      out,
    };
    if (json && out !== "-") console.log(JSON.stringify(report));
    else
      say(
        `${count(input.rows)} rows × ${input.width} scored${byPasses(sampled)} in ${seconds(took)} on ${engine.backend} (${engine.adapter})` +
          `${leftOut > 0 ? `, ${count(leftOut)} invalid rows left out` : ""}${out === "-" ? "" : ` → ${out}`}`,
        quiet,
      );
  } finally {
    await input.close();
  }
}

async function scoreAtOnce(
  pool: Pool,
  names: readonly StrategyName[],
  tell: TellScores,
  options: ScoreOptions,
): Promise<ScoreSummary> {
  const scores = await pool.score(names, options);
  await tell(
    0,
    scores.map(({ values }) => values),
  );
  return scores[0];
}
