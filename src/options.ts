/** What a call may ask of a pool: the options, their defaults, and whether the pool has what they need. */
import { passesIn, type GradientLayers, type PassOptions, type PoolInput } from "./backends/backend.ts";
import type { BatchOptions, BatchRule } from "./batches/batch.ts";
import { metricNames, type Metric } from "./distance.ts";
import { InputError } from "./errors.ts";
import { MOST_DROPOUT } from "./head.ts";
import { Pace, type Progress } from "./pace.ts";
import { checkSeed } from "./random.ts";
import { strategyOf, type StrategyName } from "./scores/index.ts";
import type { Strategy } from "./strategy.ts";

export interface ScoreOptions {
  /** Divides logits before the softmax; of probabilities, the power 1/temperature. Default 1. */
  temperature?: number;
  /** Whole number below 2³² that fixes all that is random. Default 0. */
  seed?: number;
  /** Forward passes of MC dropout through a head with hidden layers. Default 1: no dropout. */
  passes?: number;
  /** Share of hidden units that a pass leaves out, from 0 to 0.999. Default: the rate the head was trained with. */
  dropout?: number;
  /** Gradients that `egl` counts: of all layers of the head, or of the last alone. Default `all`. */
  eglLayers?: GradientLayers;
  /** Told now and then how far the work is, stage by stage; each ends with all of its rows done. */
  onProgress?: (progress: Progress) => void;
  /** Ends the work with the signal's reason. */
  signal?: AbortSignal;
}

export interface SelectOptions extends ScoreOptions {
  /** Rows to pick: at least 1, at most the rows left. */
  k: number;
  /** What is ranked. Default `entropy`; a pool of scores has no strategy. */
  strategy?: StrategyName;
  /** Rows that have a label already: never picked. */
  labelled?: Iterable<number>;
  /** What scores weigh beside distances for `hybrid`, from 0 to 1. Default 0.5. */
  alpha?: number;
  /** How distances are measured. Default `euclidean`. */
  metric?: Metric;
  /** Scores are multiplied with the density of the pool around their row, to this power, at least 0. Default 0: they are not. */
  density?: number;
  /** With this probability a pick is a uniform draw among the rows left instead; it says so. Default 0. */
  epsilon?: number;
  /** Of `power`: the smaller, the nearer to the highest scores. Default 1. */
  powerTemperature?: number;
}

/** Passes are numbered in float32 on a device, exactly up to here. */
export const MOST_PASSES = 2 ** 20;

/** Of density: past it, all but the densest rows have a weight of nothing. */
const MOST_DENSITY = 100;

/** What a rule is asked for, checked, and how distances are measured. */
export function batchOptions(
  { k, alpha = 0.5, powerTemperature = 1, metric = "euclidean", epsilon = 0, density = 0 }: SelectOptions,
  { seed }: Pick<PassOptions, "seed">,
): BatchOptions & { metric: Metric; epsilon: number; density: number } {
  if (!Number.isInteger(k) || k < 1) throw new InputError(`k must be a whole number of at least 1, got ${k}`);
  if (!(alpha >= 0 && alpha <= 1)) throw new InputError(`alpha must be between 0 and 1, got ${alpha}`);
  if (!(powerTemperature >= 1e-6 && powerTemperature <= 1e6))
    throw new InputError(`powerTemperature must be between 1e-6 and 1e6, got ${powerTemperature}`);
  if (!metricNames.includes(metric))
    throw new InputError(`unknown metric "${String(metric)}": known are ${metricNames.join(", ")}`);
  if (!(epsilon >= 0 && epsilon <= 1)) throw new InputError(`epsilon must be between 0 and 1, got ${epsilon}`);
  if (!(density >= 0 && density <= MOST_DENSITY))
    throw new InputError(`density must be a power between 0 and ${MOST_DENSITY}, got ${density}`);
  return { k, seed, alpha, powerTemperature, metric, epsilon, density };
}

/** The strategy that a rule ranks by, if the pool is not of scores or of embeddings alone. */
export function strategyFor(
  input: PoolInput,
  rule: BatchRule,
  asked: string | undefined,
  pass: PassOptions,
): Strategy<StrategyName> | undefined {
  const { kind, source } = input;
  checkNeeds(input, rule);
  if (rule.strategy && asked && asked !== rule.strategy)
    throw new InputError(`${rule.name} works from ${rule.strategy}: leave the strategy out`);
  if (kind !== "scores" && kind !== "embeddings")
    return checkedStrategy(input, asked ?? rule.strategy ?? "entropy", pass);
  if (asked === undefined) return undefined;
  if (kind === "embeddings")
    throw new InputError(`${source.name}: embeddings have no scores: leave the strategy out, or load predictions`);
  throw new InputError(`${source.name}: holds scores already; leave the strategy out`);
}

