/** Loops on a set whose labels are known, to see which way of asking learns most from how many of them. */
import { batchOf, type BatchName } from "../batches/index.ts";
import type { Engine } from "../engine.ts";
import { InputError } from "../errors.ts";
import { takeRows, type Features } from "../matrix.ts";
import { drawOrder } from "../models/mlp.ts";
import type { SelectOptions } from "../options.ts";
import { strategyOf } from "../scores/index.ts";
import type { Strategy } from "../strategy.ts";
import { activeLearning } from "./activeLearning.ts";
import type { Picker } from "./pick.ts";
import { expectedErrorReduction } from "./expectedErrorReduction.ts";
import type { Metrics } from "./metrics.ts";
import { committeeModel, learn, logisticModel, mlpModel, beliefs, labelsOf, type Model } from "./model.ts";
import { quality } from "./metrics.ts";
import { rounds } from "./stopping.ts";

/** How runs go: of two runs with the same key and the same settings comes the same. */
export interface RunSettings extends Pick<
  SelectOptions,
  "passes" | "dropout" | "alpha" | "metric" | "epsilon" | "density"
> {
  /** Rows a round, also of the first, which are drawn by lot. */
  readonly k: number;
  /** Rounds of asking. */
  readonly rounds: number;
  /** Share of the rows that is kept to measure on, the same for all runs of one seed. */
  readonly testShare: number;
  readonly model: "logistic" | "mlp" | "committee";
  /** Of the mlp. */
  readonly hidden?: readonly number[];
  readonly epochs?: number;
  readonly calibrate?: number;
}

/** Which runs there are, and how they go. */
export interface SimulationPlan extends RunSettings {
  /** Names of strategies, or `eer` and `eer-lookahead`. `random` is run whether it is named or not. */
  readonly strategies: readonly string[];
  readonly batches: readonly BatchName[];
  /** Runs of each, with seeds 0, 1, 2, … */
  readonly seeds: number;
}

/** A set with its labels. */
export interface Truth {
  readonly features: Features;
  readonly labels: ArrayLike<number>;
  readonly classes: number;
}

/** One run; the strategy `full` is the model that knows all labels. */
export interface RunKey {
  readonly strategy: string;
  readonly batch: BatchName;
  readonly seed: number;
}

export interface RunResult extends RunKey {
  readonly curve: readonly RunPoint[];
  /** Rows of the set, in the order of asking. */
  readonly picks: readonly {
    readonly round: number;
    readonly row: number;
    readonly label: number;
    readonly reason: string;
  }[];
}

/** A model of a run. */
export interface RunPoint extends Pick<Metrics, "accuracy" | "macroF1" | "logLoss"> {
  readonly labels: number;
  /** Seconds that it took to fit it, and then to pick. */
  readonly fit: number;
  readonly pick: number;
}

export const FULL = "full";
export const BASELINE = "random";

/**
 * The runs of a plan, those of one seed together. The baseline is run once a seed: which rule picks from random scores does
 * not matter to it. So is a rule that has no use for a strategy, which then goes by the name of the rule.
 *
 * @throws InputError for a name that is not known, or that the model has nothing for
 */
export function runsOf(plan: SimulationPlan): RunKey[] {
  const { strategies, batches, seeds } = plan;
  for (const name of strategies) {
    if (!isPicker(name)) checkNeeds(plan, name, strategyOf(name).needs);
    else if ((plan.epsilon ?? 0) > 0 || (plan.density ?? 0) > 0 || (plan.calibrate ?? 0) > 0)
      throw new InputError(`${name} picks by itself, without epsilon, density or calibrate: simulate it apart`);
  }
  if (batches.length === 0) throw new InputError("simulate: name at least one batch rule");
  for (const name of batches) {
    const { strategy } = batchOf(name);
    if (strategy !== undefined) checkNeeds(plan, name, strategyOf(strategy).needs);
  }
  const asked = strategies.filter((name) => name !== BASELINE);
  const alone = batches.filter((name) => !takesStrategy(name));
  const ranking = batches.filter(takesStrategy);
  const idle = asked.find((name) => !isPicker(name));
  if (idle !== undefined && ranking.length === 0)
    throw new InputError(`${alone.join(", ")} ranks by nothing of one's choice, such as ${idle}: leave strategies out`);
  if ((plan.density ?? 0) > 0 && ranking.length === 0)
    throw new InputError(`density weighs scores, and ${alone.join(", ")} does not go by them: leave it out`);
  return Array.from({ length: seeds }, (_, seed) => [
    { strategy: FULL, batch: "top-k" as const, seed },
    { strategy: BASELINE, batch: "top-k" as const, seed },
    // What picks by itself takes no rule.
    ...asked.flatMap((strategy) =>
      (isPicker(strategy) ? (["top-k"] as const) : ranking).map((batch) => ({ strategy, batch, seed })),
    ),
    ...alone.map((batch) => ({ strategy: batch, batch, seed })),
  ]).flat();
}

