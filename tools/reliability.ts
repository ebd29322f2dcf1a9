/**
 * Writes docs/reliability.md: what poolwise is put through, how often, and by which test. With --check it writes nothing and
 * fails when the page is stale. The numbers are those that the tests' loops go by.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { batches } from "../src/batches/index.ts";
import { strategies } from "../src/scores/index.ts";
import { counts } from "../test/reliability/support/counts.ts";
import { faultCounts } from "../test/reliability/support/faultCounts.ts";
import { propertyCounts, SEEDS } from "../test/reliability/support/propertyCounts.ts";

interface Row {
  readonly what: string;
  /** How often in `npm test`, and in `npm run soak`. Infinity: wherever it can be. */
  readonly short: number | string;
  readonly long: number | string;
  /** Below test/. */
  readonly test: string;
}

const root = new URL("../", import.meta.url);
const target = new URL("docs/reliability.md", root);

/** What has no number is done the same way in both forms. */
const always = (what: string, test: string): Row => ({ what, short: "always", long: "always", test });

const files: Record<keyof typeof counts, string> = {
  npy: "mutated `.npy` files",
  npz: "mutated `.npz` pools",
  safetensors: "mutated heads in `.safetensors`",
  npzHead: "mutated heads in `.npz`",
  parquet: "mutated `.parquet` files",
  arrow: "mutated `.arrow` files",
  csv: "mutated `.csv` files",
  jsonl: "mutated `.jsonl` files",
  lists: "mutated lists of rows and picks",
  journal: "mutated journals",
  commandLines: "random lists of arguments",
  processes: "the same, each in a process of its own",
};
const isCommand = (name: string): boolean => name === "commandLines" || name === "processes";

const fuzz = Object.entries(counts).map(([name, { short, long }]): Row => ({
  what: files[name as keyof typeof counts],
  short,
  long,
  test: isCommand(name) ? "reliability/fuzzCommands.test.ts" : "reliability/fuzzFiles.test.ts",
}));

const asked = { strategies: strategies.length, batches: batches.length };
const properties = Object.entries(propertyCounts).map(([name, { what, each, short, long }]): Row => ({
  what: `${what}, for each of ${asked[each]} ${each === "strategies" ? "strategies" : "batch rules"}`,
  short,
  long,
  test: `reliability/${name.endsWith("Chunks") ? "chunking" : each === "strategies" ? "scoreProperties" : "batchProperties"}.test.ts`,
}));

const combinations = Object.keys(JSON.parse(readFileSync(new URL("test/golden/picks.json", root), "utf8"))).length;
const [table, ownSeeds] = ["backends/equalPicks.test.ts", "reliability/equalPicks.test.ts"];
const half = combinations / 2;
const equal: Row[] = [
  {
    what: "picks on the cpu by one thread and by two, in Node and in Chromium: strategy × batch × seed, scores to the bit",
    short: 4 * combinations,
    long: 4 * combinations,
    test: table,
  },
  {
    what: "picks on the cpu, more seeds, beside the textbook code",
    short: 0,
    long: 2 * half * SEEDS.cpu,
    test: ownSeeds,
  },
  {
    what: "picks on a software device in Node, and on Chromium's WebGPU, beside the same table",
    short: "each strategy and rule once",
    long: 2 * combinations,
    test: table,
  },
  {
    what: "picks on lavapipe and on SwiftShader in Node, more seeds, beside the textbook code",
    short: "each strategy and rule once, on SwiftShader",
    long: 2 * half * SEEDS.device,
    test: ownSeeds,
  },
];

const faultTests: Record<keyof typeof faultCounts, string> = {
  lossPoints: "deviceLost",
  bufferFailures: "faults",
  arrayFailures: "faults",
  workerDeaths: "faults",
  loopKills: "kills",
  simulateKills: "kills",
  journalRaces: "journals",
  cpuCalls: "soak",
  deviceCalls: "soak",
  cpuEngines: "soak",
  deviceEngines: "soak",
};
const counted = Object.entries(faultCounts).map(([name, { what, short, long }]): Row => ({
  what,
  short,
  long,
  test: `reliability/${faultTests[name as keyof typeof faultCounts]}.test.ts`,
}));
const isSoak = ({ test }: Row): boolean => test.endsWith("soak.test.ts");

