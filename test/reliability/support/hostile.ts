/** Values that nobody expects in a field, and texts that nobody expects in a name. */
import { type Draws, extremes } from "./draws.ts";

/** A string that `jsonOf` writes as lists within lists, deeper than a stack is. */
const DEEP = "@deep@";
const DEPTH = 20_000;

/** Longer than any line should be. */
const LONG = "x".repeat(20_000);

export const texts: readonly string[] = [
  "", " ", "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "../../escape", "..", "/etc/passwd", "a\nb",
  "a\r\nb", "\u001b[31mred\u001b[0m", "\u009b31m", "\u0007", "\u0000", "\u2028", "\u202e", "\ud800", "é̂", "💥", "%s%n", "${x}",
  "'\"`", "x".repeat(300), LONG, "row", "NaN", "1e999", "0x10", "-0", "true", "null",
]; // prettier-ignore

/** Undefined is a field that is missing. */
export function hostileValue(draws: Draws): unknown {
  const kinds: readonly (() => unknown)[] = [
    () => Number(draws.pick(extremes)),
    () => draws.pick([0.5, -0.5, 1e308, 5e-324, -1, 1e21]),
    () => draws.pick(texts),
    () => draws.pick([null, true, false, [], {}, [[]], [null], [{}]]),
    () => undefined,
    () => DEEP,
    () => Array.from({ length: draws.pick([2, 3, 70, 5000]) }, () => draws.below(4)),
    () => JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
    () => ({ length: 2 ** 40, 0: 1 }),
  ];
  return draws.pick(kinds)();
}

/** The same JSON with something hostile in one place, or under another name. */
export function hostileJson(draws: Draws, value: unknown): unknown {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  if (keys.length === 0 || draws.chance(0.12)) return hostileValue(draws);
  const key = draws.pick(keys);
  if (Array.isArray(value)) {
    const at = Number(key);
    if (draws.chance(0.1)) return [...value, ...value];
    return value.map((item, i) => (i === at ? hostileJson(draws, item) : item));
  }
  const entries = Object.entries(value as object);
  if (draws.chance(0.15))
    return Object.fromEntries(entries.map(([name, item]) => [name === key ? draws.pick(texts) : name, item]));
  return Object.fromEntries(entries.map(([name, item]) => [name, name === key ? hostileJson(draws, item) : item]));
}

/** JSON, lists within lists as well. */
export function jsonOf(value: unknown): string {
  return (JSON.stringify(value) ?? "").replaceAll(`"${DEEP}"`, "[".repeat(DEPTH) + "]".repeat(DEPTH));
}
