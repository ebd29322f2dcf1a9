/** What has been labelled so far, the newest first. */
import { pixelsOf, type Digits } from "./data.ts";
import { DigitImage } from "./DigitImage.tsx";
import { answeredIn, type Round } from "./labelling.ts";

export function LabelledRows({ digits, rounds }: { readonly digits: Digits; readonly rounds: readonly Round[] }) {
  const { pool } = digits;
  const answered = answeredIn(rounds).toReversed();
  const differs = answered.some(({ row, label }) => label !== pool.labels[row]);
  return (
    <section class="stack">
      <h3>Labelled so far</h3>
      {answered.length === 0 && <p class="hint">Nothing yet.</p>}
      <ul class="labelled-rows" tabIndex={0} aria-label="Labelled so far">
        {answered.map(({ row, label }) => (
          <li key={row} data-row={row} data-label={label}>
            <DigitImage pixels={pixelsOf(pool, row)} label={`row ${row}`} />
            <span>
              {label}
              {label !== pool.labels[row] && <span class="book"> ≠ {pool.labels[row]}</span>}
            </span>
          </li>
        ))}
      </ul>
      {differs && <p class="hint">≠ is followed by what the book says.</p>}
    </section>
  );
}
