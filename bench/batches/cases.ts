/** What is timed. One line adds a case. */
import { short, type AtLeast } from "../../src/bench/cases.ts";

export interface BatchCase {
  /** kmeans is Lloyd's steps alone, from centres that all are given. */
  readonly rule: "k-center" | "hybrid" | "badge" | "batchbald" | "kmeans";
  /** How its rows lie, or, of passes, how they disagree: see data.ts. */
  readonly family: string;
  readonly rows: number;
  /** Of embeddings; 0 for a rule that takes no distances. */
  readonly dims: number;
  readonly classes?: number;
  readonly passes?: number;
  readonly labelled: number;
  readonly k: number;
  /** Of k-means. */
  readonly steps?: number;
  /** How many times as fast as peers the cpu backend is to be. */
  readonly atLeast?: AtLeast;
}

const M = 1_000_000;
/** Pools made up to differ in what can be saved on them. */
export const families = ["gaussian", "200 clusters", "1000 clusters", "heavy-tailed"];

/** Both rules that go by distance, on the same pool. */
const byDistance = (pool: Omit<BatchCase, "rule">): BatchCase[] => [
  { rule: "k-center", ...pool },
  { rule: "hybrid", ...pool },
];
const many = { rows: M, dims: 64, labelled: 100, k: 1000 };
const passes = { rows: 10_000, dims: 0, passes: 50, classes: 10, labelled: 0, k: 10 };

export const batchCases: readonly BatchCase[] = [
  ...byDistance({ family: "gaussian", rows: M, dims: 64, labelled: 10_000, k: 100 }),
  ...families.flatMap((family) => [
    ...byDistance({ family, rows: M, dims: 64, labelled: 100, k: 100 }),
    { rule: "k-center", family, ...many, atLeast: { incremental: 3 } } as const,
    { rule: "hybrid", family, ...many } as const,
  ]),
  ...byDistance({ family: "mnist", rows: 10_000, dims: 784, labelled: 100, k: 100 }),
  ...byDistance({ family: "mnist", rows: 10_000, dims: 784, labelled: 100, k: 1000 }),
  { rule: "badge", family: "gaussian", rows: M, dims: 64, classes: 10, labelled: 0, k: 100 },
  { rule: "badge", family: "200 clusters", rows: M, dims: 64, classes: 10, labelled: 0, k: 100 },
  { rule: "batchbald", family: "random passes", ...passes },
  { rule: "batchbald", family: "realistic passes", ...passes },
];

/** Small enough to be part of `npm run bench`. */
export const shortCases: readonly BatchCase[] = [
  { rule: "k-center", family: "gaussian", rows: M / 10, dims: 64, labelled: 100, k: 100 },
  ...byDistance({ family: "200 clusters", rows: M / 10, dims: 64, labelled: 100, k: 100 }),
  { rule: "kmeans", family: "200 clusters", rows: M / 10, dims: 64, labelled: 0, k: 100, steps: 10 },
  { rule: "badge", family: "200 clusters", rows: M / 50, dims: 64, classes: 10, labelled: 0, k: 50 },
  { rule: "batchbald", family: "realistic passes", ...passes, rows: M / 1000, k: 5 },
];

/** `k-center gaussian 1Mx64 |L|=100 k=100`, `batchbald random passes 50x10kx10 k=10`. */
export function nameOf({ rule, family, rows, dims, classes, passes: stored, labelled, k, steps }: BatchCase): string {
  const predictions = classes && (stored ? `${stored}x${short(rows)}x${classes}` : `C=${classes}`);
  return [
    rule,
    family,
    dims > 0 && `${short(rows)}x${dims}`,
    predictions,
    labelled > 0 && `|L|=${short(labelled)}`,
    `k=${k}`,
    steps && `${steps} steps`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** The same case with so many rows at most, and no more labels and picks than those can bear. */
export function shrunk(one: BatchCase, most: number): BatchCase {
  if (one.rows <= most) return one;
  const quarter = Math.floor(most / 4);
  return { ...one, rows: most, labelled: Math.min(one.labelled, quarter), k: Math.min(one.k, quarter) };
}
