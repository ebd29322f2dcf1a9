/** What the cpu backend is to be beside NumPy and PyTorch, and what it was measured to be, as the table of docs/cpu.md. */
import { batchCases, nameOf as nameOfBatch } from "./batches/cases.ts";
import type { BatchReport } from "./batches/report.ts";
import { cases, nameOf, product, short, type AtLeast, type Case } from "../src/bench/cases.ts";
import type { Spread } from "../src/bench/measure.ts";
import type { About, BackendAbout, Report } from "../src/bench/report.ts";

interface Wanted {
  readonly name: string;
  /** On the page. */
  readonly work: string;
  readonly rows: number;
  readonly atLeast: AtLeast;
}

/** A way to run the cpu backend, and what was measured of it, by case. */
interface Setup {
  readonly title: string;
  readonly cells: { readonly [name: string]: string };
}

/** Work that is to be so many times as fast, in the order of the table. */
const wanted: readonly Wanted[] = [
  ...[...cases, product].map((one) => ({ ...one, name: nameOf(one), work: workOf(one) })),
  ...batchCases.map((one) => ({ ...one, name: nameOfBatch(one), work: nameOfBatch(one).replaceAll("|", "\\|") })),
].flatMap(({ name, work, rows, atLeast }) => (atLeast ? [{ name, work, rows, atLeast }] : []));

/** With strategies by their names, where there are several. */
function workOf(one: Case): string {
  return nameOf(one).replace(/^\d+ strategies/, one.strategies.join(", "));
}

/** One row a work, one column a set-up; runs of the same set-up share a column. */
export function cpuTable(reports: readonly (Report | BatchReport)[]): string {
  const setups = new Map<string, Setup>();
  for (const each of reports.flatMap(setupsIn)) {
    const known = setups.get(each.title);
    setups.set(each.title, { ...each, cells: { ...known?.cells, ...each.cells } });
  }
  const columns = [...setups.values()];
  return [
    ["work", "at least", ...columns.map(({ title }) => title)],
    Array.from({ length: columns.length + 2 }, () => "---"),
    ...wanted.map(({ name, work, atLeast }) => [
      work,
      Object.entries(atLeast)
        .map(([peer, ratio]) => `${ratio}× ${peer}`)
        .join("<br>"),
      ...columns.map(({ cells }) => cells[name] ?? ""),
    ]),
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function setupsIn(report: Report | BatchReport): Setup[] {
  return report.backends
    .filter(({ backend }) => backend !== "webgpu")
    .map((about) => ({ title: titleOf(report, about), cells: cellsOf(report, about.backend) }));
}

function titleOf({ node }: About, { backend, adapter, threads }: BackendAbout): string {
  return `${backend === "cpu" ? `Node ${node}` : adapter}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}

function cellsOf({ cases: reports }: Report | BatchReport, backend: string): Setup["cells"] {
  const cells = wanted.flatMap(({ name, rows, atLeast }) => {
    const report = reports.find((each) => each.name === name);
    const result = report?.results.find((each) => each.backend === backend);
    if (!report || !result) return [];
    if ("wrong" in result) return [[name, "WRONG"]];
    const ours = secondsPerRow(result, report.rows);
    const ratios = report.peers.flatMap((peer) => {
      const by = "library" in peer ? peer.library : peer.peer;
      if (!("warm" in peer) || !(by in atLeast || by === "numpy" || by === "torch")) return [];
      return [ratioCell(by, ours, secondsPerRow(peer, report.rows), atLeast[by])];
    });
    const fewer = report.rows < rows ? [`of ${short(report.rows)} rows`] : [];
    return [[name, [...ratios, `floor/measured ${result.floorOverMeasured.toFixed(2)}`, ...fewer].join("<br>")]];
  });
  return Object.fromEntries(cells);
}

/** Of a batch all rows are timed, and it does not say so. */
function secondsPerRow({ warm, rows }: { warm: Spread; rows?: number }, all: number): Spread {
  const timed = rows ?? all;
  return { median: warm.median / timed, min: warm.min / timed, max: warm.max / timed };
}

/** From the peer's fastest run over our slowest to its slowest over our fastest. */
function ratioCell(peer: string, ours: Spread, theirs: Spread, least = 0): string {
  const ratio = theirs.median / ours.median;
  const text = `${digits(ratio)}× ${peer}`;
  return `${ratio < least ? `**${text}**` : text} (${digits(theirs.min / ours.max)}–${digits(theirs.max / ours.min)})`;
}

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));
