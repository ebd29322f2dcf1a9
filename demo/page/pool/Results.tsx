/** What was found: how scores are spread, the picks, and where they lie. */
import { Button, ButtonRow } from "../parts/Button.tsx";
import { Histogram } from "../parts/Histogram.tsx";
import { percent, Readings, type Reading } from "../parts/Readings.tsx";
import type { Findings } from "./findings.ts";
import { PicksTable } from "./PicksTable.tsx";
import { PlanePlot } from "./PlanePlot.tsx";
import { savePicks } from "./save.ts";
import type { Session } from "./session.ts";

export function Results({ session, findings }: { readonly session: Session; readonly findings: Findings }) {
  const { selected, scores, choice } = findings;
  const { picks, batch, strategy, seed, rows } = selected;
  const { predictions, embeddings } = session.files.value;
  const source = (predictions ?? embeddings)!;
  return (
    <div class="stack results" data-picked={picks.length}>
      <h2>
        {counted(picks.length, "pick")} by {batch}
        {strategy && ` and ${strategy}`}, seed {seed}
      </h2>
      <Readings readings={readingsOf(findings)} />
      {scores ? (
        <Histogram
          label={`${choice.strategy} of ${counted(rows, "row")}`}
          values={scores}
          mark={{ at: scores[picks.at(-1)!.row], label: `pick ${picks.length}` }}
        />
      ) : (
        <p class="hint">Embeddings alone have no scores to show. Predictions do.</p>
      )}
      <ButtonRow label="Download of the picks">
        <Button onClick={() => void savePicks(selected, source, ".csv")}>Download .csv</Button>
        <Button onClick={() => void savePicks(selected, source, ".json")}>Download .json</Button>
      </ButtonRow>
      <PlanePlot session={session} findings={findings} />
      <PicksTable findings={findings} source={source} />
    </div>
  );
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
const short = (value: number): string => String(Number(value.toPrecision(4)));
const whole = (value: number): string => value.toLocaleString("en");

/** What the rule tells of its picks together comes last, where it tells anything. */
function readingsOf({ selected, took }: Findings): Reading[] {
  const { rows, picks, invalid, refereed, radius, jointInformation, evaluationShare } = selected;
  const told: Reading[] = [
    { name: "invalid", label: "Left out", value: invalid || undefined, format: whole },
    { name: "radius", label: "Radius: no row is farther from a pick", value: radius, format: short },
    { name: "jointInformation", label: "Joint information, nats", value: jointInformation, format: short },
    { name: "evaluationShare", label: "Distances taken, of all", value: evaluationShare, format: percent },
  ];
  return [
    { name: "rows", label: "Rows", value: rows, format: whole },
    { name: "picks", label: "Picks", value: picks.length, format: whole },
    { name: "seconds", label: "Seconds", value: took, format: (value) => value.toFixed(2) },
    { name: "refereed", label: "Settled in float64", value: refereed, format: whole },
    ...told.filter(({ value }) => value !== undefined),
  ];
}
