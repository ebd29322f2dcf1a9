/** What the README says of the bench, from the run that is kept: one row a case, a device that is software left out. */
import { digits } from "../src/bench/ceilingsTable.ts";
import type { BackendReport, CaseReport, Report } from "../src/bench/report.ts";

export function readmeTable(report: Report): string {
  const { machine, node, date, commit, poolwise, peers, quick } = report;
  const backends = report.backends.filter(({ software }) => !software).map(({ backend }) => backend);
  const columns = backends.flatMap((backend) => [
    { title: `${backend}, Mrows/s`, cell: (result: Timed) => digits(result.rowsPerSecond / 1e6), backend },
    { title: "floor/measured", cell: (result: Timed) => result.floorOverMeasured.toFixed(2), backend },
    ...peers.map(({ library }) => ({
      title: `× ${library}`,
      cell: ({ ratios }: Timed) => (library in ratios ? digits(ratios[library]) : ""),
      backend,
    })),
  ]);
  const rowOf = ({ name, results }: CaseReport): string[] => [
    name.replaceAll("|", "\\|"),
    ...columns.map(({ backend, cell }) => {
      const result = results.find((each) => each.backend === backend);
      return !result ? "" : "wrong" in result ? "WRONG" : cell(result);
    }),
  ];
  const lines = [
    ["case", ...columns.map(({ title }) => title)],
    ["---", ...columns.map(() => "--:")],
  ];
  const versions = peers.map(({ library, version }) => `${library} ${version}`).join(", ");
  const source = `poolwise ${poolwise}${commit ? ` (${commit})` : ""}, Node ${node}`;
  return [
    ...[...lines, ...report.cases.map(rowOf)].map((cells) => `| ${cells.join(" | ")} |`),
    "",
    `${source}, on ${date.slice(0, 10)}: ${machine.cpu}, ${machine.threads} threads${versions ? `; ${versions}` : ""}.${quick ? " A smoke run on few of the rows, and no measurement." : ""}`,
  ].join("\n");
}

type Timed = Extract<BackendReport, { warm: unknown }>;
