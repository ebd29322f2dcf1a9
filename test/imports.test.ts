/** Imports go one way: a file may import from its own group and from the groups to its left, never in a circle. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { expect, test } from "vitest";

/** From left to right. A name is a file or a folder of src, or the demo beside it. */
const groups = [
  [
    "errors",
    "elementary",
    "matrix",
    "vectors",
    "readAhead",
    "distance",
    "head",
    "activations",
    "strategy",
    "passes",
    "random",
    "fingerprint",
    "pace",
    "calls",
    "trainer",
  ],
  ["files", "backends"],
  ["scores", "batches"],
  ["remedies"],
  ["referee", "points", "rows", "memory", "results", "leftRows", "poolInput", "options", "context", "pool", "engine"],
  ["models"],
  ["loop"],
  ["index", "node", "web"],
  ["bench"],
  ["cli", "demo"],
];

/** Neighbours in a group that must not know each other all the same. */
const apart = ["files → backends", "backends → files", "scores → batches", "cli → demo", "demo → cli"];

const root = join(import.meta.dirname, "..");
const files = ["src", "demo"].flatMap(typescriptIn);
const imports = new Map(files.map((file) => [file, importsOf(file)]));

test("there is something to look at", () => {
  expect(files).toContain("src/errors.ts");
  expect([...imports.values()].flat()).toContain("src/errors.ts");
});

test("every file has a place in the picture", () => {
  expect(files.filter((file) => groupOf(file) < 0)).toEqual([]);
});

test("files import from their own group and to the left", () => {
  const wrong = edges().filter(
    ([from, to]) => groupOf(to) > groupOf(from) || apart.includes(`${part(from)} → ${part(to)}`),
  );
  expect(wrong.map((edge) => edge.join(" → "))).toEqual([]);
});

test("what a page opens files with knows nothing of Node", () => {
  const reached = new Set(["src/web.ts"]);
  for (const file of reached) for (const next of imports.get(file) ?? []) reached.add(next);
  expect(reached.size).toBeGreaterThan(20);
  expect([...reached].filter((file) => /from "node:|\b(Buffer|process)\b\./.test(codeOf(file)))).toEqual([]);
});

test("the page uses the library as its users do, by the names of the package", () => {
  const ofPage = files.filter((file) => file.startsWith("demo/page/"));
  expect(ofPage).toContain("demo/page/main.tsx");
  expect(ofPage.filter((file) => imports.get(file)!.some((to) => to.startsWith("src/")))).toEqual([]);
});

test("no file imports itself, however long the way round", () => {
  expect(circle()?.join(" → ")).toBeUndefined();
});

function typescriptIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .sort();
}

/** The files of ours that a file imports, for types too: what is erased when it runs is still read by a person. */
function importsOf(file: string): string[] {
  const specifiers = codeOf(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g);
  return [...specifiers].map(([, path]) => join(dirname(file), path).replaceAll(sep, "/"));
}

/** Without comments, which have examples. */
function codeOf(file: string): string {
  return readFileSync(join(root, file), "utf8").replace(/^\s*(\/\/|\/?\*).*$/gm, "");
}

/** src/files/npy.ts is part of "files", src/pool.ts is "pool", demo/flights.ts is "demo". */
function part(file: string): string {
  return file
    .replace(/^src\//, "")
    .split("/", 1)[0]
    .replace(/\.tsx?$/, "");
}

function groupOf(file: string): number {
  return groups.findIndex((group) => group.includes(part(file)));
}

function edges(): [from: string, to: string][] {
  return [...imports].flatMap(([from, all]) => all.map((to): [string, string] => [from, to]));
}

/** A way from some file back to itself, or undefined. */
function circle(): string[] | undefined {
  const cleared = new Set<string>();
  const search = (file: string, way: string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (cleared.has(file)) return undefined;
    for (const next of imports.get(file) ?? []) {
      const found = search(next, [...way, file]);
      if (found) return found;
    }
    cleared.add(file);
    return undefined;
  };
  return files.map((file) => search(file, [])).find(Boolean);
}
