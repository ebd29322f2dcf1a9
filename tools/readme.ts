/** Writes the README's table of strategies from the registry. With --check it writes nothing and fails when it is stale. */
import { readFileSync, writeFileSync } from "node:fs";
import { strategies } from "../src/scores/index.ts";

const file = new URL("../README.md", import.meta.url);
const [start, end] = ["<!-- strategies: npm run readme -->\n", "<!-- end of strategies -->"];

const text = readFileSync(file, "utf8");
const [from, to] = [text.indexOf(start) + start.length, text.indexOf(end)];
if (from < start.length || to < from) throw new Error("README.md: the markers around the table of strategies are gone");

const table = [
  "| strategy | score | what it measures | source |",
  "|---|---|---|---|",
  ...strategies.map(({ name, formula, about, source }) => `| \`${name}\` | ${formula} | ${about} | ${source} |`),
];
const fresh = `${text.slice(0, from)}\n${table.join("\n")}\n\n${text.slice(to)}`;

if (!process.argv.includes("--check")) writeFileSync(file, fresh);
else if (fresh !== text) {
  const missing = strategies.filter(({ name }) => !text.slice(from, to).includes(`\`${name}\``));
  const what = missing.length > 0 ? ` (it lacks ${missing.map(({ name }) => name).join(", ")})` : "";
  console.error(`README.md: the table of strategies is stale${what}: run \`npm run readme\``);
  process.exit(1);
}
