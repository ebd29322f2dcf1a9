/** What a simulation found, as a page that needs nothing but itself. */
import type { Features } from "../../matrix.ts";
import { FULL, type RunResult, type SimulationPlan } from "../../loop/simulate.ts";
import type { Interval } from "../../loop/statistics.ts";
import { TARGETS, type Saving, type Summary } from "../../loop/summary.ts";
import { escaped, plot } from "./plot.ts";
import { pngUrl } from "./png.ts";

export interface Shown {
  readonly features: Features;
  readonly names?: readonly string[];
  readonly image?: readonly [width: number, height: number];
  readonly texts?: readonly string[];
}

/** Picks of a run that are shown. */
const PICKS = 40;

export function reportPage(
  title: string,
  plan: SimulationPlan,
  summaries: readonly Summary[],
  results: readonly RunResult[],
  shown: Shown,
): string {
  const full = results.filter(({ strategy }) => strategy === FULL).map(({ curve }) => curve[0].accuracy!);
  const best = full.reduce((sum, value) => sum + value, 0) / full.length;
  const curves = summaries.map((one) => ({
    name: nameOf(one),
    isBaseline: one.strategy === "random",
    // No accuracy is outside 0 to 1, whatever Student's t says of a few seeds.
    points: one.curve.map(({ labels, mean, low, high }) => ({
      x: labels,
      y: mean,
      ...(low !== undefined && high !== undefined && { low: Math.max(0, low), high: Math.min(1, high) }),
    })),
  }));
  const seeds = `${plan.seeds} ${plan.seeds === 1 ? "seed" : "seeds"}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${plan.k} rows a round, ${plan.rounds} rounds, ${seeds}, ${escaped(plan.model)} model. Accuracy is measured on ${percent(plan.testShare)} of the rows, which no run learns from. Bands and ± are 95 % confidence over seeds, by Student’s t; gains and savings are paired: each run is held against random with the same seed.</p>
<h2>Accuracy by labels</h2>
${plot(curves, { x: "labels", y: "accuracy" }, { name: `all labels: ${best.toFixed(3)}`, y: best })}
<h2>What they come to</h2>
${table(
  [
    "strategy",
    "mean accuracy",
    "gain on random",
    ...TARGETS.map((share) => `labels to ${percent(share)} of full`),
    ...TARGETS.map((share) => `saved to ${percent(share)}`),
  ],
  summaries.map((one) => [
    nameOf(one),
    interval(one.area, 3),
    one.strategy === "random" ? "" : interval(one.areaGain, 3, true),
    ...one.targets.map(({ labels, reached }) =>
      reached === 0
        ? `over ${Math.round(labels.mean)}`
        : `${reached < plan.seeds ? "at least " : ""}${interval(labels, 0)}${reached < plan.seeds ? ` (${reached} of ${plan.seeds})` : ""}`,
    ),
    ...one.targets.map(({ saved }) => (one.strategy === "random" || !saved ? "" : savingText(saved))),
  ]),
)}
<p class="note">Labels to a target are those of a run that first reaches it. A run that does not counts as its last number of labels, so its mean says “at least”, and the number of runs that did stands beside it. Savings are of labels summed over all seeds, beside random: ≥ where only random falls short of the target in some, ≤ where only the strategy does, ≈ where both do.</p>
<h2>Time of a round</h2>
${table(
  ["strategy", "fit, s", "score and pick, s"],
  summaries.map((one) => [nameOf(one), one.fit.toFixed(4), one.pick.toFixed(4)]),
)}
<h2>What was asked for</h2>
<p>The first ${PICKS} rows of seed 0, in the order of asking.</p>
${summaries.map((one) => picksOf(one, results, shown)).join("\n")}
</main>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5a5a5a; --line: #ddd; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --soft: #a8a8a8; --line: #3a3a3a; --paper: #161616; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; margin-bottom: 0.4rem; }
figure { margin: 0; } figure > svg { width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
.grid { stroke: var(--line); } .level { stroke: var(--soft); stroke-dasharray: 1 4; }
.legend { list-style: none; padding: 0; margin: 0.4rem 0; display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.3rem 0.9rem 0.3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { white-space: nowrap; } th { font-weight: 600; color: var(--soft); }
.note, .text { color: var(--soft); font-size: 0.9rem; }
.picks { display: flex; flex-wrap: wrap; gap: 6px; padding: 0; list-style: none; }
.picks figure { text-align: center; font-size: 0.8rem; } .picks img { width: 56px; height: 56px; image-rendering: pixelated; border-radius: 4px; display: block; }
td.text { white-space: normal; overflow-wrap: anywhere; }
`;

const nameOf = ({ strategy, batch }: { strategy: string; batch: string }): string =>
  batch === "top-k" || batch === strategy ? strategy : `${strategy}, ${batch}`;

const percent = (share: number): string => `${Math.round(100 * share)} %`;

function interval({ mean, low, high }: Interval, digits: number, signed = false): string {
  const half = low === undefined || high === undefined ? "" : ` ± ${((high - low) / 2).toFixed(digits)}`;
  return `${signed && mean > 0 ? "+" : ""}${mean.toFixed(digits)}${half}`;
}

const savingText = ({ sign, mean, low, high }: Saving): string =>
  `${sign && `${sign} `}${(100 * mean).toFixed(0)} %${low === undefined || high === undefined ? "" : ` (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)} %)`}`;

const line = (cells: readonly string[], tag: string): string =>
  `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `<div class="scroll"><table><thead>${line(head, "th")}</thead><tbody>${rows.map((row) => line(row, "td")).join("")}</tbody></table></div>`;
}

function picksOf(one: Summary, results: readonly RunResult[], { features, names, image, texts }: Shown): string {
  const run = results.find(
    ({ strategy, batch, seed }) => strategy === one.strategy && batch === one.batch && seed === 0,
  );
  const picks = run?.picks.slice(0, PICKS) ?? [];
  const called = (label: number): string => names?.[label] ?? String(label);
  const heading = `<h3>${escaped(nameOf(one))}</h3>`;
  if (!image) {
    const rows = picks.map(({ row, label, round, reason }) => [
      String(row),
      called(label),
      String(round),
      reason,
      ...(texts ? [texts[row]] : []),
    ]);
    return `<details>${heading.replace("<h3>", "<summary>").replace("</h3>", "</summary>")}${table(["row", "label", "round", "why", ...(texts ? ["what it is"] : [])], rows)}</details>`;
  }
  const [width, height] = image;
  const figures = picks.map(({ row, label, round, reason }) => {
    const url = pngUrl(features.data.subarray(row * features.dims, (row + 1) * features.dims), width, height);
    const text = `row ${row}, ${called(label)}, round ${round}: ${reason}`;
    return `<li><figure><img src="${url}" alt="${escaped(text)}" title="${escaped(text)}"><figcaption>${escaped(called(label))}</figcaption></figure></li>`;
  });
  return `${heading}<ul class="picks">${figures.join("")}</ul>`;
}
