/** What a loop is asked to do, and the door for it. */
import type { PoolInput } from "../backends/backend.ts";
import { batchOf, type BatchName } from "../batches/index.ts";
import { InputError } from "../errors.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Head } from "../head.ts";
import { arraySource, type Features } from "../matrix.ts";
import { checkFeatures, checkLabels } from "../models/labelled.ts";
import { batchOptions, checkDensity, passOptions, type SelectOptions } from "../options.ts";
import type { Pool } from "../pool.ts";
import { checkSeed } from "../random.ts";
import { strategyOf } from "../scores/index.ts";
import type { Journal } from "./journal.ts";
import type { Model } from "./model.ts";
import { checkLabel, type Answer, type Oracle } from "./oracle.ts";
import type { Picker } from "./pick.ts";
import type { StopRule } from "./stopping.ts";

const starts = ["random", "kmeans", "typiclust", "k-center"] as const;

/** What a validation set is: rows with a label that no model is trained on. */
export interface Validation {
  readonly features: Features;
  readonly labels: ArrayLike<number>;
}

export interface LoopOptions extends Omit<SelectOptions, "k" | "labelled" | "seed" | "strategy" | "onProgress"> {
  /** Loaded from features. It stays where it is: a round brings new weights to it and takes picks from it. */
  readonly pool: Pool;
  readonly model: Model;
  readonly oracle: Oracle;
  /** Rows to ask for in a round. */
  readonly k: number;
  /** What is ranked, or something else that picks. Default `entropy`. */
  readonly strategy?: SelectOptions["strategy"] | Picker;
  /** Default `top-k`. */
  readonly batch?: BatchName;
  /** Classes there are; without it a class is known once it has been seen. */
  readonly classes?: number;
  /** What is known before anything is asked; a label of null is a row that is not to be asked for. */
  readonly labelled?: Iterable<Answer>;
  /** The first rows to ask for, where nothing is known: so many by lot, or by a rule that needs no scores. Default: k by lot. */
  readonly start?: { readonly k?: number; readonly by?: (typeof starts)[number] };
  /** What metrics are measured on. */
  readonly validation?: Validation;
  /**
   * Share of the labelled rows that is kept from training, to set the temperature by that scores are made with. Default
   * 0: temperature stays what it is.
   */
  readonly calibrate?: number;
  /** When to stop, beside the end of the pool. */
  readonly stop?: StopRule;
  /** Where everything is written down before it is acted on. Default: nowhere that outlives the process. */
  readonly journal?: Journal;
  /** Of all that is drawn. Default 0. */
  readonly seed?: number;
  /** Ends the loop with the signal's reason, also while an oracle is at work. */
  readonly signal?: AbortSignal;
}

/** What picks depend on, beside the pool and the answers: a journal is of one loop. */
export function settingsOf(options: LoopOptions, known: readonly Answer[]): Record<string, unknown> {
  const { strategy = "entropy", batch = "top-k", k, seed = 0, start, classes, calibrate } = options;
  const { temperature, passes, dropout, eglLayers, alpha, metric, powerTemperature, epsilon, density } = options;
  const { model, validation } = options;
  return {
    model: model.name,
    strategy: typeof strategy === "object" ? strategy.name : strategy,
    batch,
    k,
    seed,
    start,
    classes,
    calibrate,
    temperature,
    passes,
    dropout,
    eglLayers,
    alpha,
    metric,
    powerTemperature,
    epsilon,
    density,
    labelled: printOf(known),
    validation: validation && validationPrint(validation),
  };
}

/** How many labels there are, and what tells them from others. */
function printOf(known: readonly Answer[]): string {
  const print = fingerprint();
  print.add(Uint32Array.from(known.flatMap(({ row, label }) => [row, label ?? 0, Number(label === null)])));
  return `${known.length} rows (${print.digits()})`;
}

function validationPrint({ features, labels }: Validation): string {
  const print = fingerprint();
  print.add(features.data);
  print.add(Uint32Array.from(labels));
  return `${features.rows} rows (${print.digits()})`;
}

