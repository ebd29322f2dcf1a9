/** What the README says of the bench, from the run that is kept: one row a case, a device that is software left out. */
import { digits, duration } from "../src/bench/ceilingsTable.ts";
import { short } from "../src/bench/cases.ts";
import { nameOf as shortNameOf, shortCases } from "./batches/cases.ts";
import type { FullReport } from "./growth/run.ts";
import { sweeps, type Sweep } from "./growth/sweeps.ts";
import { shownCases, shownLibraries, type ShownCase, type ShownResult } from "./shown.ts";

export function readmeTable(report: FullReport): string {
  const { machine, node, date, commit, poolwise, quick } = report;
  const backends = report.backends.filter(({ software }) => !software).map(({ backend }) => backend);
  const titles = backends.flatMap((backend) => [backend, "floor/measured", "times as fast as"]);
  const isShown = ({ results }: ShownCase): boolean => results.some(({ backend }) => backends.includes(backend));
  const rowOf = ({ name, rows, results }: ShownCase): string[] => [
    name.replaceAll("|", "\\|"),
    ...backends.flatMap((backend) => cellsOf(rows, results.find((each) => each.backend === backend))), // prettier-ignore
  ];
  const lines = [
    ["case", ...titles],
    ["---", ...backends.flatMap(() => ["--:", "--:", "---"])],
  ];
  const versions = shownLibraries(report).map(({ library, version }) => `${library} ${version}`);
  const source = `poolwise ${poolwise}${commit ? ` (${commit})` : ""}, Node ${node}`;
  return [
    ...[...lines, ...shownCases(report).filter(isShown).map(rowOf)].map((cells) => `| ${cells.join(" | ")} |`),
    "",
    `${source}, on ${date.slice(0, 10)}: ${machine.cpu}, ${machine.threads} threads${versions.length > 0 ? `; ${versions.join("; ")}` : ""}.${quick ? " A smoke run on few of the rows, and no measurement." : ""}`,
  ].join("\n");
}

/**
 * What a run that broke off, or was made of some cases alone, has not timed of what comes last. A strategy that is new has
 * a case by itself, and needs no new run.
 */
export function lacking(report: FullReport): string[] {
  const there = new Set([...shownCases(report).map(({ name }) => name), ...report.growth.map(nameOfSweep)]);
  const done = shortCases.filter(({ on }) => !on || report.backends.some(({ backend }) => backend === on));
  return [...done.map(shortNameOf), ...sweeps.map(nameOfSweep)].filter((name) => !there.has(name));
}

const nameOfSweep = ({ by }: Pick<Sweep, "by">): string => `sweep of ${by}`;

/** Times of a part of the rows say of how many. */
function cellsOf(rows: number, result: ShownResult | undefined): string[] {
  if (!result) return ["", "", ""];
  if ("wrong" in result) return ["WRONG", "", ""];
  const { warm, floorOverMeasured, ratios } = result;
  const beside = Object.entries(ratios).map(([library, ratio]) => `${library} ${digits(ratio)}`);
  const part = result.rows < rows ? ` for ${short(result.rows)} rows` : "";
  return [duration(warm.median) + part, floorOverMeasured.toPrecision(2), beside.join(", ")];
}
