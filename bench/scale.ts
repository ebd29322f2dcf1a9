/**
 * `npm run bench:scale`: a selection out of 1, 10 and 100 million rows that are made as they are asked for. Time a row and
 * peak memory should not grow. Then k-center out of 3 million points of a file, held and paged in, and on a device resident
 * and brought there by each sweep. `--npy FOLDER` keeps the files there, and reads the rows of each size from one, too.
 *
 * Exits with 0 when all picks were right, 1 otherwise.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeNpy } from "../src/files/index.ts";
import type { MemoryBudget, PointStorage, RowSource } from "../src/index.ts";
import { blocksOf } from "../src/readAhead.ts";
import { backendNames, openSubject } from "./backends.ts";
import { aboutRun, saveReport } from "./report.ts";
import { CLASSES, DIMS, PLANTED, pointsOf, sourceOf } from "./scaleRows.ts";
import type { ScaleRun, ScaleWork } from "./scaleRun.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000,10000000,100000000" },
    points: { type: "string", default: "3000000" },
    k: { type: "string", default: "1000" },
    backend: { type: "string" },
    repeat: { type: "string", default: "3" },
    npy: { type: "string" },
    json: { type: "string" },
  },
});
const sizes = values.rows.split(",").map(Number).filter(Boolean);
const [points, k, repeat] = [values.points, values.k, values.repeat].map(Number);
const folder = values.npy ?? mkdtempSync(join(tmpdir(), "poolwise-scale-"));

const names = values.backend === undefined ? backendNames : backendNames.filter((name) => name === values.backend);
const subjects = [];
for (const name of names) {
  const subject = await openSubject(name);
  if (typeof subject === "string") console.error(`${name}: ${subject}`);
  else subjects.push(subject);
}
const cases: object[] = [];

console.log(`top-k of ${PLANTED} by entropy, ${CLASSES} classes\n`);
const COLUMNS = "s, median (min–max) | ns a row | peak MB | estimated MB | device MB |";
console.log(`| backend | rows | from | ${COLUMNS}\n|---|---|---|---|---|---|---|---|`);
for (const { engine, software } of subjects)
  for (const rows of sizes)
    for (const from of values.npy === undefined ? ["made"] : ["made", "npy"]) {
      const file = from === "npy" ? await written(`scale-${rows}.npy`, sourceOf(rows)) : undefined;
      const runs = several({ rows, backend: engine.backend, file });
      // Planted rows are the most uncertain of all, and alike.
      const isRight = runs.every(
        ({ picks }) => picks.length === PLANTED && picks.every((row, i) => row === Math.floor((i * rows) / PLANTED)),
      );
      tell([nameOf(engine.backend, software), rows.toLocaleString("en-US"), from], rows, runs, isRight);
      cases.push({ backend: engine.backend, software, rows, classes: CLASSES, k: PLANTED, from, isRight, runs });
    }

/** Ways to come by the same picks. */
const ways: { name: string; backend: string; memory: MemoryBudget; storage?: PointStorage }[] = [
  { name: "held", backend: "cpu", memory: {} },
  { name: "paged, 400 MB", backend: "cpu", memory: { host: 400e6 } },
  { name: "resident", backend: "webgpu", memory: {} },
  { name: "float16", backend: "webgpu", memory: {}, storage: "float16" },
  { name: "int8", backend: "webgpu", memory: {}, storage: "int8" },
  { name: "streamed, 256 MB", backend: "webgpu", memory: { device: 256e6 } },
];
if (points > 0) {
  console.log(`\nk-center, k = ${k}, ${points.toLocaleString("en-US")} points of ${DIMS} dims\n`);
  console.log(`| backend | embeddings | ${COLUMNS}\n|---|---|---|---|---|---|---|`);
  const file = await written(`scale-points-${points}.npy`, pointsOf(points));
  let expected: string | undefined;
  for (const { name, backend, memory, storage } of ways) {
    const subject = subjects.find(({ engine }) => engine.backend === backend);
    if (!subject) continue;
    const runs = several({ rows: points, backend: subject.engine.backend, file, k, memory, storage });
    expected ??= String(runs[0].picks);
    const isRight = runs.every(({ picks }) => String(picks) === expected);
    tell([nameOf(backend, subject.software), name], points, runs, isRight);
    cases.push({ backend, software: subject.software, rows: points, dims: DIMS, k, memory, storage, isRight, runs });
  }
}
if (values.json !== undefined) {
  // Picks have been held against what they should be, and are of no further use.
  const report = JSON.stringify({ ...aboutRun(subjects), cases }, (key, value) =>
    key === "picks" ? undefined : value,
  );
  saveReport(values.json, JSON.parse(report));
}
for (const { close } of subjects) await close();
if (values.npy === undefined) rmSync(folder, { recursive: true });

function several(work: ScaleWork): ScaleRun[] {
  const script = fileURLToPath(new URL("scaleRun.ts", import.meta.url));
  return Array.from({ length: repeat }, () => {
    const args = ["--import", "tsx", script, JSON.stringify(work)];
    const text = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return JSON.parse(text) as ScaleRun;
  });
}

function tell(about: readonly string[], rows: number, runs: readonly ScaleRun[], isRight: boolean): void {
  const times = runs.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const median = times[times.length >> 1];
  const megabytes = (of: (one: ScaleRun) => number): string => (Math.max(...runs.map(of)) / 1e6).toFixed(0);
  if (!isRight) process.exitCode = 1;
  const told = [
    ...about,
    `${median.toFixed(2)} (${times[0].toFixed(2)}–${times[times.length - 1].toFixed(2)})${isRight ? "" : " WRONG PICKS"}`,
    ((1e9 * median) / rows).toFixed(0),
    megabytes(({ peak }) => peak),
    megabytes(({ needs }) => needs.host),
    megabytes(({ needs }) => needs.device),
  ];
  console.log(`| ${told.join(" | ")} |`);
}

function nameOf(backend: string, software: boolean): string {
  return backend + (software ? " (software)" : "");
}

/** A file of these rows, made where it is not there yet. */
async function written(name: string, source: RowSource): Promise<string> {
  const path = join(folder, name);
  if (!existsSync(path)) await writeNpy(path, [source.rows, source.cols], chunksOf(source));
  return path;
}

async function* chunksOf(source: RowSource): AsyncGenerator<Float32Array> {
  for await (const { values: chunk } of blocksOf(source)) yield chunk;
}