/** What is known before anything is asked, checked. */
export function knownRows({ pool, labelled = [], classes }: LoopOptions): Answer[] {
  const known = [...labelled].map(({ row, label }) => ({ row, label }));
  const rows = new Set<number>();
  for (const { row, label } of known) {
    if (!Number.isInteger(row) || row < 0 || row >= pool.rows)
      throw new InputError(`labelled: row ${row} is not in the pool: rows are 0 to ${pool.rows - 1}`);
    if (rows.has(row)) throw new InputError(`labelled: row ${row} is there twice: label it once`);
    rows.add(row);
    checkLabel("labelled", row, label, classes);
  }
  return known;
}

export function checkOptions(options: LoopOptions): void {
  if (options === null || typeof options !== "object")
    throw new InputError("activeLearning: give { pool, model, oracle, k }");
  const { pool, model, oracle, k, start, calibrate = 0, validation, classes, stop, seed = 0 } = options;
  const { strategy, batch = "top-k" } = options;
  if (typeof pool?.features !== "function")
    throw new InputError("activeLearning: pool must be one that an engine has loaded");
  if (typeof model?.fit !== "function") throw new InputError("activeLearning: model must have fit");
  if (typeof oracle !== "function") throw new InputError("activeLearning: oracle must be a function");
  for (const [name, value] of [
    ["k", k],
    ["start.k", start?.k ?? 1],
    ["classes", classes ?? 1],
  ] as const)
    if (!Number.isInteger(value) || value < 1)
      throw new InputError(`${name} must be a whole number of at least 1, got ${value}`);
  if (!(calibrate >= 0 && calibrate < 1))
    throw new InputError(`calibrate must be a share of at least 0 and below 1, got ${calibrate}`);
  checkSeed(seed);
  if (strategy === undefined || typeof strategy === "string") checkSelection(options, batch, strategy);
  else checkPicker(options, strategy);
  if (start?.by !== undefined && !starts.includes(start.by))
    throw new InputError(`start.by must be one of ${starts.join(", ")}, got ${String(start.by)}`);
  if (stop !== undefined && typeof stop?.why !== "function")
    throw new InputError("stop must be a rule of stopWhen, such as stopWhen.budget(1000)");
  if (validation) {
    checkFeatures(validation.features, "validation: features");
    checkLabels(validation.labels, validation.features.rows, classes, "validation: labels");
  } else if (stop?.needsValidation)
    throw new InputError("stop: goes by what is measured on a validation set, and there is none: give validation");
}

/** What `select` would refuse whatever the model is: better now than once a round has been answered. */
function checkSelection(options: LoopOptions, batch: string, strategy: string | undefined): void {
  const { k, seed = 0, temperature, passes, dropout, eglLayers } = options;
  const { alpha, metric, powerTemperature, epsilon, density = 0 } = options;
  const rule = batchOf(batch);
  if (strategy !== undefined) strategyOf(strategy);
  if (rule.strategy && strategy !== undefined && rule.strategy !== strategy)
    throw new InputError(`${rule.name} works from ${rule.strategy}: leave the strategy out`);
  batchOptions({ k, alpha, metric, powerTemperature, epsilon, density }, { seed });
  // Of a head that has all there is to ask for.
  const layer = { weight: new Float32Array(1), bias: new Float32Array(1), inputs: 1, outputs: 1 };
  const source = arraySource("features", new Float32Array(1), 1, 1);
  const head: Head = { layers: [layer, layer], activation: "relu", dropout: 0.5 };
  const input: PoolInput = { kind: "features", source, head, features: source, embeddings: source };
  passOptions(input, { temperature, seed, passes, dropout, eglLayers });
  if (density > 0) checkDensity(input, rule);
}

/** What picks by itself has no use for options of `select`, and no say in what they would mean. */
function checkPicker(options: LoopOptions, picker: Picker): void {
  if (typeof picker?.pick !== "function" || typeof picker.name !== "string")
    throw new InputError("strategy must be the name of one, or have name and pick");
  const { batch = "top-k", epsilon = 0, density = 0, calibrate = 0 } = options;
  const idle = [
    batch !== "top-k" && "batch",
    epsilon > 0 && "epsilon",
    density > 0 && "density",
    calibrate > 0 && "calibrate",
  ].find((name) => name !== false);
  if (idle !== undefined)
    throw new InputError(`strategy ${picker.name} picks by itself, without ${idle}: leave it out`);
}
