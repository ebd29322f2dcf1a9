/** Two runs of a bench beside each other: each case on each backend with itself, so that what differs is the time between. */
import type { Spread } from "../src/bench/measure.ts";
import type { Run, RunCase } from "./runFile.ts";

/** Seconds a row of the new run over those of the base: above 1 it got slower. */
export interface Comparison {
  readonly name: string;
  readonly backend: string;
  readonly ratio: number;
  /** From the new run's quickest over the base's slowest to the reverse. */
  readonly range: readonly [number, number];
  readonly verdict: "slower" | "faster" | "same" | "unsure" | "wrong" | "gone";
}

/**
 * One is slower where its median is by more than the threshold, and every run now took longer than every run then: ranges
 * that overlap are what noise looks like. Faster likewise.
 */
export function compareRuns(base: Run, now: Run, threshold: number): Comparison[] {
  const after = new Map(timedIn(now).map((one) => [one.name, one]));
  return timedIn(base).flatMap(({ name, rows, results }) =>
    results.flatMap((before): Comparison[] => {
      if (!before.warm) return [];
      const { backend } = before;
      const again = after.get(name);
      const result = again?.results.find((each) => each.backend === backend);
      const untimed = { name, backend, ratio: NaN, range: [NaN, NaN] } as const;
      if (!again || !result) return [{ ...untimed, verdict: "gone" }];
      if (!result.warm) return [{ ...untimed, verdict: "wrong" }];
      const [old, fresh] = [perRow(before.warm, before.rows ?? rows), perRow(result.warm, result.rows ?? again.rows)];
      const range = [fresh.min / old.max, fresh.max / old.min] as const;
      const ratio = fresh.median / old.median;
      return [{ name, backend, ratio, range, verdict: verdictOf(ratio, range, threshold) }];
    }),
  );
}

const timedIn = ({ cases, batches, growth }: Run): readonly RunCase[] => [...cases, ...batches, ...growth];

function verdictOf(ratio: number, [least, most]: readonly [number, number], threshold: number): Comparison["verdict"] {
  if (ratio > threshold) return least > 1 ? "slower" : "unsure";
  if (ratio < 1 / threshold) return most < 1 ? "faster" : "unsure";
  return "same";
}

const perRow = ({ median, min, max }: Spread, rows: number): Spread => ({
  median: median / rows,
  min: min / rows,
  max: max / rows,
});

/** Where the runs were not made in the same place, in words. */
export function differences(base: Run, now: Run): string[] {
  const after = new Map(placeOf(now));
  return placeOf(base).flatMap(([what, value]) => {
    const other = after.get(what);
    return other === undefined || other === value ? [] : [`${what} differs: ${value}, and now ${other}`];
  });
}

const placeOf = ({ machine, node, backends }: Run): [what: string, value: string][] => [
  ["machine", `${machine.cpu}, ${machine.threads} threads, ${machine.platform}`],
  ["Node", node],
  ...backends.map(({ backend, adapter, threads }): [string, string] => [backend, threadsOf(adapter, threads)]),
];

// Older files do not say them.
const threadsOf = (adapter: string, threads: number | undefined): string =>
  threads === undefined ? adapter : `${adapter} (${threads} threads)`;

/** The geometric mean: what became of all of them together. */
export function overall(comparisons: readonly Comparison[]): number {
  const logs = comparisons.flatMap(({ ratio }) => (Number.isNaN(ratio) ? [] : [Math.log(ratio)]));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}
