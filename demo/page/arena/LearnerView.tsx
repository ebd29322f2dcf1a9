/** The pool as one learner has it: its regions, its labelled rows, and what it asks for next. */
import { useCallback, useMemo } from "preact/hooks";
import type { Extent } from "../parts/scatter/extent.ts";
import type { Mark } from "../parts/scatter/marks.ts";
import { Scatter } from "../parts/scatter/Scatter.tsx";
import type { Shown } from "./match.ts";
import type { World } from "./world.ts";

interface LearnerViewProps {
  /** In `data-learner`. */
  readonly id: "asked" | "random";
  readonly title: string;
  readonly about: string;
  readonly shown: Shown;
  readonly world: World;
  readonly extent: Extent;
}

export function LearnerView({ id, title, about, shown, world, extent }: LearnerViewProps) {
  const { picks, labelled, regions } = shown;
  const marks = useMemo(
    () => [
      ...Array.from(labelled, (row): Mark => ({ row, kind: "labelled" })),
      ...picks.map(({ row }, at): Mark => ({ row, kind: at === 0 ? "next" : "pick" })),
    ],
    [labelled, picks],
  );
  const describe = useCallback((row: number) => described(row, shown, world), [shown, world]);
  const rows = picks.map(({ row }) => row);
  return (
    <section class="learner" data-learner={id} aria-label={title}>
      <h2>{title}</h2>
      <p class="hint">{about}</p>
      <Scatter
        label={`The pool as ${title} has it`}
        points={world.features.data}
        classes={world.labels}
        {...{ extent, regions, marks, describe }}
      />
      <p class="hint">
        {rows.length > 0 ? "Asks next for rows " : "Asks for nothing more"}
        <output data-name={`${id}-picks`} data-value={rows.join(" ")}>
          {rows.join(", ")}
        </output>
      </p>
    </section>
  );
}

/** In a few words: what is known of a row, or why it is asked for. */
function described(row: number, { picks, labelled }: Shown, { labels }: World): string {
  const pick = picks.find((one) => one.row === row);
  if (pick) return `row ${row}: asked for next, ${pick.reason}`;
  return labelled.includes(row) ? `row ${row}: labelled, class ${labels[row]}` : `row ${row}: not labelled`;
}
