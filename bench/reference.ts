/** The right answer of a case, from the textbook formulas in float64, and what is wrong with another one. */
import { beliefsReader } from "../src/backends/cpu/reference.ts";
import type { Pick } from "../src/referee.ts";
import { strategyOf } from "../src/scores/index.ts";
import type { Case } from "./cases.ts";
import type { Made } from "./data.ts";

/** How far a float32 score may be off: absolute in the score's unit, plus this share of the score. */
const ABSOLUTE = 2e-6;
const RELATIVE = 1e-5;

/** What a backend gave: scores of every row, or picks. */
export interface Answer {
  readonly values?: Float32Array;
  readonly picks?: readonly Pick[];
}

export interface Reference {
  /** Scores of all rows, or of the picks, best first: what peers are held against. */
  readonly expected: Float32Array;
  /** The first thing that is wrong with an answer, in words. */
  faultIn(answer: Answer): string | undefined;
}

export function referenceOf({ strategy, k }: Case, made: Made): Reference {
  const scores = strategy ? textbookScores(strategyOf(strategy), made) : Float64Array.from(made.values);
  if (k === undefined) {
    return {
      expected: Float32Array.from(scores),
      faultIn: ({ values }) => scoreFault(values ?? new Float32Array(0), scores),
    };
  }
  const best = highest(scores, k);
  return {
    expected: Float32Array.from(best, ({ score }) => score),
    faultIn: ({ picks }) => pickFault(picks ?? [], best),
  };
}

function textbookScores(strategy: ReturnType<typeof strategyOf>, { input, values }: Made): Float64Array {
  const { rows, cols } = input.source;
  const read = beliefsReader(input, { temperature: 1, seed: 0, passes: 1, dropout: 0, eglLayers: "all" });
  const scores = new Float64Array(rows);
  for (let row = 0; row < rows; row++) scores[row] = strategy.score(read(values, row * cols, row, 0));
  return scores;
}

/** The k highest, best first, ties to the lowest row: by a full sort, as nothing that is timed does it. */
export function highest(scores: Float64Array, k: number): Pick[] {
  const bar = scores.toSorted()[scores.length - k];
  const picks: Pick[] = [];
  scores.forEach((score, row) => score >= bar && picks.push({ row, score }));
  return picks.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, k);
}

export function scoreFault(values: Float32Array, scores: Float64Array): string | undefined {
  if (values.length !== scores.length) return `${values.length} scores for ${scores.length} rows`;
  for (let row = 0; row < scores.length; row++) {
    const right = scores[row];
    // Written so that NaN is wrong too.
    if (!(Math.abs(values[row] - right) <= ABSOLUTE + RELATIVE * Math.abs(right))) {
      return `row ${row} scored ${values[row]} where ${right} is right`;
    }
  }
  return undefined;
}

export function pickFault(picks: readonly Pick[], best: readonly Pick[]): string | undefined {
  if (picks.length !== best.length) return `${picks.length} picks of ${best.length}`;
  const at = best.findIndex(({ row, score }, i) => picks[i].row !== row || picks[i].score !== score);
  if (at < 0) return undefined;
  return `pick ${at} is ${words(picks[at])} where ${words(best[at])} is right`;
}

const words = ({ row, score }: Pick): string => `row ${row} (${score})`;
