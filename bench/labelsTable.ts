/** What a study of `bench/labels.ts` found, as Markdown. */
import type { SimulationPlan } from "../src/loop/simulate.ts";
import type { Interval } from "../src/loop/statistics.ts";
import { TARGETS, type Measure, type Saving, type Summary } from "../src/loop/summary.ts";

export interface StudyReport {
  readonly name: string;
  /** What it is to show. */
  readonly about: string;
  readonly measure: Measure;
  readonly rows: number;
  readonly dims: number;
  readonly plan: SimulationPlan;
  /** The measure of a model that knows all labels, mean over seeds. */
  readonly full: number;
  readonly summaries: readonly Summary[];
}

export function sectionOf(study: StudyReport): string {
  const { name, about, measure, rows, dims, plan, full } = study;
  const what = `${about}. ${rows} rows × ${dims}, k = ${plan.k}, ${plan.seeds} seeds; ${measure} of a model that knows all labels: ${full.toFixed(3)}.`;
  return `## ${name}\n\n${what[0].toUpperCase()}${what.slice(1)}\n\n${table(study)}`;
}

function half({ mean, high }: Interval): string {
  return high === undefined ? "" : ` ± ${(high - mean).toFixed(3)}`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table({ summaries, measure }: StudyReport): string {
  const head = [
    "strategy",
    "batch",
    `mean ${measure}`,
    "gain on random",
    ...TARGETS.flatMap((share) => [`labels to ${100 * share} %`, "saved"]),
  ];
  const rows = summaries.map(({ strategy, batch, area, areaGain, targets }) => [
    strategy,
    batch,
    area.mean.toFixed(3) + half(area),
    strategy === "random" ? "" : `${areaGain.mean > 0 ? "+" : ""}${areaGain.mean.toFixed(3)}${half(areaGain)}`,
    ...targets.flatMap(({ reached, labels, saved }) => [
      reached === 0
        ? `over ${Math.round(labels.mean)}`
        : `${reached < labels.count ? `≥ ` : ""}${Math.round(labels.mean)}`,
      strategy === "random" || !saved ? "" : percent(saved),
    ]),
  ]);
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function whole(share: number): string {
  return String(Math.round(100 * share));
}

function percent({ sign, mean, low, high }: Saving): string {
  const between = low === undefined || high === undefined ? "" : ` (${whole(low)} to ${whole(high)})`;
  return `${sign && `${sign} `}${whole(mean)} %${between}`;
}
