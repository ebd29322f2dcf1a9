/** What the runs of a simulation come to, beside random ones of the same seeds. */
import type { BatchName } from "../batches/index.ts";
import { BASELINE, FULL, type RunResult } from "./simulate.ts";
import { intervalOf, labelsTo, meanHeight, savingOf, type Interval, type Point } from "./statistics.ts";

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
  /** Labels until then. A run that did not reach it counts as its last label: of such, this is a lower bound. */
  readonly labels: Interval;
  /** Undefined where no run of either reached it. */
  readonly saved: Saving | undefined;
}

/**
 * Labels saved, as a share of those that random takes, over all seeds. A run that does not reach the target counts as its
 * last label, which makes this a lower bound (`≥`) where only random falls short, an upper one (`≤`) where only the other
 * does, and neither (`≈`) where both do.
 */
export interface Saving extends Interval {
  readonly sign: "" | "≥" | "≤" | "≈";
}

export const TARGETS = [0.8, 0.9, 0.95] as const;

/** What runs are compared by: where one class is rare, accuracy says little. */
export type Measure = "accuracy" | "macroF1";

/** Compares what was run, by seeds. */
export function summarise(results: readonly RunResult[], measure: Measure = "accuracy"): Summary[] {
  const curveOf = ({ curve }: RunResult): Point[] =>
    curve.map((point) => ({ labels: point.labels, value: point[measure]! }));
  const of = (strategy: string): Map<number, Point[]> =>
    new Map(results.filter((run) => run.strategy === strategy).map((run) => [run.seed, curveOf(run)]));
  const [full, random] = [of(FULL), of(BASELINE)];
  const names = new Map(
    results.filter(({ strategy }) => strategy !== FULL).map((run) => [`${run.strategy} ${run.batch}`, run]),
  );
  return [...names.values()].map(({ strategy, batch }) => {
    const runs = results.filter((run) => run.strategy === strategy && run.batch === batch);
    const curves = runs.map(curveOf);
    const baselines = runs.map(({ seed }) => random.get(seed)!);
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
      areaGain: intervalOf(curves.map((curve, i) => meanHeight(curve) - meanHeight(baselines[i]))),
      targets: TARGETS.map((share) => {
        const goals = runs.map(({ seed }) => share * full.get(seed)![0].value);
        const [own, others] = [curves, baselines].map((list) => list.map((curve, i) => arrival(curve, goals[i])));
        return {
          share,
          reached: own.filter(({ isThere }) => isThere).length,
          labels: intervalOf(own.map(({ labels }) => labels)),
          saved: saving(own, others),
        };
      }),
      fit: mean(points.map(({ fit }) => fit)),
      pick: mean(points.map(({ pick }) => pick)),
    };
  });
}

interface Arrival {
  readonly labels: number;
  readonly isThere: boolean;
}

/** Labels at which a curve reaches a goal, or its last. */
function arrival(curve: readonly Point[], goal: number): Arrival {
  const found = labelsTo(curve, goal);
  return { labels: found ?? curve[curve.length - 1].labels, isThere: found !== undefined };
}

function saving(own: readonly Arrival[], others: readonly Arrival[]): Saving | undefined {
  if (![...own, ...others].some(({ isThere }) => isThere)) return undefined;
  const [all, allOthers] = [own, others].map((list) => list.every(({ isThere }) => isThere));
  const sign = all ? (allOthers ? "" : "≥") : allOthers ? "≤" : "≈";
  const [mine, theirs] = [own, others].map((list) => list.map(({ labels }) => labels));
  return { sign, ...savingOf(mine, theirs) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
