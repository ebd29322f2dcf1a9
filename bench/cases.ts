/** What is timed. One line adds a case; a strategy that is new in the registry is here by itself. */
import { strategyNames, type StrategyName } from "../src/index.ts";

export interface Case {
  readonly kind: "logits" | "features" | "scores";
  readonly rows: number;
  /** Values a row: classes, dims, or 1 for scores. */
  readonly cols: number;
  /** Outputs of the linear head that features go through. */
  readonly classes?: number;
  /** There is none where scores are given. */
  readonly strategy?: StrategyName;
  /** With it the k best are selected; without it every row is scored. */
  readonly k?: number;
}

const M = 1_000_000;
const others = strategyNames.filter((name) => name !== "entropy");

export const cases: readonly Case[] = [
  { kind: "logits", rows: M, cols: 2, strategy: "entropy" },
  { kind: "logits", rows: M, cols: 10, strategy: "entropy" },
  { kind: "logits", rows: M, cols: 100, strategy: "entropy" },
  { kind: "logits", rows: M / 10, cols: 1000, strategy: "entropy" },
  ...others.map((strategy): Case => ({ kind: "logits", rows: M, cols: 10, strategy })),
  { kind: "scores", rows: 10 * M, cols: 1, k: 1000 },
  { kind: "features", rows: M, cols: 64, classes: 10, strategy: "entropy", k: 100 },
];

/** `entropy 1Mx10`, `top-1000 of 10M scores`, `entropy top-100 1Mx64 head 10`. */
export function nameOf({ kind, rows, cols, classes, strategy, k }: Case): string {
  if (kind === "scores") return `top-${k} of ${short(rows)} scores`;
  return [strategy, k && `top-${k}`, `${short(rows)}x${cols}`, classes && `head ${classes}`].filter(Boolean).join(" ");
}

/** For smoke runs: the same case under the same name, with a twentieth of the rows. */
export const shrunk = (one: Case): Case => ({ ...one, rows: one.rows / 20 });

function short(rows: number): string {
  return rows % M === 0 ? `${rows / M}M` : `${rows / 1000}k`;
}
