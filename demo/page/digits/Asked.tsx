/** The digit that is asked for, and what a person can say to it. */
import { useEffect } from "preact/hooks";
import { Button, ButtonRow } from "../parts/Button.tsx";
import { pixelsOf } from "./data.ts";
import type { Desk } from "./desk.ts";
import { DigitImage } from "./DigitImage.tsx";
import { CLASSES, FIRST, type Question } from "./labelling.ts";
import { ranks, type Settings } from "./settings.ts";

/** Answers that are given in one go. */
const MANY = 50;

const classes = Array.from({ length: CLASSES }, (_, digit) => digit);

export function Asked({ desk }: { readonly desk: Desk }) {
  const { digits, isGiving, settings, standing, turn } = desk;
  const { question, rounds } = standing.value ?? {};
  // Not while answers are given: a key that is pressed then would meet a digit that nobody has looked at.
  const say = (label: number | null) => void (isGiving.value || desk.answer(label));
  useKeys(desk, say);
  return (
    <>
      <h2 id="asked">Which digit is this?</h2>
      <div
        class="asked"
        data-row={question?.row}
        data-rounds={rounds?.length}
        data-state={isGiving.value ? "giving" : turn.value}
      >
        {question && (
          <DigitImage pixels={pixelsOf(digits.pool, question.row)} label={`the digit to label, row ${question.row}`} />
        )}
      </div>
      <div class="keypad" role="group" aria-labelledby="asked">
        {classes.map((digit) => (
          <Button key={digit} onClick={() => say(digit)}>
            {digit}
          </Button>
        ))}
      </div>
      <ButtonRow label="Other answers">
        <Button onClick={() => say(null)}>I can’t tell</Button>
        <Button onClick={() => desk.undo()} disabled={!rounds?.length}>
          Undo
        </Button>
      </ButtonRow>
      <ButtonRow label="Answers by the book">
        <Button onClick={() => void desk.answerByBook(1)}>Answer for me</Button>
        {isGiving.value ? (
          <Button pressed onClick={() => desk.stop()}>
            Stop
          </Button>
        ) : (
          <Button onClick={() => void desk.answerByBook(MANY)}>Answer {MANY} for me</Button>
        )}
      </ButtonRow>
      <p class="hint" aria-live="polite">
        {question ? whyAsked(question, rounds!.length, settings.value) : "Looking for the first digits to ask for …"}
      </p>
      <p class="hint">
        Press <kbd>0</kbd> to <kbd>9</kbd> on the keyboard, <kbd>?</kbd> to skip a digit, <kbd>Backspace</kbd> to undo.
      </p>
    </>
  );
}

function whyAsked({ row, isFirst }: Question, asked: number, { start, strategy, batch }: Settings): string {
  if (asked < FIRST)
    return `Row ${row}: one of the first ${FIRST}, picked by ${start} before there is a model to go by.`;
  if (isFirst) return `Row ${row}: picked by ${start}, since fewer than two classes are known so far.`;
  return `Row ${row}: of the rows without a label, the pick of ${batch}${ranks(batch) ? ` by ${strategy}` : ""}.`;
}

/** Keys that answer, wherever the focus is but where a number is typed. */
function useKeys(desk: Desk, say: (label: number | null) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const { key, target, repeat, ctrlKey, altKey, metaKey } = event;
      if (repeat || ctrlKey || altKey || metaKey || (target as Element).closest("input[type=number]")) return;
      if (/^[0-9]$/.test(key)) say(Number(key));
      else if (key === "?") say(null);
      else if (key === "Backspace") desk.undo();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [desk, say]);
}
