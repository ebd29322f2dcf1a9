/** One rule: what it would have you label, how good that is, and why. */
import { useMemo, useState } from "preact/hooks";
import { Readings, type Reading } from "../parts/Readings.tsx";
import { ProgressBar } from "../parts/ProgressBar.tsx";
import type { Mark } from "../parts/scatter/marks.ts";
import { Scatter } from "../parts/scatter/Scatter.tsx";
import { measureLooks, measureNames, type Measures } from "./measures.ts";
import { holds, rowsOf, type Found } from "./runs.ts";
import type { Rule, Settings } from "./settings.ts";
import type { Work } from "./useRuns.ts";
import { tellOf, whyPicked, worksFrom } from "./why.ts";

interface TileProps {
  readonly rule: Rule;
  readonly settings: Settings;
  /** Its last picks, if it has any yet. */
  readonly found?: Found;
  /** What is being worked on, if that is this rule. */
  readonly work?: Work;
}

export function Tile({ rule, settings, found, work }: TileProps) {
  const [lastSingled, setSingled] = useState<number>();
  const singled = lastSingled !== undefined && found && lastSingled < found.scene.rows ? lastSingled : undefined;
  const state = work ? "working" : found && holds(found, settings) ? "done" : "waiting";
  const id = `rule-${rule.name}`;
  return (
    <article
      class="card tile"
      data-rule={rule.name}
      data-state={state}
      aria-busy={state !== "done"}
      aria-labelledby={id}
    >
      <header>
        <h2 id={id}>{rule.name}</h2>
        <span class="state">{{ working: "picking …", waiting: "waiting", done: "" }[state]}</span>
      </header>
      <p class="hint">
        {capital(rule.about)}. {worksFrom(rule)}
      </p>
      {found ? <Plot found={found} onSingle={setSingled} /> : <div class="empty" />}
      <div class="below">
        {work?.progress ? (
          <ProgressBar label={work.progress.stage} done={work.progress.rows} of={work.progress.of} />
        ) : (
          <output class="why" data-name="why" data-row={singled} aria-live="polite">
            {found && singled !== undefined
              ? tellOf(found, singled)
              : "Point at a ring, or use the arrow keys in the plot: here is why."}
          </output>
        )}
      </div>
      <Readings readings={readingsOf(found?.measures)} />
      {found && <Picks found={found} />}
    </article>
  );
}

function Plot({ found, onSingle }: { readonly found: Found; readonly onSingle: (row: number | undefined) => void }) {
  const { scene, rule, batch } = found;
  const marks = useMemo(() => marksOf(found), [batch, scene]);
  const order = useMemo(() => new Map(rowsOf(found).map((row, at) => [row, at])), [batch]);
  const describe = (row: number): string => (order.has(row) ? `pick ${order.get(row)! + 1}` : `row ${row}`);
  const { points, classes, extent, regions } = scene;
  return (
    <Scatter label={`What ${rule.name} picks`} {...{ points, classes, extent, regions, marks, describe, onSingle }} />
  );
}

/** Picks first, in their order: arrow keys go through marks. */
const marksOf = (found: Found): readonly Mark[] => [
  ...rowsOf(found).map((row, at) => ({ row, kind: "pick", text: String(at + 1) }) as const),
  ...Array.from(found.scene.labelled, (row) => ({ row, kind: "labelled" }) as const),
];

/** All picks, and why each, made when it is asked for. */
function Picks({ found }: { readonly found: Found }) {
  const [isOpen, setOpen] = useState(false);
  const reasons = useMemo(
    () => (isOpen ? found.batch.picks.map((_, at) => whyPicked(found, at)) : []),
    [isOpen, found],
  );
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Every pick, and why</summary>
      <ol>
        {reasons.map((reason, at) => (
          <li key={at} data-row={found.batch.picks[at].row}>
            {reason}
          </li>
        ))}
      </ol>
    </details>
  );
}

const readingsOf = (measures: Measures | undefined): readonly Reading[] =>
  measureNames.map((name) => ({ name, ...measureLooks[name], value: measures?.[name] }));

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);
