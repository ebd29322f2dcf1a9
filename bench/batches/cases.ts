/** What is timed. One line adds a case. */
import type { BackendName } from "../../src/bench/backends.ts";
import { short, type AtLeast } from "../../src/bench/cases.ts";
import type { PointStorage } from "../../src/vectors.ts";

export interface BatchCase {
  /** From kmeans on, which is Lloyd's steps from centres that all are given, no batch rule: see alone/. */
  readonly rule:
    | "k-center"
    | "hybrid"
    | "badge"
    | "batchbald"
    | "kmeans"
    | "density"
    | "typicality"
    | "train"
    | "expand";
  /** The backend that does this, where the other one does not, or not in this way. */
  readonly on?: BackendName;
  /** How its rows lie, or, of passes, how they disagree: see data.ts. */
  readonly family: string;
  readonly rows: number;
  /** Of embeddings; 0 for a rule that takes no distances. */
  readonly dims: number;
  /** How a device keeps them, or a file has them packed; float32 if not said. */
  readonly storage?: PointStorage;
  readonly classes?: number;
  /** Units of the hidden layer of a head that is trained. */
  readonly hidden?: number;
  readonly passes?: number;
  readonly labelled: number;
  readonly k: number;
  /** Of k-means, or epochs of training. */
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

const few = { rows: M / 100, dims: 64, labelled: 0 };
const packed = ["float16", "int8"] as const;

/** Small enough to be part of `npm run bench`. */
export const shortCases: readonly BatchCase[] = [
  { rule: "k-center", family: "gaussian", rows: M / 10, dims: 64, labelled: 100, k: 100 },
  ...packed.map((storage): BatchCase => {
    return {
      rule: "k-center",
      family: "gaussian",
      rows: M / 10,
      dims: 64,
      storage,
      labelled: 100,
      k: 100,
      on: "webgpu",
    };
  }),
  ...byDistance({ family: "200 clusters", rows: M / 10, dims: 64, labelled: 100, k: 100 }),
  { rule: "kmeans", family: "200 clusters", rows: M / 10, dims: 64, labelled: 0, k: 100, steps: 10 },
  { rule: "badge", family: "200 clusters", rows: M / 50, dims: 64, classes: 10, labelled: 0, k: 50 },
  { rule: "batchbald", family: "realistic passes", ...passes, rows: M / 1000, k: 5 },
  { rule: "density", family: "200 clusters", ...few, k: 0, on: "cpu" },
  { rule: "typicality", family: "200 clusters", ...few, k: 20, on: "cpu" },
  { rule: "train", family: "gaussian", ...few, hidden: 128, classes: 10, k: 0, steps: 2 },
  ...packed.map((storage): BatchCase => {
    return { rule: "expand", family: "random", rows: M / 10, dims: 64, storage, labelled: 0, k: 0, on: "webgpu" };
  }),
];

/** `k-center gaussian 1Mx64 |L|=100 k=100`, `batchbald random passes 50x10kx10 k=10`, `train gaussian 10kx64 head 128-10 2 epochs`. */
export function nameOf(one: BatchCase): string {
  const { rule, family, rows, dims, storage, classes, hidden, passes: stored, labelled, k, steps } = one;
  const predictions = classes && (stored ? `${stored}x${short(rows)}x${classes}` : `C=${classes}`);
  return [
    rule,
    family,
    dims > 0 && `${short(rows)}x${dims}`,
    storage,
    hidden ? `head ${hidden}-${classes}` : predictions,
    labelled > 0 && `|L|=${short(labelled)}`,
    k > 0 && `k=${k}`,
    steps && `${steps} ${hidden ? "epochs" : "steps"}`,
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
