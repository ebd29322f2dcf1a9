/** What the README says of the bench, from the run that is kept: one row a case, a device that is software left out. */
import { digits, duration } from "../src/bench/ceilingsTable.ts";
import type { FullReport } from "./growth/run.ts";
import { shownCases, shownLibraries, type ShownCase, type ShownResult } from "./shown.ts";

export function readmeTable(report: FullReport): string {
  const { machine, node, date, commit, poolwise, quick } = report;
  const backends = report.backends.filter(({ software }) => !software).map(({ backend }) => backend);
  const titles = backends.flatMap((backend) => [backend, "floor/measured", "times as fast as"]);
  const rowOf = ({ name, results }: ShownCase): string[] => [
    name.replaceAll("|", "\\|"),
    ...backends.flatMap((backend) => cellsOf(results.find((each) => each.backend === backend))),
  ];
  const lines = [
    ["case", ...titles],
    ["---", ...backends.flatMap(() => ["--:", "--:", "---"])],
  ];
  const versions = shownLibraries(report).map(({ library, version }) => `${library} ${version}`);
  const source = `poolwise ${poolwise}${commit ? ` (${commit})` : ""}, Node ${node}`;
  return [
    ...[...lines, ...shownCases(report).map(rowOf)].map((cells) => `| ${cells.join(" | ")} |`),
    "",
    `${source}, on ${date.slice(0, 10)}: ${machine.cpu}, ${machine.threads} threads${versions.length > 0 ? `; ${versions.join("; ")}` : ""}.${quick ? " A smoke run on few of the rows, and no measurement." : ""}`,
  ].join("\n");
}

/** Rows of what was not all timed are said: times are of those. */
function cellsOf(result: ShownResult | undefined): string[] {
  if (!result) return ["", "", ""];
  if ("wrong" in result) return ["WRONG", "", ""];
  const { warm, floorOverMeasured, ratios } = result;
  const beside = Object.entries(ratios).map(([library, ratio]) => `${library} ${digits(ratio)}`);
  return [duration(warm.median), floorOverMeasured.toFixed(2), beside.join(", ")];
}
