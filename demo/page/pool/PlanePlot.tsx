/** All rows in the plane of their first two principal directions, the picks among them marked. */
import { useMemo } from "preact/hooks";
import { Legend } from "../parts/Legend.tsx";
import { percent } from "../parts/Readings.tsx";
import type { Mark } from "../parts/scatter/marks.ts";
import { Scatter } from "../parts/scatter/Scatter.tsx";
import { SHOWN, type Findings } from "./findings.ts";
import type { Session } from "./session.ts";

export function PlanePlot({ session, findings }: { readonly session: Session; readonly findings: Findings }) {
  const { embeddings, predictions, labelled } = session.files.value;
  const plane = session.plane.value;
  const { picks } = findings.selected;
  const marks = useMemo<Mark[]>(
    () => [
      ...(labelled?.rows ?? []).slice(0, SHOWN).map((row) => ({ row, kind: "labelled" as const })),
      ...picks.slice(0, SHOWN).map(({ row }) => ({ row, kind: "pick" as const })),
    ],
    [labelled, picks],
  );
  const places = useMemo(() => new Map(picks.map(({ row }, at) => [row, at + 1])), [picks]);

  if (!embeddings)
    return <p class="hint">There is no plot: where rows lie is in their embeddings, which you may add.</p>;
  if (!plane)
    return <p class="hint">{session.working.value ? "The plot is on its way." : "Pick again for the plot."}</p>;
  const { points, shares, measuredOn, classes } = plane;
  const describe = (row: number): string => {
    const said = [`row ${row}`, classes && `class ${classes[row]}`, places.has(row) && `pick ${places.get(row)}`];
    return said.filter(Boolean).join(", ");
  };
  return (
    <section class="stack plane" aria-label="Plot" data-shares={shares.join(" ")} data-measured-on={measuredOn}>
      <Scatter
        label="Rows along their first two principal directions"
        points={points}
        classes={classes}
        marks={marks}
        describe={describe}
      />
      {classes && <Legend names={Array.from({ length: predictions!.cols }, (_, label) => `class ${label}`)} />}
      <p class="hint">
        Each point is a row, along the two directions in which the embeddings are widest: to the right{" "}
        {percent(shares[0])} of their variance, upwards {percent(shares[1] ?? 0)}. Rows that are apart in other
        directions may lie together here.{classes ? " Colours are the likeliest class." : ""}
        {measuredOn < points.length / 2 &&
          ` The directions come from a sample of ${measuredOn.toLocaleString("en")} rows.`}
        {picks.length > SHOWN && ` The first ${SHOWN} picks are marked.`}
      </p>
    </section>
  );
}
