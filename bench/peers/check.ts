/** Whether a library's scores are right: near enough for float32, and where it draws masks of its own, in distribution. */
import type { Answer } from "./task.ts";

/** What scores must be near to. */
export interface Judged {
  readonly strategies: readonly string[];
  /** Whose scores are known; none where it is picks. */
  readonly rows: Uint32Array;
  /** [strategies, rows], or of the picks, best first. */
  readonly expected: Float32Array;
  readonly picks: boolean;
  /** Whether masks were drawn. */
  readonly drawn: boolean;
}

/** Float32 sums of logarithms, in any order. */
const TOLERANCE = 1e-4;
/** The closed form of gradients cancels: what is left of float32 is the root of its rounding, as a share of the largest. */
const GRADIENT_TOLERANCE = 1e-3;

/** Float32 may swap two picks that are almost equal, so it is their scores that are compared. */
export function answerFault({ values = [], picks }: Answer, judged: Judged): string | undefined {
  const { strategies, rows, expected } = judged;
  if (judged.picks) {
    const { size } = new Set(Array.from(picks ?? []));
    if (size !== expected.length) return `${size} rows picked, not ${expected.length}`;
    return offBy(
      worst(expected, (i) => values[0]?.[i]),
      TOLERANCE,
    );
  }
  if (values.length !== strategies.length) return `scores by ${values.length} strategies of ${strategies.length}`;
  for (const [slot, name] of strategies.entries()) {
    const right = expected.subarray(slot * rows.length, (slot + 1) * rows.length);
    const own = (i: number): number => values[slot][rows[i]];
    const fault = judged.drawn
      ? drawnFault(right, own)
      : offBy(
          worst(right, own),
          name === "egl" ? GRADIENT_TOLERANCE * right.reduce((a, b) => Math.max(a, b)) : TOLERANCE,
        );
    if (fault !== undefined) return `${name}: ${fault}`;
  }
  return undefined;
}

/** No bias, and rows far closer to their own score than to another's. */
function drawnFault(right: Float32Array, own: (i: number) => number | undefined): string | undefined {
  const count = right.length;
  const apart = Array.from(right, (score, i) => (own(i) ?? NaN) - score);
  const mean = meanOf(apart);
  const deviation = Math.sqrt(meanOf(apart.map((each) => (each - mean) ** 2)));
  let between = 0;
  for (const one of right) for (const other of right) between += Math.abs(one - other) / count ** 2;
  return (
    offBy(Math.abs(mean), (5 * deviation) / Math.sqrt(count), " on the mean") ??
    offBy(meanOf(apart.map(Math.abs)), between / 2, " on average")
  );
}

/** NaN where there is one, or a score is missing. */
function worst(right: Float32Array, own: (i: number) => number | undefined): number {
  let most = 0;
  for (let i = 0; i < right.length; i++) most = Math.max(most, Math.abs((own(i) ?? NaN) - right[i]));
  return most;
}

// Written so that NaN is wrong too.
const offBy = (apart: number, tolerance: number, how = ""): string | undefined =>
  apart <= tolerance ? undefined : `off by ${apart.toPrecision(3)}${how}`;

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
