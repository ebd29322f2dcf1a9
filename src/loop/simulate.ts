/** Loops on a set whose labels are known, to see which way of asking learns most from how many of them. */
import { batchOf, type BatchName } from "../batches/index.ts";
import type { Engine } from "../engine.ts";
import { InputError } from "../errors.ts";
import { takeRows, type Features } from "../matrix.ts";
import { drawOrder } from "../models/mlp.ts";
import type { SelectOptions } from "../options.ts";
import { strategyOf } from "../scores/index.ts";
import { activeLearning } from "./activeLearning.ts";
import type { Picker } from "./pick.ts";
import { expectedErrorReduction } from "./expectedErrorReduction.ts";
import type { Metrics } from "./metrics.ts";
import { committeeModel, learn, logisticModel, mlpModel, beliefs, labelsOf, type Model } from "./model.ts";
import { quality } from "./metrics.ts";
import { rounds } from "./stopping.ts";
import { intervalOf, labelsTo, meanHeight, type Interval, type Point } from "./statistics.ts";

/** What is simulated. All of it, and nothing else, decides what comes out. */
export interface SimulationPlan extends Pick<
  SelectOptions,
  "passes" | "dropout" | "alpha" | "metric" | "epsilon" | "density"
> {
  /** Names of strategies, or `eer` and `eer-lookahead`. `random` is run whether it is named or not. */
  readonly strategies: readonly string[];
  readonly batches: readonly BatchName[];
  /** Rows a round, also of the first, which are drawn by lot. */
  readonly k: number;
  /** Rounds of asking. */
  readonly rounds: number;
  /** Runs of each, with seeds 0, 1, 2, … */
  readonly seeds: number;
  /** Share of the rows that is kept to measure on, the same for all runs of one seed. */
  readonly testShare: number;
  readonly model: "logistic" | "mlp" | "committee";
  /** Of the mlp. */
  readonly hidden?: readonly number[];
  readonly epochs?: number;
  readonly calibrate?: number;
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
const BASELINE = "random";

/**
 * The runs of a plan, those of one seed together. The baseline is run once a seed: which rule picks from random scores does
 * not matter to it. So is a rule that has no use for a strategy, which then goes by the name of the rule.
 *
 * @throws InputError for a name that is not known, or nothing to run
 */
export function runsOf({ strategies, batches, seeds }: SimulationPlan): RunKey[] {
  for (const name of strategies) if (!isPicker(name)) strategyOf(name);
  if (batches.length === 0) throw new InputError("simulate: name at least one batch rule");
  for (const name of batches) batchOf(name);
  const asked = strategies.filter((name) => name !== BASELINE);
  const alone = batches.filter((name) => !takesStrategy(name));
  const ranking = batches.filter(takesStrategy);
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

/** Runs one loop to its end. */
export async function simulate(engine: Engine, truth: Truth, plan: SimulationPlan, key: RunKey): Promise<RunResult> {
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
    const fitted = await learn(model, { features: known, labels: all, rows: train, classes, seed });
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
  { passes, dropout }: SimulationPlan,
  strategy: string,
  batch: BatchName,
): Pick<SelectOptions, "passes" | "dropout"> {
  if (batch === "batchbald") return { passes, dropout };
  if (isPicker(strategy) || strategy === batch) return {};
  const { needs } = strategyOf(strategy);
  return needs === undefined || needs === "gradients" ? {} : { passes, dropout };
}

function modelOf({ model, hidden, epochs, dropout }: SimulationPlan, engine: Engine): Model {
  if (model === "logistic") return logisticModel();
  if (model === "committee") return committeeModel();
  return mlpModel({ hidden: hidden && [...hidden], epochs, dropout, ...(engine.backend === "webgpu" && { engine }) });
}

/** What the runs of one strategy and batch rule come to. */
export interface Summary {
  readonly strategy: string;
  readonly batch: BatchName;
  /** The measure after each round, over seeds. */
  readonly curve: readonly (Interval & { readonly labels: number })[];
  /** Its mean over the labels asked. */
  readonly area: Interval;
  /** The same, less that of random with the same seed. */
  readonly areaGain: Interval;
  readonly targets: readonly TargetSummary[];
  /** Seconds a round. */
  readonly fit: number;
  readonly pick: number;
}

export interface TargetSummary {
  /** Of what a model comes to that knows all labels. */
  readonly share: number;
  /** Seeds whose run reached it. */
  readonly reached: number;
  /** Labels until then, of those seeds; a seed that did not reach it counts as its last label, so this is a lower bound. */
  readonly labels: Interval;
  /** Labels saved, as a share of those that random takes with the same seed, over the seeds in which both reached it. */
  readonly saved: Interval | undefined;
}

export const TARGETS = [0.8, 0.9, 0.95] as const;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What runs are compared by: where one class is rare, accuracy says little. */
export type Measure = "accuracy" | "macroF1";

/** Compares what was run, by seeds. */
export function summarise(results: readonly RunResult[], measure: Measure = "accuracy"): Summary[] {
  const of = (strategy: string): Map<number, RunResult> =>
    new Map(results.filter((run) => run.strategy === strategy).map((run) => [run.seed, run]));
  const [full, random] = [of(FULL), of(BASELINE)];
  const heights = ({ curve }: RunResult): Point[] =>
    curve.map((point) => ({ labels: point.labels, value: point[measure]! }));
  const names = new Map(
    results.filter(({ strategy }) => strategy !== FULL).map((run) => [`${run.strategy} ${run.batch}`, run]),
  );
  return [...names.values()].map(({ strategy, batch }) => {
    const runs = results.filter((run) => run.strategy === strategy && run.batch === batch);
    const curves = runs.map(heights);
    const shortest = Math.min(...curves.map((curve) => curve.length));
    const points = runs.flatMap(({ curve }) => curve);
    return {
      strategy,
      batch,
      curve: Array.from({ length: shortest }, (_, i) => ({
        labels: mean(curves.map((curve) => curve[i].labels)),
        ...intervalOf(curves.map((curve) => curve[i].value)),
      })),
      area: intervalOf(curves.map(meanHeight)),
      areaGain: intervalOf(runs.map((run, i) => meanHeight(curves[i]) - meanHeight(heights(random.get(run.seed)!)))),
      targets: TARGETS.map((share) => {
        const goals = runs.map(({ seed }) => share * full.get(seed)!.curve[0][measure]!);
        const own = curves.map((curve, i) => labelsTo(curve, goals[i]));
        const theirs = runs.map(({ seed }, i) => labelsTo(heights(random.get(seed)!), goals[i]));
        const saved = own.flatMap((labels, i) =>
          labels === undefined || theirs[i] === undefined ? [] : [1 - labels / theirs[i]],
        );
        return {
          share,
          reached: own.filter((labels) => labels !== undefined).length,
          labels: intervalOf(own.map((labels, i) => labels ?? curves[i][curves[i].length - 1].labels)),
          saved: saved.length > 0 ? intervalOf(saved) : undefined,
        };
      }),
      fit: mean(points.map(({ fit }) => fit)),
      pick: mean(points.map(({ pick }) => pick)),
    };
  });
}
