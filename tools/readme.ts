/** Writes the README's tables, from the registries and from the bench that is kept. With --check it writes nothing and fails when one is stale. */
import { readFileSync, writeFileSync } from "node:fs";
import { lacking, readmeTable } from "../bench/readmeTable.ts";
import { batches } from "../src/batches/index.ts";
import { strategies } from "../src/scores/index.ts";

const file = new URL("../README.md", import.meta.url);
/** Made by `npm run bench:keep`. */
const kept = new URL("../bench/results/2-core-no-gpu.json", import.meta.url);

const tables = [
  { what: "strategies", head: "| strategy | score | what it measures | source |", entries: strategies },
  { what: "batch rules", head: "| batch | picks | what they are | source |", entries: batches },
];

const text = readFileSync(file, "utf8");
const run = JSON.parse(readFileSync(kept, "utf8"));
const [missing, ...others] = lacking(run);
if (missing !== undefined) {
  console.error(`bench/results: the run that is kept has no ${missing}${others.length > 0 ? `, and ${others.length} more` : ""}: run \`npm run bench:keep\` to its end`); // prettier-ignore
  process.exit(1);
}
const bench = readmeTable(run);
const fresh = between(tables.reduce(written, text), "the bench", bench);
if (!process.argv.includes("--check")) writeFileSync(file, fresh);
else if (fresh !== text) {
  const known = new Set(text.match(/^\| `[a-z-]+`/gm)?.map((start) => start.slice(3, -1)));
  const unknown = tables.flatMap(({ entries }) => entries.filter(({ name }) => !known.has(name)));
  const which = unknown.length > 0 ? ` (they lack ${unknown.map(({ name }) => name).join(", ")})` : "";
  console.error(`README.md: its tables are stale${which}: run \`npm run readme\``);
  process.exit(1);
}

function written(readme: string, { what, head, entries }: (typeof tables)[number]): string {
  const lines = entries.map(
    ({ name, formula, about, source }) => `| \`${name}\` | ${formula} | ${about} | ${source} |`,
  );
  return between(readme, what, [head, "|---|---|---|---|", ...lines].join("\n"));
}

function between(readme: string, what: string, table: string): string {
  const [start, end] = [`<!-- ${what}: npm run readme -->\n`, `<!-- end of ${what} -->`];
  const [from, to] = [readme.indexOf(start) + start.length, readme.indexOf(end)];
  if (from < start.length || to < from) throw new Error(`README.md: the markers around the table of ${what} are gone`);
  return `${readme.slice(0, from)}\n${table}\n\n${readme.slice(to)}`;
}
