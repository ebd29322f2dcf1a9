/** What grows, in work for which it matters: each size over two decades, all else as it is. */
import type { Case } from "../../src/bench/cases.ts";
import type { BatchCase } from "../batches/cases.ts";

export interface Sweep {
  readonly by: "rows" | "classes" | "dims" | "passes" | "k" | "|L|";
  /** All else. */
  readonly work: string;
  /** The exponent that theory has, and whether what is skipped may make it less. */
  readonly theory: number;
  readonly atMost?: boolean;
  readonly sizes: readonly number[];
  /** With so many times fewer rows where a device is software. */
  at(size: number, fewer: number): Case | BatchCase;
}

/** Where k and |L| are swept there must be rows to pick. */
const LEAST = 2500;
const distances = { rule: "k-center", family: "gaussian", dims: 16 } as const;
const few = (rows: number, fewer: number): number => Math.max(LEAST, rows / fewer);

export const sweeps: readonly Sweep[] = [
  {
    by: "rows",
    work: "entropy of 10 classes",
    theory: 1,
    sizes: [10_000, 30_000, 100_000, 300_000, 1_000_000],
    at: (size, fewer) => ({ kind: "logits", rows: size / fewer, cols: 10, strategies: ["entropy"] }),
  },
  {
    by: "classes",
    work: "entropy",
    theory: 1,
    sizes: [10, 30, 100, 300, 1000],
    at: (size, fewer) => ({ kind: "logits", rows: 20_000 / fewer, cols: size, strategies: ["entropy"] }),
  },
  {
    by: "dims",
    work: "entropy under a linear head of 10 classes",
    theory: 1,
    sizes: [8, 24, 80, 240, 800],
    at: (size, fewer) => ({ kind: "features", rows: 20_000 / fewer, cols: size, classes: 10, strategies: ["entropy"] }),
  },
  {
    by: "passes",
    work: "BALD under a head 64-128-10 with dropout",
    theory: 1,
    sizes: [2, 6, 20, 60, 200],
    at: (size, fewer) => ({
      kind: "features",
      rows: 20_000 / fewer,
      cols: 64,
      hidden: 128,
      classes: 10,
      dropout: 0.5,
      heavy: true,
      passes: size,
      strategies: ["bald"],
    }),
  },
  {
    by: "k",
    work: "k-center in 16 dims with 100 labelled rows",
    theory: 1,
    atMost: true,
    sizes: [10, 30, 100, 300, 1000],
    at: (size, fewer) => ({ ...distances, rows: few(50_000, fewer), labelled: 100, k: size }),
  },
  {
    by: "|L|",
    work: "k-center of 10 in 16 dims",
    theory: 1,
    atMost: true,
    sizes: [10, 30, 100, 300, 1000],
    at: (size, fewer) => ({ ...distances, rows: few(50_000, fewer), labelled: size, k: 10 }),
  },
];
