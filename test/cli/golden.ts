/** The golden cases of scores.py: files, what they hold, and what scipy says of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { BackendName } from "./commandLine.ts";

const folder = join(import.meta.dirname, "../golden");

export interface GoldenCase {
  readonly name: string;
  readonly file: string;
  readonly kind: string;
  readonly temperature: number;
  readonly rows: number;
  readonly classes: number;
  readonly expected: Record<string, number[]>;
  /** The rows of the 5 highest scores, ties to the lowest row. */
  readonly picks: Record<string, number[]>;
}

/** The strategies that scipy answers for. */
export const judged = ["entropy", "margin", "least-confidence"];

const cases: readonly GoldenCase[] = ["scores.json", "scores/answers.json"].flatMap((name) =>
  JSON.parse(readFileSync(join(folder, name), "utf8")),
);

/** The one case of that name. */
export function golden(name: string): GoldenCase {
  const found = cases.find((one) => one.name === name);
  if (!found) throw new Error(`no golden case "${name}"; there are ${cases.map((one) => one.name).join("; ")}`);
  return found;
}

/** The path of a file among the golden ones. */
export const goldenFile = (name: string): string => join(folder, "scores", name);

/** Arguments that name a case's input and say how to read it. */
export const inputOf = ({ file, kind, temperature }: GoldenCase): string[] => [
  goldenFile(file),
  "--kind",
  kind,
  "--temperature",
  String(temperature),
];

/** What float32 kernels may make of a float64 answer. */
const TOLERANCES = {
  cpu: { absolute: 1e-6, relative: 2e-6 },
  webgpu: { absolute: 2e-6, relative: 1e-5 },
};

/** Every score is the expected one, but for the rounding of its backend. */
export function expectScores(scores: readonly number[], expected: readonly number[], backend: BackendName): void {
  const { absolute, relative } = TOLERANCES[backend];
  expect(scores.length).toBe(expected.length);
  const off = expected.flatMap((value, row) =>
    Math.abs(scores[row] - value) <= absolute + relative * Math.abs(value) ? [] : [{ row, score: scores[row], value }],
  );
  expect(off).toEqual([]);
}
