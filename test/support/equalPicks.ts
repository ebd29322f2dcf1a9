/**
 * Picks of every strategy and batch rule for a seed, as text, to be the same wherever they are made. No node: imports here,
 * a browser loads this file too.
 */
import { batches, strategies, type Engine, type PoolData } from "../../src/index.ts";
import type { Strategy } from "../../src/strategy.ts";
import { bell, makePool, ordinaryHead } from "./pools.ts";

const ROWS = 300;
const CLASSES = 5;
const PASSES = 4;
const DIMS = 6;
/** Picks of each. */
const K = 6;

/** Picks by what was asked: the row of each, and its score, which the shortest text says exactly. */
export type PickTable = Record<string, readonly (readonly [row: number, score: string])[]>;

/** Every tenth row is a copy of an earlier one, and every seventh is nearly so. */
const own = (row: number): number => (row % 10 === 9 ? row - 9 : row);
const nudge = (row: number): number => (row % 7 === 6 ? 1e-7 : 0);

function poolsOf(seed: number): { name: string; data: PoolData; options: object; has(strategy: Strategy): boolean }[] {
  const values = (name: string, passes: number, width: number, stream: number, spread: number) =>
    makePool(name, passes * ROWS, width, (i, c) => {
      const row = i % ROWS;
      return bell(seed + stream, spread)(own(row) + i - row, c) + nudge(row);
    }).data;
  const embeddings = { data: values("embeddings", 1, DIMS, 0, 1), rows: ROWS, dims: DIMS };
  const logits = { data: values("logits", PASSES, CLASSES, 1, 2), passes: PASSES, rows: ROWS, classes: CLASSES };
  const features = { data: values("features", 1, DIMS, 2, 1), rows: ROWS, dims: DIMS };
  const head = ordinaryHead([DIMS, 8, CLASSES], "gelu", seed + 3);
  return [
    { name: "members", data: { logits, embeddings }, options: {}, has: ({ needs }) => needs !== "gradients" },
    { name: "head", data: { features, head }, options: { passes: PASSES, dropout: 0.25 }, has: () => true },
  ];
}

/** Every rule by all that it can rank by, of both pools; or each strategy and each rule once, where there is no time for more. */
export type Extent = "all" | "each once";

/** Of a pool of committees' logits, and one of features under a head. */
export async function picksOf(engine: Engine, seed: number, extent: Extent = "all"): Promise<PickTable> {
  const table: Record<string, [number, string][]> = {};
  for (const [p, { name, data, options, has }] of poolsOf(seed).entries()) {
    using pool = await engine.load(data);
    for (const [r, rule] of batches.entries())
      for (const [s, strategy] of strategies.entries()) {
        if (!has(strategy) || (rule.strategy ?? strategy.name) !== strategy.name) continue;
        const isTurn = (rule.strategy ? r : s) % 2 === p || strategy.needs === "gradients";
        if (extent === "each once" && !(isTurn && (rule.strategy || r === s % batches.length))) continue;
        const labelled = seed % 2 === 0 ? [3, 40, 299] : [];
        const asked = { ...options, k: K, seed, strategy: strategy.name, labelled };
        const { picks } = await pool.select(rule.name, asked);
        const what = `${name}, ${rule.name} by ${strategy.name}, seed ${seed}`;
        table[what] = picks.map(({ row, score }) => [row, String(score)]);
      }
  }
  return table;
}

/** What is not as expected of all that was found, a line each. */
export function differences(found: PickTable, expected: PickTable): string[] {
  return Object.keys(found)
    .filter((what) => !isSame(found[what], expected[what] ?? []))
    .map((what) => `${what}: ${JSON.stringify(found[what])} is not ${JSON.stringify(expected[what])}`);
}

const isSame = (found: PickTable[string], expected: PickTable[string]): boolean =>
  found.length === expected.length &&
  found.every(([row, score], i) => row === expected[i][0] && score === expected[i][1]);
