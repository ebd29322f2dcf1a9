/** Who labels: a person, a tool, an LLM, a recorded answer. */
import { InputError } from "../errors.ts";
import type { LoopPick } from "./pick.ts";

/** An answer: a class, or null for a row that is refused and not asked for again. */
export interface Answer {
  readonly row: number;
  readonly label: number | null;
}

/** What is asked. */
export interface Question {
  /** Rows to label, the most wanted first. */
  readonly rows: readonly number[];
  /** Why each was picked. */
  readonly picks: readonly LoopPick[];
  readonly round: number;
}

/**
 * Answers: one for each row asked, in their order, with undefined for a row that is left for later; or each with its row,
 * as they come, where a row that is not among them is left for later.
 */
export type Answers =
  | readonly (number | null | undefined)[]
  | ArrayLike<number>
  | Iterable<Answer>
  | AsyncIterable<Answer>;

/** Asked for labels; may take as long as it likes. */
export type Oracle = (question: Question) => Answers | Promise<Answers>;

/** Answers as they come, each to a row that was asked for, once, and with a class that there is. */
export async function* answersTo(
  oracle: Oracle,
  question: Question,
  classes: number | undefined,
): AsyncGenerator<Answer> {
  const given = await oracle(question);
  const open = new Set(question.rows);
  for await (const answer of eachOf(given, question.rows)) {
    if (answer === null || typeof answer !== "object" || !("row" in answer))
      throw new InputError(`oracle: gave ${String(answer)} among its answers: give { row, label } each`);
    const { row, label } = answer;
    if (!open.delete(row))
      throw new InputError(
        question.rows.includes(row)
          ? `oracle: answered row ${row} twice in round ${question.round}`
          : `oracle: answered row ${JSON.stringify(row) ?? String(row)}, which round ${question.round} did not ask for`,
      );
    checkLabel("oracle", row, label, classes);
    yield { row, label };
  }
}

/** A class that there is, or null; `who` says otherwise. */
export function checkLabel(who: string, row: number, label: number | null, classes = Infinity): void {
  if (label === null || (Number.isInteger(label) && label >= 0 && label < Math.min(classes, 2 ** 32))) return;
  const known = classes < Infinity ? `a class from 0 to ${classes - 1}` : "a whole number of at least 0";
  throw new InputError(
    `${who}: row ${row} is ${typeof label === "string" ? JSON.stringify(label) : String(label)}: a label is ${known}, or null to refuse`,
  );
}

function eachOf(given: Answers, rows: readonly number[]): Iterable<Answer> | AsyncIterable<Answer> {
  if (given === null || typeof given !== "object")
    throw new InputError(`oracle: gave ${String(given)}: give a label for each row asked`);
  if (Symbol.asyncIterator in given || (Symbol.iterator in given && !("length" in given))) return given;
  if (!("length" in given))
    throw new InputError(
      "oracle: gave an object that is no list: give a label for each row asked, or { row, label } each",
    );
  const list = Array.from(given as ArrayLike<unknown>);
  if (list.some((one) => one instanceof Promise))
    throw new InputError("oracle: gave a list of promises: wait for all of them (Promise.all)");
  if (list.some((one) => typeof one === "object" && one !== null)) return list as Answer[];
  if (list.length !== rows.length)
    throw new InputError(`oracle: gave ${list.length} labels for ${rows.length} rows: give one for each, or undefined`);
  return rows.flatMap((row, i) => (list[i] === undefined ? [] : [{ row, label: list[i] as number | null }]));
}
