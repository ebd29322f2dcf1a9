/** A committee: several models that saw the same labelled rows by different lots, for strategies that ask who disagrees. */
import { InputError } from "../errors.ts";
import { checkHead, classesOf, type Head } from "../head.ts";
import type { Features, Predictions } from "../matrix.ts";
import { Pace } from "../pace.ts";
import { checkSeed, randomBits, streams } from "../random.ts";
import { checkAsked, checkFeatures, checkLabels, checkWhole } from "./labelled.ts";
import { fitLogistic, type LogisticModel, type LogisticOptions } from "./logistic.ts";
import { drawOrder, type MlpModel, trainMlp } from "./mlp.ts";
import { type MlpOptions, planOf } from "./mlpPlan.ts";
import { eachLogits } from "./network.ts";

interface Committees {
  /** Models to train, at least 2. Default 5. */
  readonly members?: number;
  /** Of the resamples, and of all that is drawn in training. Default 0. */
  readonly seed?: number;
  /** Ends training with the signal's reason: between two members, and within one that is an mlp. */
  readonly signal?: AbortSignal;
}

/** Logistic regressions, each with the options of `fitLogistic`. */
export type LogisticCommitteeOptions = Committees & { readonly model: "logistic" } & Omit<LogisticOptions, "warmStart">;
/** Multilayer perceptrons, each with the options of `fitMlp` and a seed of its own. */
export type MlpCommitteeOptions = Committees & { readonly model: "mlp" } & MlpOptions;

export interface Committee<Model extends LogisticModel | MlpModel = LogisticModel | MlpModel> {
  /** One a member, all with the same columns. */
  readonly heads: readonly Head[];
  /** The label of each column. */
  readonly classes: readonly number[];
  /** What each member knows of its own fit; `counts` are those of its resample. */
  readonly members: readonly Model[];
}

/**
 * Trains each member on a bootstrap resample: as many rows as are labelled, drawn with replacement (Breiman 1996). A
 * class that a resample misses keeps its column. Members of an mlp committee hold out rows that their resample misses,
 * so that no row is on both sides.
 *
 * ```ts
 * const { heads } = await fitCommittee({ model: "logistic", members: 5, features: known, labels });
 * const pool = await engine.load({ logits: predictCommittee(heads, features) });
 * const { picks } = await pool.select("top-k", { strategy: "vote-entropy", k: 100 });
 * ```
 *
 * @throws InputError where labels or features are missing, do not fit, or are not numbers.
 * @see Seung, Opper & Sompolinsky 1992; Abe & Mamitsuka 1998 (query by bagging)
 */
export async function fitCommittee(options: LogisticCommitteeOptions): Promise<Committee<LogisticModel>>;
export async function fitCommittee(options: MlpCommitteeOptions): Promise<Committee<MlpModel>>;
export async function fitCommittee(options: LogisticCommitteeOptions | MlpCommitteeOptions): Promise<Committee> {
  checkAsked("fitCommittee", options);
  const { model, members: count = 5, seed = 0, features, labels, signal } = options;
  if (model !== "logistic" && model !== "mlp")
    throw new InputError(`model must be logistic or mlp, got ${String(model)}`);
  checkWhole({ members: count }, 2);
  checkSeed(seed);
  checkFeatures(features);
  checkWhole({ classes: options.classes ?? 1 }, 1);
  checkLabels(labels, features.rows, options.classes);
  const members: (LogisticModel | MlpModel)[] = [];
  const pace = new Pace(signal);
  for (let m = 0; m < count; m++) {
    await pace.turn();
    const own = randomBits(seed, streams.members, m);
    members.push(model === "mlp" ? await mlpMember(options, own) : logisticMember(options, own));
  }
  return { heads: members.map((member) => member.head), classes: members[0].classes, members };
}

/** Logits [passes, rows, classes] of the members, a pass a member, as `engine.load({ logits })` takes them. */
export function predictCommittee(heads: readonly Head[], features: Features): Required<Predictions> {
  checkFeatures(features);
  if (!Array.isArray(heads) || heads.length === 0)
    throw new InputError("heads: there are none, a committee needs its members");
  const { rows, dims } = features;
  heads.forEach((head, m) => checkHead({ ...head, name: head?.name ?? `heads[${m}]` }, dims));
  const classes = classesOf(heads[0]);
  const data = new Float32Array(heads.length * rows * classes);
  heads.forEach((head, m) => {
    if (classesOf(head) !== classes)
      throw new InputError(
        `${head.name ?? `heads[${m}]`}: ${classesOf(head)} classes, but the first has ${classes}: declare classes alike`,
      );
    eachLogits(head, features, (logits, row) => data.set(logits, (m * rows + row) * classes));
  });
  return { data, passes: heads.length, rows, classes };
}

function logisticMember({ features, labels, ...options }: LogisticCommitteeOptions, seed: number): LogisticModel {
  const { rows, dims } = features;
  // Columns are those of all rows, whichever the resample has.
  const classes =
    options.classes === undefined
      ? [...new Set(Array.from(labels))].sort((a, b) => a - b)
      : Array.from({ length: options.classes }, (_, label) => label);
  const columns = new Map(classes.map((label, column) => [label, column]));
  const drawn = resample(rows, seed);
  const data = new Float32Array(rows * dims);
  drawn.forEach((row, i) => data.set(features.data.subarray(row * dims, (row + 1) * dims), i * dims));
  const model = fitLogistic({
    ...options,
    features: { data, rows, dims },
    labels: Array.from(drawn, (row) => columns.get(labels[row])!),
    classes: classes.length,
  });
  return { ...model, classes };
}

async function mlpMember(options: MlpCommitteeOptions, seed: number): Promise<MlpModel> {
  const plan = planOf({ ...options, seed });
  const { rows } = plan.features;
  const drawn = resample(rows, seed);
  const seen = new Set(drawn);
  const missed = drawOrder(seed, rows).filter((row) => !seen.has(row));
  return trainMlp(plan, drawn, missed.slice(0, Math.floor(plan.heldOut * rows)));
}

/** As many rows as there are, each drawn from all. */
export function resample(rows: number, seed: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, i) =>
    Math.floor((randomBits(seed, streams.resample, i) / 2 ** 32) * rows),
  );
}
