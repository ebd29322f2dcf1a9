/** Tables as text, and lists of rows, that go wrong in every way that text can. */
import type { Draws } from "./draws.ts";
import { hostileJson, hostileValue, jsonOf, texts } from "./hostile.ts";

const cells: readonly string[] = [
  "0", "1.5", "-2", "1e5", "nan", "inf", "", " ", '"', '""', '"1"', '"a,b"', '"a\nb"', '"a""b"', 'a"b', "0x10", "1_000", "1,5", "\u0000", "\ufeff", "=1+1",
  "+", ".", "e", "1e999", "--1", "Infinity", "\t", "\r", "1\r", "９", "1".repeat(5000), `${"1".repeat(5000)}x`, ...texts.filter((text) => text.length < 5000),
]; // prettier-ignore

export function hostileCsv(draws: Draws): Buffer {
  const width = draws.pick([1, 2, 3, 3, 4, 50, 600]);
  const rows = draws.pick([0, 1, 2, 5, 30]);
  const bad = draws.pick([0, 0.01, 0.1, 0.5]);
  const end = draws.pick(["\n", "\n", "\r\n", "\r", "\n\n"]);
  const cell = (usual: string): string => (draws.chance(bad) ? draws.pick(cells) : usual);
  const line = (usual: (i: number) => string): string =>
    Array.from({ length: draws.chance(bad) ? draws.below(width + 2) : width }, (_, i) => cell(usual(i))).join(
      draws.chance(0.02) ? ";" : ",",
    );
  const head = draws.chance(0.6) ? [line((i) => draws.pick([`c${i}`, "row", "label", "a"]))] : [];
  const lines = Array.from({ length: rows }, () => line(() => String(draws.below(9))));
  const text = [...head, ...lines].join(end);
  const blanks = draws.chance(0.08) ? "\n".repeat(draws.pick([1, 3000, 60_000])) : "";
  const begin = draws.pick(["", "", "", "\ufeff", "\n", "\u0000"]);
  const content = Buffer.from(begin + text + draws.pick(["", "\n", ",", '"', blanks]) + blanks);
  return draws.chance(0.03) ? Buffer.from(content.toString(), "utf16le") : content;
}

export function hostileJsonl(draws: Draws): Buffer {
  const width = draws.pick([1, 2, 3, 8, 2000]);
  const list = () => Array.from({ length: width }, () => draws.below(9));
  const usual = draws.pick<() => unknown>([
    list,
    () => ({ row: 1, a: 2, b: 3 }),
    () => ({ row: 1, embedding: list() }),
    () => ({ row: draws.below(9), label: draws.below(3) }),
  ]);
  const bad = draws.pick([0, 0.02, 0.3]);
  const lines = Array.from({ length: draws.pick([0, 1, 2, 20]) }, () => {
    const value = usual();
    const text = jsonOf(draws.chance(bad) ? hostileJson(draws, value) : value);
    return draws.chance(0.05)
      ? draws.pick([
          text.replace("1", "NaN"),
          text.slice(1),
          `${text}]`,
          text.replaceAll("2", "-Infinity"),
          `"${'\\"'.repeat(2000)} NaN`,
        ])
      : text;
  });
  return Buffer.from(
    draws.pick(["", "", "\ufeff"]) +
      lines.join(draws.pick(["\n", "\n", "\r\n", "\n\n"])) +
      "\n".repeat(draws.pick([0, 1, 50_000])),
  );
}

/** Picks as .json: a selection, rows, or objects. */
export function hostileList(draws: Draws): Buffer {
  const rows = Array.from({ length: draws.pick([0, 1, 3, 40]) }, (_, row) => ({ row, score: 0.5, label: row % 3 }));
  const usual = draws.pick<unknown>([
    { strategy: "entropy", batch: "top-k", seed: 0, backend: "cpu", rows: 40, picks: rows },
    rows,
    rows.map(({ row }) => row),
  ]);
  return Buffer.from(jsonOf(draws.chance(0.1) ? hostileValue(draws) : hostileJson(draws, usual)));
}
