/** Journals whose checksums are right and whose entries are not. */
import { crc32 } from "node:zlib";
import type { Draws } from "./draws.ts";
import { hostileJson, jsonOf } from "./hostile.ts";

export const POOL = "0123456789abcdef";
export const SETTINGS = { classes: 3, k: 2, strategy: "entropy", seed: 0 };

/** Two rounds that are done, and one that is open. */
export const entries: readonly object[] = [
  { kind: "start", version: 1, pool: POOL, settings: SETTINGS },
  ...[0, 1].flatMap((round) => [
    { kind: "picks", round, picks: [{ row: 2 * round, score: 0.5 }, { row: 2 * round + 1, score: "NaN" }], seconds: round },
    { kind: "answer", round, row: 2 * round, label: 1, seconds: round },
    { kind: "answer", round, row: 2 * round + 1, label: null, seconds: round },
    { kind: "round", round, metrics: { accuracy: 0.5 }, seconds: round + 1 },
  ]),
  { kind: "picks", round: 2, picks: [{ row: 9, score: 0.1 }], seconds: 3 },
]; // prettier-ignore

/** Lines with checksums of themselves and of those before them. */
export function sealed(lines: readonly string[]): Buffer {
  let check = 0;
  return Buffer.from(
    lines
      .map((line) => {
        const body = line.slice(0, -1);
        check = crc32(body, check);
        return `${body},"check":"${check.toString(16).padStart(8, "0")}"}\n`;
      })
      .join(""),
  );
}

export const journal = (): Buffer => sealed(entries.map((entry) => JSON.stringify(entry)));

export function hostileJournal(draws: Draws): Buffer {
  let told: unknown[] = [...entries];
  for (let left = draws.pick([1, 1, 2, 3]); left > 0; left--) {
    const at = draws.below(told.length);
    const kind = draws.below(5);
    if (kind === 0) told.splice(at, 1);
    else if (kind === 1) told = [...told.slice(0, at), told[at], ...told.slice(at)];
    else told[at] = hostileJson(draws, told[at]);
    if (told.length === 0) break;
  }
  const lines = told
    .map((entry) => jsonOf(entry))
    .map((line) => (line.startsWith("{") && line.length > 2 ? line : '{"kind":1}'));
  if (draws.chance(0.1) && lines.length > 0)
    lines[draws.below(lines.length)] = draws.pick(['{"kind":"start"x}', '{"kind"}', "{}}", '{"kind":"start","pool":}']);
  return sealed(lines);
}
