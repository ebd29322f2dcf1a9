/** What is timed. One line adds a case; a strategy that is new in the registry is here by itself. */
import { strategyNames, type StrategyName } from "../index.ts";
import { strategyOf } from "../scores/index.ts";
import type { Need } from "../strategy.ts";

/** Times as fast, by peer. */
export interface AtLeast {
  readonly [peer: string]: number;
}

export interface Case {
  readonly kind: "logits" | "features" | "scores";
  readonly rows: number;
  /** Values a row and pass: classes, dims, or 1 for scores. */
  readonly cols: number;
  /** Passes that logits are stored of, or that MC dropout makes of features. */
  readonly passes?: number;
  /** Units of the hidden layer of the head that features go through; without it the head is linear. */
  readonly hidden?: number;
  /** Outputs of that head. */
  readonly classes?: number;
  /** Share of hidden units that a pass leaves out. */
  readonly dropout?: number;
  /** All in one read; none where scores are given. */
  readonly strategies: readonly StrategyName[];
  /** With it the k best are selected; without it every row is scored. */
  readonly k?: number;
  /** Minutes for plain JavaScript: a sample of rows is judged, and the cpu backend is timed on the first rows only. */
  readonly heavy?: boolean;
  /** Whether the memory that it takes is measured too, in a process of its own. */
  readonly memory?: boolean;
  /** Whether it is among the few that `poolwise bench --quick` times. */
  readonly quick?: boolean;
  /** How many times as fast as peers the cpu backend is to be. */
  readonly atLeast?: AtLeast;
}

const M = 1_000_000;
const needing = (...needs: (Need | undefined)[]): StrategyName[] =>
  strategyNames.filter((name) => needs.includes(strategyOf(name).needs));
const plain = needing(undefined).filter((name) => name !== "entropy");
// Here `bald` would be `kl-divergence` once more.
const committee = needing("passes", "votes", "divergence").filter((name) => name !== "bald");
const together = { kind: "logits", rows: M, strategies: ["entropy", "margin", "least-confidence"] } as const;
const network = { kind: "features", rows: M, cols: 64, hidden: 128, classes: 10, heavy: true } as const;

export const cases: readonly Case[] = [
  { kind: "logits", rows: M, cols: 2, strategies: ["entropy"] },
  { kind: "logits", rows: M, cols: 10, strategies: ["entropy"], quick: true },
  { kind: "logits", rows: M, cols: 100, strategies: ["entropy"] },
  { kind: "logits", rows: M / 10, cols: 1000, strategies: ["entropy"] },
  ...plain.map((strategy): Case => ({ kind: "logits", rows: M, cols: 10, strategies: [strategy] })),
  { ...together, cols: 10, atLeast: { numpy: 10, torch: 6 } },
  { ...together, cols: 100, quick: true, atLeast: { numpy: 5, torch: 4 } },
  { kind: "scores", rows: 10 * M, cols: 1, strategies: [], k: 1000, quick: true, atLeast: { numpy: 3 } },
  {
    kind: "features",
    rows: M,
    cols: 64,
    classes: 10,
    strategies: ["entropy"],
    k: 100,
    quick: true,
    atLeast: { numpy: 2, torch: 2 },
  },
  { kind: "logits", rows: M, cols: 10, passes: 8, heavy: true, strategies: committee },
  { kind: "logits", rows: M / 10, cols: 10, passes: 20, strategies: ["bald"], quick: true },
  { ...network, passes: 20, dropout: 0.5, strategies: ["bald"], memory: true, quick: true, atLeast: { torch: 6 } },
  ...needing("gradients").map((strategy): Case => ({
    ...network,
    strategies: [strategy],
    quick: true,
    atLeast: { numpy: 2, autograd: 1000 },
  })),
];

/** Of a dense layer alone, which no strategy asks for: `bench/product.ts` times it. */
export const product: Case = {
  kind: "features",
  rows: 65_536,
  cols: 256,
  classes: 256,
  strategies: [],
  atLeast: { numpy: 0.4 },
};

/** `entropy 1Mx10`, `3 strategies 1Mx10`, `bald 20x100kx10`, `top-1000 of 10M scores`, `bald 1Mx64 head 128-10 20 passes`. */
export function nameOf({ kind, rows, cols, passes, hidden, classes, strategies, k }: Case): string {
  if (kind === "scores") return `top-${k} of ${short(rows)} scores`;
  const stored = kind === "logits" && passes ? `${passes}x` : "";
  return [
    strategies.length > 1 ? `${strategies.length} strategies` : (strategies[0] ?? "product"),
    k && `top-${k}`,
    `${stored}${short(rows)}x${cols}`,
    classes && `head ${hidden ? `${hidden}-` : ""}${classes}`,
    kind === "features" && passes && `${passes} passes`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** For smoke runs: the same case under the same name, with a twentieth of the rows, or a hundredth of a heavy one. */
export const shrunk = (one: Case): Case => ({ ...one, rows: one.rows / (one.heavy ? 100 : 20) });

/** For a page, which may have less memory: the same case with a fifth of the rows where it has over 64 million values. */
export const fitted = (one: Case): Case =>
  one.rows * one.cols * ((one.kind === "logits" && one.passes) || 1) > 64 * M ? { ...one, rows: one.rows / 5 } : one;

/**
 * Rows that are timed, the first ones. Rows a second is what compares, so a tenth of heavy work will do for all but a real
 * GPU: without one, some of it takes minutes.
 */
export const rowsTimed = ({ rows, heavy }: Case, onGpu: boolean): number =>
  heavy && !onGpu ? Math.ceil(rows / 10) : rows;

/** Rows whose scores are judged. */
export const rowsJudged = ({ rows, heavy }: Case): number => (heavy ? Math.ceil(rows / 50) : rows);

export function short(rows: number): string {
  return rows % M === 0 ? `${rows / M}M` : rows % 1000 === 0 ? `${rows / 1000}k` : `${rows}`;
}
