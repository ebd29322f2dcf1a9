/** What a loop trains, and the two models that come along. */
import { SUM_TOLERANCE } from "../backends/cpu/reference.ts";
import type { Engine } from "../engine.ts";
import { InputError } from "../errors.ts";
import { checkHead, type Head } from "../head.ts";
import type { Features, Predictions, RowSource } from "../matrix.ts";
import { fitCommittee, predictCommittee } from "../models/committee.ts";
import { fitLogistic, type LogisticOptions } from "../models/logistic.ts";
import { fitMlp, predictMlp } from "../models/mlp.ts";
import type { MlpOptions } from "../models/mlpPlan.ts";
import { softmax } from "../models/network.ts";
import type { Pool } from "../pool.ts";

/** What there is to learn from, in the order of answers. */
export interface Labelled {
  /** [labelled rows, dims] */
  readonly features: Features;
  /** Class of each, [labelled rows]. */
  readonly labels: Uint32Array;
  /** Row of each in the pool. */
  readonly rows: Uint32Array;
  /** Classes there are, where the loop was told. */
  readonly classes?: number;
  /** Of this round. */
  readonly seed: number;
}

/** What a model believes of rows, [passes, rows, classes]: one pass unless several are to be compared. */
export type Predict = (features: Features) => Predictions | Promise<Predictions>;

/**
 * A model that has learnt. A head runs on the device; `predict` is asked for the pool block by block, and gives
 * probabilities unless `kind` says logits. `classes` are the labels of its columns, default 0, 1, 2, …
 */
export type Fitted = { readonly classes?: readonly number[] } & (
  | { readonly head: Head }
  | { readonly predict: Predict; readonly kind?: "logits" | "probabilities" }
);

/**
 * Anything that learns from labelled rows. So that an interrupted loop goes on as if it had not been, what it learns
 * should depend on what it is given alone, not on what it was fitted to before.
 */
export interface Model {
  /** What tells it from others: a journal is of a loop with one model. */
  readonly name?: string;
  /** Gives what it has learnt, or nothing where the model itself has `predict`. The signal is that of the loop. */
  fit(labelled: Labelled, signal?: AbortSignal): Fitted | void | Promise<Fitted | void>;
  predict?: Predict;
}

/** Logistic regression by `fitLogistic`, with its options. */
export function logisticModel(options: Pick<LogisticOptions, "C" | "tolerance" | "maxIterations"> = {}): Model {
  return {
    name: named("logistic", options),
    fit: ({ features, labels, classes }) => fitLogistic({ ...options, features, labels, classes }),
  };
}

/**
 * A multilayer perceptron by `fitMlp`, with its options and the seed of the round. It learns from all labels for all
 * epochs unless `heldOut` says otherwise: of a few labels, the two or three held out stop it before it has learnt anything
 * (of 20 digits, an accuracy of 0.20 against 0.43).
 */
export function mlpModel(
  options: Omit<MlpOptions, "features" | "labels" | "classes" | "seed" | "signal"> & { engine?: Engine } = {},
): Model {
  const { engine: _, ...rest } = options;
  return {
    name: named("mlp", rest),
    fit: ({ features, labels, classes, seed }, signal) =>
      fitMlp({ heldOut: 0, ...options, features, labels, classes, seed, signal }),
  };
}

/** A committee of logistic regressions by `fitCommittee`, with its options and the seed of the round. */
export function committeeModel(options: Pick<LogisticOptions, "C"> & { members?: number } = {}): Model {
  return {
    name: named("committee", options),
    async fit({ features, labels, classes, seed }, signal) {
      const { heads, classes: columns } = await fitCommittee({
        ...options,
        model: "logistic",
        features,
        labels,
        classes,
        seed,
        signal,
      });
      return { predict: (rows) => predictCommittee(heads, rows), kind: "logits", classes: columns };
    },
  };
}

/** A kind of model and what it was asked for, but for where to start. */
const named = (kind: string, options: object): string =>
  `${kind} ${JSON.stringify(options, (key, value: unknown) => (key === "warmStart" ? undefined : value))}`;

/** Has a model learn. */
export async function learn(model: Model, labelled: Labelled, signal?: AbortSignal): Promise<Fitted> {
  const fitted = (await model.fit(labelled, signal)) ?? { predict: model.predict?.bind(model) };
  if ("head" in fitted) {
    checkHead(fitted.head, labelled.features.dims);
    return fitted;
  }
  const { predict } = fitted;
  if (typeof predict !== "function")
    throw new InputError("model: fit must give { head } or { predict }, or the model have predict");
  return { ...fitted, predict };
}

