/** Which digit to ask for next, what has been learnt from the answers, and the same for an asker by lot. */
import { fitLogistic, predictLogistic, type LogisticModel, type Pool } from "poolwise";
import type { Digits, DigitSet } from "./data.ts";
import { ranks, type Settings } from "./settings.ts";

export const CLASSES = 10;

/** Rows that are asked for before there is a model to go by. */
export const FIRST = 10;

export interface Question {
  /** Of the pool. */
  readonly row: number;
  /** Whether it is one of the first rows, which no model picked. */
  readonly isFirst: boolean;
  /** Probability of each class, [10]; undefined while there is no model. */
  readonly beliefs: Float32Array | undefined;
}

/** A question and what came of it. */
export interface Round {
  readonly question: Question;
  /** Null where the person could not tell: such a row is not asked for again. */
  readonly label: number | null;
  /** What the label did; nothing where there is none. */
  readonly learnt?: Learnt;
}

/** Accuracies are shares of the digits held out. */
export interface Learnt {
  readonly accuracy: number;
  /** The asker by lot, which has had one label more by then, too: that of this row, from the book. */
  readonly random: { readonly row: number; readonly accuracy: number };
}

/** All there is to a run: what has been answered, and what is asked now. */
export interface Standing {
  /** The first rows to ask for, in their order. */
  readonly first: readonly number[];
  readonly rounds: readonly Round[];
  readonly question: Question;
}

interface Answered {
  readonly row: number;
  readonly label: number;
}

/** One run over a pool of the digits' features. What is asked follows from the settings and the answers alone. */
export class Labelling {
  private readonly digits: Digits;
  private readonly pool: Pool;
  private readonly settings: Settings;

  constructor(digits: Digits, pool: Pool, settings: Settings) {
    this.digits = digits;
    this.pool = pool;
    this.settings = settings;
  }

  async begin(): Promise<Standing> {
    const { start, seed } = this.settings;
    const { picks } = await this.pool.select(start, { k: FIRST, seed });
    const first = picks.map(({ row }) => row);
    return { first, rounds: [], question: { row: first[0], isFirst: true, beliefs: undefined } };
  }

  /** Takes a label, or null for a row that is to be skipped, learns from it and asks for the next row. */
  async answer({ first, rounds: before, question }: Standing, label: number | null): Promise<Standing> {
    const { pool, heldOut } = this.digits;
    const rounds: Round[] = [...before, { question, label }];
    const answered = answeredIn(rounds);
    const model = answered.length > 0 ? learn(pool, answered) : undefined;
    if (model) this.pool.use(model);
    if (label !== null) {
      const random = await this.answerByLot(before);
      rounds[before.length] = { question, label, learnt: { accuracy: accuracyOf(model!, heldOut), random } };
    }
    const isFirst = rounds.length < FIRST || new Set(answered.map((one) => one.label)).size < 2;
    const row = rounds.length < FIRST ? first[rounds.length] : await this.pick(rounds, isFirst);
    const beliefs = model && predictLogistic(model, featuresOf(pool, [row])).data;
    return { first, rounds, question: { row, isFirst, beliefs } };
  }

  private async answerByLot(before: readonly Round[]): Promise<Learnt["random"]> {
    const { pool, heldOut } = this.digits;
    const labelled = before.flatMap(({ learnt }) => learnt?.random.row ?? []);
    const { seed } = this.settings;
    const { picks } = await this.pool.select("top-k", { strategy: "random", k: 1, labelled, seed });
    const { row } = picks[0];
    const answered = [...labelled, row].map((one) => ({ row: one, label: pool.labels[one] }));
    return { row, accuracy: accuracyOf(learn(pool, answered), heldOut) };
  }

  /** By the start rule for as long as there is nothing to be unsure between. */
  private async pick(rounds: readonly Round[], isFirst: boolean): Promise<number> {
    const { strategy, batch, start, seed } = this.settings;
    const labelled = rounds.map(({ question }) => question.row);
    // The asker by lot draws by the seed itself, these rounds by those after it.
    const asked = { k: 1, labelled, seed: seed + rounds.length };
    const { picks } = isFirst
      ? await this.pool.select(start, asked)
      : await this.pool.select(batch, { ...asked, ...(ranks(batch) && { strategy }) });
    return picks[0].row;
  }
}

/** As if the last answer had not been given. */
export function undone({ first, rounds }: Standing): Standing {
  return { first, rounds: rounds.slice(0, -1), question: rounds.at(-1)!.question };
}

export const answeredIn = (rounds: readonly Round[]): Answered[] =>
  rounds.flatMap(({ question: { row }, label }) => (label === null ? [] : [{ row, label }]));

/** From nothing, so that it follows from the labels alone; no finer than it has to be, so that it takes no longer. */
function learn(set: DigitSet, answered: readonly Answered[]): LogisticModel {
  const rows = answered.map(({ row }) => row);
  const labels = answered.map(({ label }) => label);
  return fitLogistic({ features: featuresOf(set, rows), labels, classes: CLASSES, tolerance: 1e-3 });
}

function accuracyOf(model: LogisticModel, { features, labels }: DigitSet): number {
  const { data } = predictLogistic(model, features);
  const hits = labels.filter((label, row) => likeliest(data.subarray(row * CLASSES, (row + 1) * CLASSES)) === label);
  return hits.length / labels.length;
}

/** Ties to the lowest class. */
const likeliest = (beliefs: Float32Array): number => beliefs.indexOf(Math.max(...beliefs));

function featuresOf({ features: { data, dims } }: DigitSet, rows: readonly number[]) {
  const own = new Float32Array(rows.length * dims);
  rows.forEach((row, i) => own.set(data.subarray(row * dims, (row + 1) * dims), i * dims));
  return { data: own, rows: rows.length, dims };
}
