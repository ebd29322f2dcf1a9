/** What the model believes of a digit: of the one before, unless a person asks to be told of the one at hand. */
import { useState } from "preact/hooks";
import { Switch } from "../parts/Field.tsx";
import { percent } from "../parts/Readings.tsx";
import { pixelsOf, type Digits } from "./data.ts";
import { DigitImage } from "./DigitImage.tsx";
import type { Question, Round } from "./labelling.ts";

interface BeliefsProps {
  readonly digits: Digits;
  readonly question: Question | undefined;
  readonly before: Round | undefined;
}

export function Beliefs({ digits, question, before }: BeliefsProps) {
  const [tellsAhead, setTellsAhead] = useState(false);
  const shown = tellsAhead ? question : before?.question;
  return (
    <section class="beliefs stack card" data-row={shown?.row}>
      <h3>{tellsAhead ? "What the model thinks of this digit" : "What the model thought of the digit before"}</h3>
      {!tellsAhead && before && (
        <p class="subject">
          <DigitImage pixels={pixelsOf(digits.pool, before.question.row)} label={`row ${before.question.row}`} />
          {before.label === null ? "You skipped it." : `You said ${before.label}.`}
        </p>
      )}
      {shown?.beliefs ? <Bars beliefs={shown.beliefs} /> : <p class="hint">{whyNone(shown)}</p>}
      <Switch
        label="Tell me before I answer"
        value={tellsAhead}
        onChange={setTellsAhead}
        hint="It might talk you into its own opinion."
      />
    </section>
  );
}

const whyNone = (shown: Question | undefined): string =>
  shown ? "There was no model yet: it needs a label to learn from." : "Shown once you have answered.";

function Bars({ beliefs }: { readonly beliefs: Float32Array }) {
  return (
    <ul class="bars">
      {Array.from(beliefs, (probability, label) => (
        <li key={label}>
          <span>{label}</span>
          <span class="track">
            <span style={{ width: `${100 * probability}%` }} />
          </span>
          <output data-belief={label} data-value={probability}>
            {percent(probability)}
          </output>
        </li>
      ))}
    </ul>
  );
}