const sections: readonly (readonly [title: string, holds: string, rows: readonly Row[]])[] = [
  [
    "Files and commands that lie",
    "An input opens and reads to its end, or is refused in one plain line that names it: never a crash, more than 10 s of work (two minutes for a command, all in all), a stack trace, memory that its bytes do not account for, or a file left behind. A number repeats a failure: `npx tsx test/reliability/support/again.ts KIND NUMBER`.",
    [
      ...fuzz,
      always(
        "headers that claim 2⁶³ rows, zip bombs, overlapping and endless offsets",
        "reliability/lyingHeaders.test.ts",
      ),
    ],
  ],
  [
    "What holds of any pool",
    "For every strategy and every batch rule that the registries name, on the cpu and, a tenth as often where it scores, on a software device. What a definition leaves out is left out: `random` has no duplicates, `egl` no probabilities and no temperature, votes that tie go by the number of the class, and a rule that draws is held to what it draws by.",
    [
      ...properties,
      always(
        "pools at the edge: one row, 1000 classes, all rows alike, logits of ±3e38, subnormals, invalid rows",
        "reliability/edgePools.test.ts",
      ),
      always(
        "400,000 rows that float32 cannot tell apart, all of which are judged and few of which are kept",
        "backends/crowds.test.ts",
      ),
      ...equal,
      always(
        "float64 functions, scores, models and picks to the bit, in Node and in Chromium",
        "backends/sameBits.test.ts",
      ),
    ],
  ],
  [
    "Faults",
    "A call in flight fails with one line or is right; nothing on the host is lost, and the next call is right. Nobody who was told that a label is kept loses it, and after it all the picks are those of a run that nobody disturbed.",
    [
      ...counted.filter((row) => !isSoak(row)),
      always("a shader that does not compile", "reliability/faults.test.ts"),
      always("a device that computes nothing", "canary.test.ts"),
      always("a disk that is full, and files that change while they are read", "reliability/disk.test.ts"),
      always("two processes on one journal", "reliability/journals.test.ts"),
    ],
  ],
  [
    "Soak",
    "Heap, buffers of arrays, memory of the process, buffers of devices, threads and open files stay flat, and a process ends by itself.",
    [
      ...counted.filter(isSoak),
      always(
        "the panels of the page over 200 rounds, labels or changes (fewer on a software device in `npm test`)",
        "demo/explorerLeaks.test.ts",
      ),
    ],
  ],
  [
    "Security",
    "What data calls things stays text, and nothing is asked of a network but what the user names.",
    [
      always(
        "file names of odd characters, keys that all objects have, entries of archives named `..`",
        "reliability/names.test.ts",
      ),
      always("HTML in titles, names and texts of a report", "reliability/hostileReport.test.ts"),
      always("HTML in the names of files, columns and errors on the page", "demo/hostileNames.test.ts"),
      always(
        "no network, no text that becomes code, nothing that npm runs on install",
        "reliability/noNetwork.test.ts",
      ),
    ],
  ],
];

const missing = sections.flatMap(([, , rows]) => rows).filter(({ test }) => !existsSync(new URL(`test/${test}`, root)));
if (missing.length > 0) throw new Error(`no such test: ${missing.map(({ test }) => test).join(", ")}`);

const number = (value: number | string): string => (value === Infinity ? "all" : value.toLocaleString("en-US"));

const inAll = Object.values(counts).reduce((sum, { long }) => sum + long, 0);
const fresh = `# What breaks it

Each row is a test. \`npm test\` runs it in a short form, \`npm run soak\` in a long one that takes hours: ${inAll.toLocaleString("en-US")} inputs
that mean harm among them. The numbers are those that the tests go by; this page is written from them by \`npm run readme\`.
${sections
  .map(
    ([title, holds, rows]) => `
## ${title}

${holds}

| what | \`npm test\` | \`npm run soak\` | test |
|---|---|---|---|
${rows.map(({ what, short, long, test }) => `| ${what} | ${number(short)} | ${number(long)} | [${test.split("/").at(-1)}](../test/${test}) |`).join("\n")}
`,
  )
  .join("")}`;

if (!process.argv.includes("--check")) writeFileSync(target, fresh);
else if (!existsSync(target) || readFileSync(target, "utf8") !== fresh) {
  console.error("docs/reliability.md is stale: run `npm run readme`");
  process.exit(1);
}