/**
 * What a model that has learnt believes of any rows of its dims, such as a `fitted` of a round: probabilities
 * [rows, columns], the mean over passes. Labels of the columns are `fitted.classes`, default 0, 1, 2, …
 */
export async function beliefs(fitted: Fitted, features: Features): Promise<{ data: Float32Array; columns: number }> {
  const { data, passes = 1, classes } = await probabilitiesOf(fitted, features);
  if (passes === 1) return { data, columns: classes };
  const mean = new Float32Array(features.rows * classes);
  for (let i = 0; i < data.length; i++) mean[i % mean.length] += data[i] / passes;
  return { data: mean, columns: classes };
}

async function probabilitiesOf(fitted: Fitted, features: Features): Promise<Predictions> {
  if ("head" in fitted) return predictMlp(fitted, features);
  const found = await asked(fitted.predict, features);
  if (fitted.kind !== "logits") return summingTo1(found);
  const { classes } = found;
  const data = found.data.slice();
  const row = new Float64Array(classes);
  for (let at = 0; at < data.length; at += classes) {
    row.set(data.subarray(at, at + classes));
    softmax(row);
    data.set(row, at);
  }
  return { ...found, data };
}

/** Gives a pool to a model that has learnt. What predicts by itself is not asked for rows that hold no numbers. */
export async function usePool(pool: Pool, fitted: Fitted, invalid: Uint32Array): Promise<void> {
  if ("head" in fitted) {
    pool.use(fitted);
    return;
  }
  const { predict } = fitted;
  const isInvalid = new Set(invalid);
  let first = 0;
  while (isInvalid.has(first)) first++;
  const { passes = 1, classes } = await asked(predict, await pool.features([first]));
  const source: RowSource = {
    name: "predict",
    rows: pool.rows,
    cols: classes,
    passes,
    async read(start, count, into) {
      const all = Uint32Array.from({ length: count }, (_, i) => start + i);
      const rows = all.filter((row) => !isInvalid.has(row));
      if (rows.length === 0) return void into.fill(NaN);
      const { data } = await asked(predict, await pool.features(rows), { passes, classes });
      if (rows.length === count) return into.set(data);
      into.fill(NaN);
      for (let pass = 0; pass < passes; pass++)
        rows.forEach((row, i) => {
          const from = (pass * rows.length + i) * classes;
          into.set(data.subarray(from, from + classes), (pass * count + row - start) * classes);
        });
    },
  };
  pool.use(fitted.kind === "logits" ? { logits: source } : { probabilities: source });
}

/** What a model predicts, if it has the shape that it should have. */
async function asked(
  predict: Predict,
  features: Features,
  expected: { passes?: number; classes?: number } = {},
): Promise<Predictions> {
  const found = await predict(features);
  if (found === null || typeof found !== "object")
    throw new InputError(`predict: gave ${String(found)}: give { data: Float32Array, rows, classes }`);
  const { data, passes = 1, rows, classes } = found;
  const wrong =
    !(data instanceof Float32Array) ||
    rows !== features.rows ||
    data.length !== passes * rows * classes ||
    passes !== (expected.passes ?? passes) ||
    classes !== (expected.classes ?? classes);
  if (wrong)
    throw new InputError(
      `predict: gave ${passes} × ${rows} × ${classes} for ${features.rows} rows: give { data: Float32Array, rows, classes } with as many classes for every block`,
    );
  return found;
}

/** Probabilities, once it is known that they are. */
function summingTo1(found: Predictions): Predictions {
  const { data, rows, classes } = found;
  for (let at = 0; at < data.length; at += classes) {
    let sum = 0;
    for (let c = at; c < at + classes; c++) sum += data[c] >= 0 ? data[c] : NaN;
    if (Math.abs(sum - 1) <= SUM_TOLERANCE) continue;
    throw new InputError(
      `predict: row ${(at / classes) % rows} of those asked has probabilities that sum to ${sum}: give such as sum to 1, or say kind: "logits"`,
    );
  }
  return found;
}

/** The label of each column. */
export function labelsOf(fitted: Fitted, columns: number): readonly number[] {
  const { classes = Array.from({ length: columns }, (_, label) => label) } = fitted;
  if (classes.length !== columns)
    throw new InputError(`model: has ${columns} columns and names ${classes.length} classes: name one for each`);
  return classes;
}
