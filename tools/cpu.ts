/** Writes docs/cpu.md from the runs of the cpu backend that are kept. With --check it writes nothing and fails when it is stale. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { BatchReport } from "../bench/batches/report.ts";
import { cpuTable } from "../bench/cpuTable.ts";
import type { Report } from "../src/bench/report.ts";

const folder = "bench/results/";
const start = "2-core-no-gpu-cpu-";
const root = new URL("../", import.meta.url);
const target = new URL("docs/cpu.md", root);

const files = readdirSync(new URL(folder, root)).filter((file) => file.startsWith(start) && file.endsWith(".json"));
const reports = files
  .sort()
  .map((file) => JSON.parse(readFileSync(new URL(folder + file, root), "utf8")) as Report | BatchReport);
const isSmoke = (report: Report | BatchReport): boolean => ("quick" in report ? report.quick : report.rows !== null);
const smoke = files.filter((_, i) => isSmoke(reports[i]));
if (smoke.length > 0) throw new Error(`${smoke.join(", ")}: a smoke run is no measurement`);
const machines = [...new Set(reports.map(({ machine: { cpu, threads } }) => `${cpu}, ${threads} threads`))];
const fresh = `# The CPU backend beside NumPy and PyTorch

How many times as fast as its peers, on the same data in the same run, the cpu backend is to be at least and was measured to
be: medians of warm passes, in brackets from the peer's fastest run over our slowest to the reverse, and bold where it was
less than wanted; floor/measured of 1 is as fast as this machine can be. Several strategies come from one read; autograd is
PyTorch with a backward pass for each row and label, incremental is NumPy with the least distances kept.

Made by \`npm run bench\`, \`bench:product\` and \`bench:batches\`${machines.length > 0 ? ` on ${machines.join("; ")}` : ""}, kept in \`${folder}${start}*.json\`; this
page is written from those by \`npm run readme\`.

${cpuTable(reports)}
`;

if (!process.argv.includes("--check")) writeFileSync(target, fresh);
else if (!existsSync(target) || readFileSync(target, "utf8") !== fresh) {
  console.error("docs/cpu.md is stale: run `npm run readme`");
  process.exit(1);
}