/** Refuses a strategy that has nothing to work on here: its scores would all be 0, and its picks rows 0, 1, 2, … */
export function checkedStrategy(input: PoolInput, name: string, pass: PassOptions): Strategy<StrategyName> {
  const { source, head } = input;
  const strategy = strategyOf(name);
  if (strategy.needs === "gradients") {
    if (head) return strategy;
    throw new InputError(`${source.name}: ${strategy.name} needs the gradients of a head: load features with a head`);
  }
  if (strategy.needs === undefined || passesIn(input, pass) > 1) return strategy;
  const remedy = head ? "give passes and dropout" : "give predictions [passes, rows, classes], or several members";
  throw new InputError(`${source.name}: ${strategy.name} compares passes, and there is only one: ${remedy}`);
}

/** Refuses a rule that the pool has nothing to work on for. */
function checkNeeds({ kind, source, embeddings, features }: PoolInput, { name, needs }: BatchRule): void {
  const isHeadless = kind === "embeddings" && features !== undefined;
  if (isHeadless && (needs.includes("scores") || needs.includes("predictions")))
    throw new InputError(
      `${features.name}: ${name} needs scores, and there is no model yet: give the pool a head (use)`,
    );
  if (needs.includes("scores") && kind === "embeddings")
    throw new InputError(
      `${source.name}: ${name} ranks by scores, and embeddings have none: load predictions, features with a head, or scores beside them`,
    );
  if (needs.includes("predictions") && (kind === "embeddings" || kind === "scores"))
    throw new InputError(
      `${source.name}: ${name} works from what the model predicts: load predictions, or features with a head`,
    );
  if (needs.includes("embeddings") && !embeddings)
    throw new InputError(`${source.name}: ${name} measures distances: load embeddings beside it`);
}

/** Refuses to weigh scores by density where there are none, or nothing to measure it on. */
export function checkDensity({ source, embeddings, kind }: PoolInput, { name, needs }: BatchRule): void {
  if (!needs.includes("scores") || kind === "embeddings")
    throw new InputError(`${source.name}: density weighs scores, and ${name} does not go by them: leave it out`);
  if (!embeddings) throw new InputError(`${source.name}: density measures distances: load embeddings beside it`);
}

/** How a pass over the pool is made, checked; `closing` ends it as the caller's signal does. */
export function passOptions(input: PoolInput, options: ScoreOptions, closing?: AbortSignal): PassOptions {
  if (options === null || typeof options !== "object")
    throw new InputError(`options must be an object, got ${String(options)}`);
  const { temperature = 1, seed = 0, eglLayers = "all", onProgress, signal } = options;
  if (!(temperature >= 1e-6 && temperature <= 1e6)) {
    throw new InputError(`temperature must be between 1e-6 and 1e6, got ${temperature}`);
  }
  checkSeed(seed);
  if (eglLayers !== "all" && eglLayers !== "last")
    throw new InputError(`eglLayers must be all or last, got ${String(eglLayers)}`);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new InputError(`signal must be an AbortSignal, got ${String(signal)}`);
  const sampling = dropoutOptions(input, options);
  signal?.throwIfAborted();
  const pace = new Pace(signal && closing ? AbortSignal.any([signal, closing]) : (signal ?? closing), onProgress);
  return {
    temperature,
    seed,
    ...sampling,
    eglLayers,
    pace,
    onProgress: (rows) => pace.tell({ stage: "scoring", rows, of: input.source.rows }),
  };
}

function dropoutOptions(
  { head }: PoolInput,
  { passes = 1, dropout }: ScoreOptions,
): { passes: number; dropout: number } {
  if (!Number.isInteger(passes) || passes < 1 || passes > MOST_PASSES)
    throw new InputError(`passes must be a whole number from 1 to ${MOST_PASSES}, got ${passes}`);
  if (dropout !== undefined && !(dropout >= 0 && dropout <= MOST_DROPOUT))
    throw new InputError(`dropout must be between 0 and ${MOST_DROPOUT}, got ${dropout}`);
  const asked = passes > 1 || dropout !== undefined;
  if (asked && !head) throw new InputError("passes and dropout need features with a head: predictions have theirs");
  if (passes === 1) {
    if (dropout) throw new InputError("dropout needs more than one pass: say how many passes");
    return { passes, dropout: 0 };
  }
  if (head?.layers.length === 1)
    throw new InputError(`${head.name ?? "head"}: dropout needs a hidden layer, and the head has none`);
  const rate = dropout ?? head?.dropout;
  if (rate === undefined) throw new InputError(`${passes} passes need dropout: say its rate`);
  return { passes, dropout: rate };
}
