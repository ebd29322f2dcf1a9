/** Writes the README's tables from the registries. With --check it writes nothing and fails when one is stale. */
import { readFileSync, writeFileSync } from "node:fs";
import { batches } from "../src/batches/index.ts";
import { strategies } from "../src/scores/index.ts";

const file = new URL("../README.md", import.meta.url);

const tables = [
  { what: "strategies", head: "| strategy | score | what it measures | source |", entries: strategies },
  { what: "batch rules", head: "| batch | picks | what they are | source |", entries: batches },
];

const text = readFileSync(file, "utf8");
const fresh = tables.reduce(written, text);
if (!process.argv.includes("--check")) writeFileSync(file, fresh);
else if (fresh !== text) {
  const known = new Set(text.match(/^\| `[a-z-]+`/gm)?.map((start) => start.slice(3, -1)));
  const missing = tables.flatMap(({ entries }) => entries.filter(({ name }) => !known.has(name)));
  const which = missing.length > 0 ? ` (they lack ${missing.map(({ name }) => name).join(", ")})` : "";
  console.error(`README.md: its tables are stale${which}: run \`npm run readme\``);
  process.exit(1);
}

function written(readme: string, { what, head, entries }: (typeof tables)[number]): string {
  const [start, end] = [`<!-- ${what}: npm run readme -->\n`, `<!-- end of ${what} -->`];
  const [from, to] = [readme.indexOf(start) + start.length, readme.indexOf(end)];
  if (from < start.length || to < from) throw new Error(`README.md: the markers around the table of ${what} are gone`);
  const lines = entries.map(
    ({ name, formula, about, source }) => `| \`${name}\` | ${formula} | ${about} | ${source} |`,
  );
  return `${readme.slice(0, from)}\n${[head, "|---|---|---|---|", ...lines].join("\n")}\n\n${readme.slice(to)}`;
}
