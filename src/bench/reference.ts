/** The right answer of a case, from the textbook formulas in float64, and what is wrong with another one. */
import { Pace } from "../pace.ts";
import type { PassOptions } from "../backends/backend.ts";
import { beliefsReader } from "../backends/cpu/reference.ts";
import type { Pick as Picked } from "../index.ts";
import { strategyOf } from "../scores/index.ts";
import { rowsJudged, type Case } from "./cases.ts";
import { sampleRows, type Made } from "./data.ts";

/**
 * How far a float32 score may be off: absolute in the score's unit, plus this share of the score. The unit is 1, or for
 * gradients the longest of the row's.
 */
const ABSOLUTE = 2e-6;
const RELATIVE = 1e-5;

/** What a backend gave: scores of its rows by each strategy, or picks. */
export interface Answer {
  readonly values?: readonly Float32Array[];
  readonly picks?: readonly Picked[];
}

export interface Reference {
  /** Rows whose scores are judged, ascending. */
  readonly rows: Uint32Array;
  /** Scores of those rows by each strategy, [strategies, rows], or of the picks, best first: what peers are held to. */
  readonly expected: Float32Array;
  /** The first thing that is wrong with an answer on the pool's first rows, in words. */
  faultIn(answer: Answer, rowsTimed: number): string | undefined;
}

/** Scores that rows should have, and how far each may be missed. */
export interface Right {
  readonly rows: Uint32Array;
  readonly scores: Float64Array;
  readonly slack: Float64Array;
}

const defaults: PassOptions = { temperature: 1, seed: 0, passes: 1, dropout: 0, eglLayers: "all", pace: new Pace() };

/** What a case asks the library for beyond its defaults. Stored passes are there without asking. */
export const dropoutOf = ({ kind, passes, dropout }: Case): Pick<PassOptions, "passes" | "dropout"> | undefined =>
  kind === "features" && passes !== undefined && dropout !== undefined ? { passes, dropout } : undefined;

export function referenceOf(one: Case, made: Made): Reference {
  const { strategies, k } = one;
  const rows = sampleRows(one.rows, rowsJudged(one));
  const right = strategies.map((name) => textbookScores(name, one, made, rows));
  if (k === undefined) {
    return {
      rows,
      expected: Float32Array.from(right.flatMap(({ scores }) => [...scores])),
      faultIn: ({ values = [] }, rowsTimed) => setFault(values, right, rowsTimed),
    };
  }
  const best = highest(right[0]?.scores ?? Float64Array.from(made.values), k);
  return {
    rows,
    expected: Float32Array.from(best, ({ score }) => score),
    faultIn: ({ picks }) => pickFault(picks ?? [], best),
  };
}

function textbookScores(name: string, one: Case, { input, values }: Made, rows: Uint32Array): Right {
  const strategy = strategyOf(name);
  const { rows: all, cols } = input.source;
  const gradients = strategy.needs === "gradients";
  const read = beliefsReader(input, { ...defaults, ...dropoutOf(one) }, gradients);
  const scores = new Float64Array(rows.length);
  const slack = new Float64Array(rows.length);
  rows.forEach((row, i) => {
    const beliefs = read(values, row * cols, row, all * cols);
    scores[i] = strategy.score(beliefs);
    slack[i] = ABSOLUTE * (gradients ? Math.max(...beliefs.gradients) : 1) + RELATIVE * Math.abs(scores[i]);
  });
  return { rows, scores, slack };
}

/** The k highest, best first, ties to the lowest row: by a full sort, as nothing that is timed does it. */
export function highest(scores: Float64Array, k: number): Picked[] {
  const bar = scores.toSorted()[scores.length - k];
  const picks: Picked[] = [];
  scores.forEach((score, row) => score >= bar && picks.push({ row, score }));
  return picks.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, k);
}

/** Every strategy asked for is judged by itself. */
function setFault(values: readonly Float32Array[], right: readonly Right[], rowsTimed: number): string | undefined {
  if (values.length !== right.length) return `scores by ${values.length} strategies of ${right.length}`;
  return values.map((scores, i) => scoreFault(scores, right[i], rowsTimed)).find(Boolean);
}

export function scoreFault(
  values: Float32Array,
  { rows, scores, slack }: Right,
  rowsTimed: number,
): string | undefined {
  if (values.length !== rowsTimed) return `${values.length} scores for ${rowsTimed} rows`;
  for (let i = 0; i < rows.length && rows[i] < rowsTimed; i++) {
    // Written so that NaN is wrong too.
    if (!(Math.abs(values[rows[i]] - scores[i]) <= slack[i])) {
      return `row ${rows[i]} scored ${values[rows[i]]} where ${scores[i]} is right`;
    }
  }
  return undefined;
}

export function pickFault(picks: readonly Picked[], best: readonly Picked[]): string | undefined {
  if (picks.length !== best.length) return `${picks.length} picks of ${best.length}`;
  const at = best.findIndex(({ row, score }, i) => picks[i].row !== row || picks[i].score !== score);
  if (at < 0) return undefined;
  return `pick ${at} is ${words(picks[at])} where ${words(best[at])} is right`;
}

const words = ({ row, score }: Picked): string => `row ${row} (${score})`;
