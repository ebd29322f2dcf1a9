/** Writes docs/scale.md from the scale bench that is kept. With --check it writes nothing and fails when it is stale. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { lineOf, pointsHeading, rankedHeading, type ScaleReport } from "../bench/scaleTable.ts";

const kept = "bench/results/2-core-no-gpu-scale.json";
const root = new URL("../", import.meta.url);
const target = new URL("docs/scale.md", root);

const { cases, date, machine, backends } = JSON.parse(readFileSync(new URL(kept, root), "utf8")) as ScaleReport;
const ranked = cases.filter(({ way }) => way === undefined);
const measured = cases.filter(({ way }) => way !== undefined);
const fresh = `# Pools that do not fit

Made by \`npm run bench:scale\` on ${date.slice(0, 10)} (${machine.cpu}, ${machine.threads} threads; ${backends.map(({ backend, adapter }) => `${backend}: ${adapter}`).join("; ")}), kept in
\`${kept}\`; this page is written from that by \`npm run readme\`. A software adapter proves that picks are right, and says
nothing of how fast a GPU is; what is on such a device is memory of the process, too.

Each run is a process of its own; its peak is the most that it ever had resident, Node and compiler among it. What is
estimated is told before the work begins.

## The ${ranked[0].k.toLocaleString("en-US")} most uncertain rows of ten classes

Rows are made as they are asked for. Those that should be picked are known, and were.

${[rankedHeading, ...ranked.map(lineOf)].join("\n")}

## k-center, k = ${measured[0].k.toLocaleString("en-US")}, of ${measured[0].rows.toLocaleString("en-US")} points of 64 dims

Points are in a \`.npy\` file. All ways to come by them gave the same picks.

${[pointsHeading, ...measured.map(lineOf)].join("\n")}
`;

if (!process.argv.includes("--check")) writeFileSync(target, fresh);
else if (!existsSync(target) || readFileSync(target, "utf8") !== fresh) {
  console.error("docs/scale.md is stale: run `npm run readme`");
  process.exit(1);
}
