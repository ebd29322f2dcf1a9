/** Makes the table of picks that every engine is held to, test/golden/picks.json, from the textbook; `--check` says whether it is so. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { differences, picksOf, type PickTable } from "../test/support/equalPicks.ts";
import { openReference } from "../test/support/engines.ts";

const path = join(import.meta.dirname, "../test/golden/picks.json");
const table: PickTable = {};
for (const seed of [0, 1]) Object.assign(table, await picksOf(await openReference(), seed));

if (process.argv.includes("--check")) {
  const golden = JSON.parse(readFileSync(path, "utf8")) as PickTable;
  const wrong = [...differences(table, golden), ...Object.keys(golden).filter((what) => !(what in table))];
  if (wrong.length > 0) {
    console.error(`test/golden/picks.json is not what the textbook picks: npm run picks\n${wrong.join("\n")}`);
    process.exitCode = 1;
  }
} else {
  const lines = Object.entries(table).map(([what, picks]) => `${JSON.stringify(what)}: ${JSON.stringify(picks)}`);
  writeFileSync(path, `{\n${lines.join(",\n")}\n}\n`);
}
