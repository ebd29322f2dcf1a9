/** The elementary functions, against values worked out to 60 digits; and that nothing else is used where bits count. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as elementary from "../src/elementary.ts";
import golden from "./golden/elementary.json" with { type: "json" };

const { cosOfTurns, exp, log, log1p, pow, powerOfTen, powerOfTwo, tanh } = elementary;

/** How far each may be from the true value, in units of the last place. */
const bounds: Record<keyof typeof golden, number> = { exp: 1, log: 1, log1p: 1, pow: 1, tanh: 1.5, cosOfTurns: 1 };

/** The distance to the next float64. */
function lastPlace(value: number): number {
  const bits = new Float64Array([Math.abs(value)]);
  new BigUint64Array(bits.buffer)[0]++;
  return bits[0] - Math.abs(value);
}

test.each(Object.entries(golden) as [keyof typeof golden, number[][]][])("%s is within its bound", (name, cases) => {
  const of = elementary[name] as (...given: number[]) => number;
  expect(cases.length).toBeGreaterThan(150);
  for (const [...given] of cases) {
    const missed = given.pop()!;
    const value = given.pop()!;
    const error = Math.abs((of(...given) - value) / lastPlace(value) - missed);
    expect(error, `${name}(${given.join(", ")})`).toBeLessThan(bounds[name]);
  }
});

describe("at the ends", () => {
  const cases: [call: string, found: number, expected: number][] = [
    ["exp(0)", exp(0), 1],
    ["exp(-0)", exp(-0), 1],
    ["exp(5e-324)", exp(5e-324), 1],
    ["exp(Infinity)", exp(Infinity), Infinity],
    ["exp(-Infinity)", exp(-Infinity), 0],
    ["exp(NaN)", exp(NaN), NaN],
    ["exp(709.7827128933841)", exp(709.7827128933841), Infinity],
    ["exp(-745.1332191019411)", exp(-745.1332191019411), 5e-324],
    ["exp(-745.1332191019412)", exp(-745.1332191019412), 0],
    ["exp(1e300)", exp(1e300), Infinity],
    ["exp(-1e300)", exp(-1e300), 0],
    ["log(1)", log(1), 0],
    ["log(0)", log(0), -Infinity],
    ["log(-0)", log(-0), -Infinity],
    ["log(-5e-324)", log(-5e-324), NaN],
    ["log(-Infinity)", log(-Infinity), NaN],
    ["log(Infinity)", log(Infinity), Infinity],
    ["log(NaN)", log(NaN), NaN],
    ["log1p(0)", log1p(0), 0],
    ["log1p(-0)", log1p(-0), -0],
    ["log1p(-5e-324)", log1p(-5e-324), -5e-324],
    ["log1p(-1)", log1p(-1), -Infinity],
    ["log1p(-1.5)", log1p(-1.5), NaN],
    ["log1p(Infinity)", log1p(Infinity), Infinity],
    ["log1p(-Infinity)", log1p(-Infinity), NaN],
    ["log1p(NaN)", log1p(NaN), NaN],
    ["tanh(0)", tanh(0), 0],
    ["tanh(-0)", tanh(-0), -0],
    ["tanh(-5e-324)", tanh(-5e-324), -5e-324],
    ["tanh(Infinity)", tanh(Infinity), 1],
    ["tanh(-Infinity)", tanh(-Infinity), -1],
    ["tanh(-1e300)", tanh(-1e300), -1],
    ["tanh(NaN)", tanh(NaN), NaN],
    ["cosOfTurns(0)", cosOfTurns(0), 1],
    ["cosOfTurns(0.25)", cosOfTurns(0.25), 0],
    ["cosOfTurns(-0.5)", cosOfTurns(-0.5), -1],
    ["cosOfTurns(2 ** 50)", cosOfTurns(2 ** 50), 1],
    ["cosOfTurns(Infinity)", cosOfTurns(Infinity), NaN],
    ["cosOfTurns(NaN)", cosOfTurns(NaN), NaN],
    ["pow(NaN, 0)", pow(NaN, 0), 1],
    ["pow(0, 0)", pow(0, 0), 1],
    ["pow(0, 0.5)", pow(0, 0.5), 0],
    ["pow(0, -0.5)", pow(0, -0.5), Infinity],
    ["pow(Infinity, 0.5)", pow(Infinity, 0.5), Infinity],
    ["pow(Infinity, -0.5)", pow(Infinity, -0.5), 0],
    ["pow(0.1, 1)", pow(0.1, 1), 0.1],
    ["pow(1, 1e300)", pow(1, 1e300), 1],
    ["pow(1, Infinity)", pow(1, Infinity), NaN],
    ["pow(0.5, Infinity)", pow(0.5, Infinity), 0],
    ["pow(0.5, -Infinity)", pow(0.5, -Infinity), Infinity],
    ["pow(2, 1e300)", pow(2, 1e300), Infinity],
    ["pow(2, -1e300)", pow(2, -1e300), 0],
    ["pow(2, 1024)", pow(2, 1024), Infinity],
    ["pow(2, -1074)", pow(2, -1074), 5e-324],
    ["pow(2, -1076)", pow(2, -1076), 0],
    ["pow(2, 5e-324)", pow(2, 5e-324), 1],
    ["pow(-1, 2)", pow(-1, 2), NaN],
    ["pow(-1, 1)", pow(-1, 1), NaN],
    ["pow(2, NaN)", pow(2, NaN), NaN],
    ["pow(NaN, 1)", pow(NaN, 1), NaN],
  ];

  test.each(cases)("%s", (_, found, expected) => {
    expect(found).toBe(expected);
  });

  test("powers of two and of ten are the numbers of that name", () => {
    expect(powerOfTwo(-1074)).toBe(5e-324);
    expect(powerOfTwo(1023)).toBe(8.98846567431158e307);
    for (let i = -1073; i <= 1023; i++) expect(powerOfTwo(i) / powerOfTwo(i - 1)).toBe(2);
    expect([powerOfTen(-3), powerOfTen(0), powerOfTen(25)]).toEqual([1e-3, 1, 1e25]);
  });
});

/** What engines may round as they like, and why it may be used in a file all the same. */
const excused: Record<string, string> = {
  "src/cli/simulate/plot.ts": "the marks on an axis, for the eye",
};

/** Of `**`, powers of two that stand in the text are exact everywhere. */
const loose = [
  /\bMath\.(a?(cos|sin|tan)h?|atan2|cbrt|exp|expm1|hypot|log|log10|log1p|log2|pow)\b/,
  /(?<!(?<![\w.])2) \*\* | \*\* (?!-?\d+\b)/,
];
const isLoose = (code: string): boolean => loose.some((one) => one.test(code));

test("nothing in src leaves its bits to the engine", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const users = files.map((file) => join("src", file).replaceAll("\\", "/")).filter((file) => isLoose(codeOf(file)));
  expect(users).toEqual(Object.keys(excused));
});

test.each([
  "Math.exp(x)",
  "data.map(Math.log)",
  "Math.atan2(y, x)",
  "x ** 2",
  "2 ** n",
  "12 ** 3",
  "1.2 ** 3",
  "x ** y",
])("%s does", (code) => {
  expect(isLoose(code)).toBe(true);
});

test.each(["Math.sqrt(x)", "2 ** 26", "(2 ** -149)", "96 * 2 ** 20"])("%s does not", (code) => {
  expect(isLoose(code)).toBe(false);
});

/** Without comments, which may speak of them. */
const codeOf = (file: string): string => readFileSync(file, "utf8").replace(/^\s*(\/\/|\/?\*).*$/gm, "");
