/** Correct before timed: the first pass is checked, then warm passes are timed, and each of those is checked too. */
import type { Timings } from "../index.ts";

/**
 * Warm passes go on until there are so many `runs` and `seconds`, or there have been `most`; slow ones only until they
 * have taken the `longest` that is waited, so that there may be one alone. Peers are timed by the same rule.
 */
export const patience = { runs: 5, seconds: 1, most: 50, longest: 25 };
/** Of a smoke run. */
export const briefly: Patience = { ...patience, seconds: 0, longest: 5 };
export type Patience = typeof patience;

/** In the unit of what was measured. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** All in seconds. */
export interface Measured {
  readonly runs: number;
  /** The first pass as a whole: it compiles, warms up, and brings the rows in. */
  readonly cold: number;
  /** Of the first pass: bringing the rows to where they are computed on. */
  readonly upload: number;
  /** A warm pass as a whole, as its caller waits for it. */
  readonly warm: Spread;
  /** Of a warm pass without what comes after: bringing in rows that do not stay, and scoring them, at once on a cpu. */
  readonly pass: number;
  /** Medians of the stages of a warm pass. */
  readonly kernel: number;
  readonly readback: number;
  readonly referee: number;
}

export interface Wrong {
  readonly wrong: string;
}

interface Ran {
  readonly timings: Timings & { readonly referee?: number };
}

/** Times `run`, unless its answer has a fault: nothing is said of the speed of a wrong answer. */
export async function measure<Answer extends Ran>(
  run: () => Promise<Answer>,
  faultIn: (answer: Answer) => string | undefined,
  waiting: Patience,
): Promise<Measured | Wrong> {
  const first = await timed(run);
  const wrong = faultIn(first.answer);
  if (wrong !== undefined) return { wrong };
  const seconds: number[] = [];
  const stages: Timings[] = [];
  const referees: number[] = [];
  for (let total = 0; more(seconds.length, total, waiting); total += seconds[seconds.length - 1]) {
    const { answer, took } = await timed(run);
    const fault = faultIn(answer);
    if (fault !== undefined) return { wrong: `warm pass ${seconds.length + 1}: ${fault}` };
    seconds.push(took);
    stages.push(answer.timings);
    referees.push(answer.timings.referee ?? 0);
  }
  return {
    runs: seconds.length,
    cold: first.took,
    upload: first.answer.timings.upload,
    warm: spreadOf(seconds),
    pass: median(stages.map(({ upload, kernel }) => upload + kernel)),
    kernel: median(stages.map(({ kernel }) => kernel)),
    readback: median(stages.map(({ readback }) => readback)),
    referee: median(referees),
  };
}

export function more(runs: number, total: number, waiting: Patience): boolean {
  if (runs === 0 || total >= waiting.longest) return runs === 0;
  return runs < waiting.runs || (total < waiting.seconds && runs < waiting.most);
}

async function timed<T>(run: () => Promise<T>): Promise<{ answer: T; took: number }> {
  const started = performance.now();
  const answer = await run();
  return { answer, took: (performance.now() - started) / 1000 };
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
