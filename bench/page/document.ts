/** What a bench measured, as a page that needs nothing but itself. */
import { ceilingColumns, digits, duration } from "../../src/bench/ceilingsTable.ts";
import { short } from "../../src/bench/cases.ts";
import { escaped } from "../../src/cli/simulate/plot.ts";
import type { FullReport } from "../growth/run.ts";
import { shownCases, shownLibraries, timedBy, type ShownCase, type ShownTimed } from "../shown.ts";
import { ratioBars, shareBars, type BarGroup } from "./bars.ts";
import { growthFigure } from "./curves.ts";
import { COLOURS, STYLE } from "./style.ts";

const boundBy = { bytes: "bytes", multiplyAdds: "fma", exps: "exp" };

export function benchPage(report: FullReport): string {
  const parts = [
    about(report),
    reading(report),
    besidePeers(report),
    floors(report),
    growth(report),
    ceilings(report),
    times(report),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>poolwise bench</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>poolwise bench</h1>
${parts.filter(Boolean).join("\n")}
</main>
</body>
</html>
`;
}

function about(report: FullReport): string {
  const { poolwise, commit, date, node, machine, backends, quick } = report;
  const lines: (readonly [string, string])[] = [
    ["poolwise", `${poolwise}${commit ? `, commit ${commit}` : ""}`],
    ["measured", `${date.slice(0, 16).replace("T", " ")} UTC`],
    ["machine", `${machine.cpu}, ${machine.threads} threads, ${machine.platform}`],
    ["Node", node],
    ...backends.map(({ backend, adapter, software, threads }) => [backend, `${adapter}${backend === "webgpu" || adapter.includes("thread") ? "" : `, ${threads} ${threads === 1 ? "thread" : "threads"}`}${software ? " (software)" : ""}`] as const), // prettier-ignore
    ...shownLibraries(report).map(({ library, version }) => [library, version] as const),
  ];
  const software = backends.filter((each) => each.software).map(({ backend }) => backend);
  return [
    `<dl>${lines.map(([term, value]) => `<dt>${escaped(term)}</dt><dd>${escaped(value)}</dd>`).join("")}</dl>`,
    quick && `<p class="warning">A smoke run on few of the rows: it shows that all of this works, and is no measurement.</p>`,
    software.length > 0 && `<p class="warning">${escaped(software.join(", "))} ran on a CPU that plays a GPU: that proves its answers right, and says nothing of the speed of a GPU.</p>`, // prettier-ignore
  ].filter(Boolean).join("\n"); // prettier-ignore
}

function reading(report: FullReport): string {
  const answers = [
    ...shownCases(report).flatMap((one) => one.results),
    ...(report.growth ?? []).flatMap(({ curves }) => curves),
  ];
  const wrong = answers.filter((one) => "wrong" in one).length;
  const all = answers.length === 0 ? "" : wrong === 0 ? " All of ours were right." : ` <strong class="wrong">${wrong} of ${answers.length} of ours were wrong.</strong>`; // prettier-ignore
  return `<h2>How to read this</h2>
<ul>
<li>Every result was held against the textbook formula in float64 before its time was taken; what is wrong is not timed. Of work that takes plain JavaScript minutes, one row in fifty was.${all}</li>
<li>Times are medians of warm passes, as a caller waits for them. All that is compared ran in one process after the other, on the same data.</li>
<li>A ratio is our rows a second over a peer’s: above 1 poolwise is faster. A peer that would take minutes gets the first rows only, as many as the table says, or a time scaled from a sample. One whose answer is not that of the formula has no ratio, and the table says why.</li>
<li>The floor is the least time that the work can take here: its bytes read once, its multiply-adds or its exponentials, whichever is longest at the best rate that this backend was measured to have. Floor over measured is 1 where nothing could be faster; where it is more, a kernel has a better way than what the rate was measured with.</li>
</ul>`;
}

function besidePeers(report: FullReport): string {
  if (shownLibraries(report).length === 0) return "";
  const cases = shownCases(report);
  const sections = report.backends.map(({ backend, software }) => {
    const groups = cases.flatMap(({ name, results }): BarGroup[] => {
      const result = timedBy(results, backend);
      const ratios = Object.entries(result?.ratios ?? {});
      if (ratios.length === 0) return [];
      const bars = ratios.map(([library, value]) => ({ name: library, value, text: `×${digits(value)}`, colour: value < 1 ? 1 : 0 })); // prettier-ignore
      return [{ name, bars }];
    });
    return groups.length === 0
      ? ""
      : `<h2>${escaped(backend)}${software ? " (software)" : ""} beside its peers</h2>${ratioBars(groups)}`;
  });
  return sections.join("\n");
}

function floors(report: FullReport): string {
  const colour = new Map(report.backends.map(({ backend }, i) => [backend, i % COLOURS]));
  const groups = shownCases(report).flatMap(({ name, results }): BarGroup[] => {
    const timed = results.filter((result) => "warm" in result);
    if (timed.length === 0) return [];
    const bars = timed.map(({ backend, floorOverMeasured, floor }) => ({
      name: backend,
      value: floorOverMeasured,
      text: `${floorOverMeasured.toPrecision(2)} ${boundBy[floor.boundBy]}`,
      colour: colour.get(backend) ?? 0,
    }));
    return [{ name, bars }];
  });
  return groups.length === 0
    ? ""
    : `<h2>Floor over measured</h2><p>Beside each share stands what the floor is of: bytes read, multiply-adds (fma) or exponentials (exp).</p>${shareBars(groups)}`;
}

function growth({ growth: sweeps = [], backends }: FullReport): string {
  if (sweeps.length === 0) return "";
  const colourOf = (backend: string): number =>
    Math.max(
      0,
      backends.findIndex((each) => each.backend === backend),
    ) % COLOURS;
  return `<h2>As work grows</h2>
<p>Each size over two decades, all else as it is; both axes are logarithmic, so that a power is a straight line. The exponent is fitted over all points by least squares, ± its standard error; at the end it is from the last point but one to the last, where what every call costs counts least. Thin lines go from the quickest pass to the slowest; the dashed one is what theory has.</p>
<div class="growth">${sweeps.map((sweep) => growthFigure(sweep, colourOf)).join("")}</div>`;
}

function ceilings({ ceilings: all = [], backends }: FullReport): string {
  if (all.length === 0) return "";
  const software = new Set(backends.filter((each) => each.software).map(({ backend }) => backend));
  return `<h2>Ceilings</h2>
<p>What each backend does at its best, measured in the same run: summing what it reads, multiply-adds and exponentials in registers; a dispatch that does nothing, a few bytes mapped, and bytes moved to where kernels work and back.</p>
${table(["backend", ...ceilingColumns.map(({ title }) => title)], all.map((one) => [`${one.backend}${software.has(one.backend) ? " (software)" : ""}`, ...ceilingColumns.map(({ key, text }) => text(one[key]))]))}`; // prettier-ignore
}

const timesHead = ["by", "rows", "runs", "median", "quickest–slowest", "Mrows/s", "floor/measured", "×"];

function times(report: FullReport): string {
  const cases = shownCases(report);
  if (cases.length === 0) return "";
  const groups = cases.map((one) => {
    const title = `<tr><th colspan="${timesHead.length}">${escaped(one.name)}</th></tr>`;
    return `<tbody>${title}${bodyLines(timesHead, timesOf(one))}</tbody>`;
  });
  return `<h2>All times</h2><div class="times">${tableOf(timesHead, groups.join(""))}</div>`;
}

function timesOf({ results, peers }: ShownCase): string[][] {
  const own = results.map((result) => {
    const by = `${result.backend}${result.software ? " (software)" : ""}`;
    if ("wrong" in result) return untimed(by, result.rows, `wrong: ${firstLine(result.wrong)}`);
    return [by, ...measured(result), result.floorOverMeasured.toPrecision(2)];
  });
  const theirs = peers.map((peer) => {
    if ("fault" in peer) return untimed(peer.library, peer.rows, `no ratio: ${firstLine(peer.fault)}`);
    const by = `${peer.library}${peer.scaled ? " (from a sample)" : ""}`;
    const ratio = results.flatMap((result) => ("ratios" in result ? (result.ratios[peer.library] ?? []) : []))[0];
    return [by, ...measured(peer), "", ratio === undefined ? "" : digits(ratio)];
  });
  return [...own, ...theirs];
}

/** Why there is no time, at the end of the line. */
const untimed = (by: string, rows: number, why: string): string[] => [by, short(rows), "", "", "", "", "", why];

const measured = ({ rows, runs, warm }: Pick<ShownTimed, "runs" | "warm"> & { readonly rows: number }): string[] => [
  short(rows),
  String(runs),
  duration(warm.median),
  `${duration(warm.min)}–${duration(warm.max)}`,
  digits(rows / warm.median / 1e6),
];

const firstLine = (text: string): string => text.split("\n", 1)[0];

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  tableOf(head, `<tbody>${bodyLines(head, rows)}</tbody>`);

const tableOf = (head: readonly string[], bodies: string): string =>
  `<div class="scroll"><table><thead>${tableLine(head, "th")}</thead>${bodies}</table></div>`;

/** A cell for each title, empty at the end of a line that has fewer. */
const bodyLines = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows
    .map((row) =>
      tableLine(
        head.map((_, i) => row[i] ?? ""),
        "td",
      ),
    )
    .join("");

const tableLine = (cells: readonly string[], tag: string): string =>
  `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
