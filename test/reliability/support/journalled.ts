/** What a loop in a process of its own, `killed.ts`, has left behind: its journal, and what its oracle was asked. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

export const loopScript = join(import.meta.dirname, "killed.ts");
/** Rows asked for in all, k at a time. */
export const PICKED = 200;
export const ROUNDS = PICKED / 8;

/** Picks and answers of a journal. */
export function decided(journal: string): unknown[] {
  const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
  return lines
    .map((line) => JSON.parse(line) as { kind: string })
    .filter(({ kind }) => kind === "picks" || kind === "answer")
    .map((entry) => ({ ...entry, check: undefined, seconds: undefined }));
}

/** That no row was asked for again once its answer was on disk. */
export function expectNoneAskedAgain(asked: string): void {
  const written = new Set<string>();
  for (const line of readFileSync(asked, "utf8").trimEnd().split("\n"))
    if (line.endsWith(" is written")) written.add(line.split(" ", 1)[0]);
    else expect(written.has(line), `row ${line} was asked for again`).toBe(false);
}
