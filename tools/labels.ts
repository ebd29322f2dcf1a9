/** Writes docs/labels.md from the label studies that are kept. With --check it writes nothing and fails when it is stale. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { sectionOf, type StudyReport } from "../bench/labelsTable.ts";

const kept = "bench/results/2-core-no-gpu-labels.json";
const root = new URL("../", import.meta.url);
const target = new URL("docs/labels.md", root);

interface Kept {
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly threads: number };
  readonly studies: readonly StudyReport[];
}

const { studies, date, machine } = JSON.parse(readFileSync(new URL(kept, root), "utf8")) as Kept;
const fresh = `# Does it save labels?

Made by \`npm run bench:labels\` on ${date.slice(0, 10)} (${machine.cpu}, ${machine.threads} threads, no GPU), kept in \`${kept}\`; this page is
written from that by \`npm run readme\`.

Every strategy and batch rule asks for k rows a round and is held against random with the same seed, the same rows to
measure on, and the same first rows, drawn by lot. ± and brackets are 95 % confidence over seeds, by Student's t. Targets are
shares of what a model comes to that knows all labels. A run that does not reach one counts as its last label: “≥” before
labels says that some did not. What is saved is a share of the labels that random takes, summed over all seeds, so that
“≥” says that only random fell short in some, “≤” that only the other did, and “≈” that both did. Below 0, it lost to random.

${studies.map(sectionOf).join("\n\n")}
`;

if (!process.argv.includes("--check")) writeFileSync(target, fresh);
else if (!existsSync(target) || readFileSync(target, "utf8") !== fresh) {
  console.error("docs/labels.md is stale: run `npm run readme`");
  process.exit(1);
}
