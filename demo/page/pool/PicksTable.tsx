/** The picks in their order, with all that their rule tells of each. */
import type { Batch, RowSource } from "poolwise";
import { percent } from "../parts/Readings.tsx";
import { Table, type Column } from "../parts/Table.tsx";
import { SHOWN, type Findings } from "./findings.ts";

type Pick = Batch["picks"][number];

export function PicksTable({ findings, source }: { readonly findings: Findings; readonly source: RowSource }) {
  const { selected, likeliest } = findings;
  const { picks } = selected;
  const columns: Column<Pick>[] = [
    { title: "Pick", cell: (_, at) => at + 1, numeric: true },
    ...(source.origin ? [{ title: "File", cell: ({ row }: Pick) => placeOf(source, row) }] : []),
    ...keysOf(picks).map((key) => ({
      title: titles[key] ?? key,
      cell: (pick: Pick) => told(pick[key]),
      numeric: true,
    })),
  ];
  if (likeliest) {
    columns.push({ title: "Likeliest class", cell: (_, at) => likeliest[at].label, numeric: true });
    columns.push({ title: "Its probability", cell: (_, at) => percent(likeliest[at].probability), numeric: true });
  }
  const caption =
    picks.length > SHOWN
      ? `The first ${SHOWN} of ${picks.length.toLocaleString("en")} picks; a download has them all`
      : "Picks, the first to be labelled first";
  return <Table caption={caption} columns={columns} rows={picks.slice(0, SHOWN)} />;
}

const titles: Partial<Record<keyof Pick, string>> = {
  row: "Row",
  score: "Score",
  standardError: "Standard error",
};

/** Not every pick has all of them: one that was drawn says so. */
const keysOf = (picks: readonly Pick[]): (keyof Pick)[] => [
  ...new Set(picks.flatMap((pick) => Object.keys(pick) as (keyof Pick)[])),
];

function told(value: number | boolean | undefined): string {
  if (typeof value === "number") return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
  return value === undefined ? "" : String(value);
}

function placeOf(source: RowSource, row: number): string {
  const { file, fileRow } = source.origin!(row);
  return `${file}, row ${fileRow}`;
}
