/** Two runs of a bench beside each other: each case on each backend with itself, so that what differs is the time between. */
import type { Spread } from "../src/bench/measure.ts";
import type { About } from "../src/bench/report.ts";

/** What is read of a file, of whatever bench has cases. */
export interface Run extends Pick<About, "machine" | "node" | "backends" | "commit" | "date"> {
  readonly cases: readonly RunCase[];
}

export interface RunCase {
  readonly name: string;
  readonly rows: number;
  readonly results: readonly Result[];
}

interface Result {
  readonly backend: string;
  /** That were timed, where it was not all of them. */
  readonly rows?: number;
  readonly warm?: Spread;
  readonly wrong?: string;
}

/** Seconds a row of the new run over those of the base: above 1 it got slower. */
export interface Comparison {
  readonly name: string;
  readonly backend: string;
  readonly ratio: number;
  /** From the new run's quickest over the base's slowest to the reverse. */
  readonly range: readonly [number, number];
  readonly verdict: "slower" | "faster" | "same" | "unsure" | "wrong";
}

/**
 * One is slower where its median is by more than the threshold, and no new run was as quick as half of the base's were;
 * with the median alone nobody can be sure, as ranges that overlap so far are what noise looks like. Faster likewise.
 */
export function compareRuns(base: Run, now: Run, threshold: number): Comparison[] {
  return base.cases.flatMap(({ name, rows, results }) => {
    const again = now.cases.find((one) => one.name === name);
    return results.flatMap((before): Comparison[] => {
      const after = again?.results.find(({ backend }) => backend === before.backend);
      if (!again || !after || !before.warm) return [];
      const { backend } = before;
      if (!after.warm) return [{ name, backend, ratio: NaN, range: [NaN, NaN], verdict: "wrong" }];
      const [old, fresh] = [perRow(before.warm, before.rows ?? rows), perRow(after.warm, after.rows ?? again.rows)];
      const range = [fresh.min / old.max, fresh.max / old.min] as const;
      return [{ name, backend, ratio: fresh.median / old.median, range, verdict: verdictOf(old, fresh, threshold) }];
    });
  });
}

function verdictOf(old: Spread, fresh: Spread, threshold: number): Comparison["verdict"] {
  const ratio = fresh.median / old.median;
  if (ratio > threshold) return fresh.min > old.median ? "slower" : "unsure";
  if (ratio < 1 / threshold) return old.min > fresh.median ? "faster" : "unsure";
  return "same";
}

const perRow = ({ median, min, max }: Spread, rows: number): Spread => ({
  median: median / rows,
  min: min / rows,
  max: max / rows,
});

/** Where the runs were not made in the same place, in words. */
export function differences(base: Run, now: Run): string[] {
  const told = ({ machine, node, backends }: Run): [what: string, value: string][] => [
    ["machine", `${machine.cpu}, ${machine.threads} threads, ${machine.platform}`],
    ["Node", node],
    ...backends.map(({ backend, adapter, threads }): [string, string] => [backend, threadsOf(adapter, threads)]),
  ];
  const after = new Map(told(now));
  return told(base).flatMap(([what, value]) => {
    const other = after.get(what);
    return other === undefined || other === value ? [] : [`${what} differs: ${value}, and now ${other}`];
  });
}

// Older files do not say them.
const threadsOf = (adapter: string, threads: number | undefined): string =>
  threads === undefined ? adapter : `${adapter} (${threads} threads)`;

/** The geometric mean: what became of all of them together. */
export function overall(comparisons: readonly Comparison[]): number {
  const logs = comparisons.flatMap(({ ratio }) => (Number.isNaN(ratio) ? [] : [Math.log(ratio)]));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}