function checkNeeds({ model, passes = 1 }: RunSettings, name: string, needs: Strategy["needs"]): void {
  if (needs === "gradients" && model === "committee")
    throw new InputError(`${name} works from the gradients of one head, and a committee has none: use logistic or mlp`);
  if (needs === undefined || needs === "gradients" || model === "committee" || (model === "mlp" && passes > 1)) return;
  throw new InputError(
    model === "mlp"
      ? `${name} compares passes, and mlp makes one unless passes and dropout say otherwise: give both`
      : `${name} compares passes, and ${model} makes one: use committee, or mlp with passes and dropout`,
  );
}

const isPicker = (name: string): boolean => Object.hasOwn(PICKERS, name);

/** Whether a rule ranks by a strategy of one's choice. */
function takesStrategy(batch: BatchName): boolean {
  const { needs, strategy } = batchOf(batch);
  return strategy === undefined && needs.some((need) => need === "scores");
}

const PICKERS: Record<string, () => Picker> = {
  eer: () => expectedErrorReduction({ candidates: 32, evaluation: 200 }),
  "eer-lookahead": () => expectedErrorReduction({ form: "lookahead", compared: 8 }),
};

export function settingsOf(plan: SimulationPlan): RunSettings {
  return Object.assign({ ...plan }, { strategies: undefined, batches: undefined, seeds: undefined });
}

/** Runs one loop to its end, or to that of the signal. */
export async function simulate(
  engine: Engine,
  truth: Truth,
  plan: RunSettings,
  key: RunKey,
  signal?: AbortSignal,
): Promise<RunResult> {
  const { features, labels, classes } = truth;
  const { seed, strategy, batch } = key;
  const order = drawOrder(seed, features.rows);
  const tested = Math.round(plan.testShare * features.rows);
  const [test, train] = [order.slice(0, tested), order.slice(tested)];
  if (test.length === 0 || train.length === 0)
    throw new InputError(
      `simulate: ${features.rows} rows leave nothing to ${test.length === 0 ? "measure on" : "learn from"}`,
    );
  const validation = { features: takeRows(features, test), labels: Array.from(test, (row) => labels[row]) };
  const known = takeRows(features, train);
  const model = modelOf(plan, engine);
  if (strategy === FULL) {
    const began = performance.now();
    const all = Uint32Array.from(train, (row) => labels[row]);
    const fitted = await learn(model, { features: known, labels: all, rows: train, classes, seed }, signal);
    const fit = (performance.now() - began) / 1000;
    const { data, columns } = await beliefs(fitted, validation.features);
    const metrics = quality(data, labelsOf(fitted, columns), validation.labels);
    return { ...key, curve: [{ labels: train.length, ...metrics, fit, pick: 0 }], picks: [] };
  }
  using pool = await engine.load({ features: known });
  const curve: RunPoint[] = [];
  const picks: { round: number; row: number; label: number; reason: string }[] = [];
  const loop = activeLearning({
    pool,
    model,
    oracle: ({ rows }) => rows.map((row) => labels[train[row]]),
    strategy: isPicker(strategy) ? PICKERS[strategy]() : strategy === batch ? undefined : strategyOf(strategy).name,
    batch,
    k: plan.k,
    classes,
    ...passOptions(plan, strategy, batch),
    alpha: plan.alpha,
    metric: plan.metric,
    epsilon: strategy === BASELINE ? 0 : plan.epsilon,
    density: strategy === BASELINE || !takesStrategy(batch) ? 0 : plan.density,
    calibrate: plan.calibrate,
    validation,
    seed,
    stop: rounds(plan.rounds),
    signal,
  });
  for await (const round of loop) {
    if (round.fitted) {
      const { accuracy, macroF1, logLoss } = round.metrics;
      const { fit, pick } = round.timings;
      curve.push({ labels: round.labelled.labels.length, accuracy, macroF1, logLoss, fit, pick });
    }
    for (const { row, reason } of round.picks)
      picks.push({ round: round.round, row: train[row], label: labels[train[row]], reason });
  }
  return { ...key, curve, picks };
}

/** Passes are for what compares them: others see the model without dropout. */
function passOptions(
  { passes, dropout }: RunSettings,
  strategy: string,
  batch: BatchName,
): Pick<SelectOptions, "passes" | "dropout"> {
  if (batch === "batchbald") return { passes, dropout };
  if (isPicker(strategy) || strategy === batch) return {};
  const { needs } = strategyOf(strategy);
  return needs === undefined || needs === "gradients" ? {} : { passes, dropout };
}

function modelOf({ model, hidden, epochs, dropout }: RunSettings, engine: Engine): Model {
  if (model === "logistic") return logisticModel();
  if (model === "committee") return committeeModel();
  return mlpModel({ hidden: hidden && [...hidden], epochs, dropout, ...(engine.backend === "webgpu" && { engine }) });
}
