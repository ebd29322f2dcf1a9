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
import { backendNames, openSubject } from "../src/bench/backends.ts";
import { aboutRun, aboutSubject, saveReport } from "../src/bench/report.ts";
import { CLASSES, DIMS, PLANTED, pointsOf, sourceOf } from "./scaleRows.ts";
import type { ScaleResult, ScaleWork } from "./scaleRun.ts";
import { lineOf, pointsHeading, rankedHeading, type ScaleCase, type ScaleReport } from "./scaleTable.ts";

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
const cases: ScaleCase[] = [];
const keep = (one: ScaleCase): void => {
  cases.push(one);
  if (!one.isRight) process.exitCode = 1;
  console.log(lineOf(one));
};

console.log(`top-k of ${PLANTED} by entropy, ${CLASSES} classes\n\n${rankedHeading}`);
for (const { engine, software } of subjects)
  for (const memory of engine.backend === "cpu" ? [{}] : [{}, { device: 256e6 }])
    for (const rows of sizes)
      for (const from of values.npy === undefined ? (["made"] as const) : (["made", "npy"] as const)) {
        const { backend } = engine;
        const file = from === "npy" ? await written(`scale-${rows}.npy`, sourceOf(rows)) : undefined;
        const results = several({ rows, backend, file, memory });
        // Planted rows are the most uncertain of all, and alike.
        const isRight = results.every(
          ({ picks }) => picks.length === PLANTED && picks.every((row, i) => row === Math.floor((i * rows) / PLANTED)),
        );
        keep({ backend, software, rows, k: PLANTED, from, memory, isRight, runs: results.map(({ run }) => run) });
      }

/** Ways to come by the same picks. */
const ways: { way: string; backend: string; memory: MemoryBudget; storage?: PointStorage }[] = [
  { way: "held", backend: "cpu", memory: {} },
  { way: "paged in", backend: "cpu", memory: { host: 400e6 } },
  { way: "resident", backend: "webgpu", memory: {} },
  { way: "resident as int8", backend: "webgpu", memory: {}, storage: "int8" },
  { way: "brought by each sweep", backend: "webgpu", memory: { device: 256e6 } },
];
if (points > 0) {
  console.log(`\nk-center, k = ${k}, ${points.toLocaleString("en-US")} points of ${DIMS} dims\n\n${pointsHeading}`);
  const file = await written(`scale-points-${points}.npy`, pointsOf(points));
  let expected: string | undefined;
  for (const { way, backend, memory, storage } of ways) {
    const subject = subjects.find(({ engine }) => engine.backend === backend);
    if (!subject) continue;
    const results = several({ rows: points, backend: subject.engine.backend, file, k, memory, storage });
    expected ??= String(results[0].picks);
    const isRight = results.every(({ picks }) => String(picks) === expected);
    const { software } = subject;
    keep({
      backend,
      software,
      rows: points,
      k,
      from: "npy",
      way,
      memory,
      storage,
      isRight,
      runs: results.map(({ run }) => run),
    });
  }
}
const report: ScaleReport = { ...aboutRun(subjects.map(aboutSubject)), cases };
if (values.json !== undefined) saveReport(values.json, report);
for (const { close } of subjects) await close();
if (values.npy === undefined) rmSync(folder, { recursive: true });

function several(work: ScaleWork): ScaleResult[] {
  const script = fileURLToPath(new URL("scaleRun.ts", import.meta.url));
  return Array.from({ length: repeat }, () => {
    const args = ["--import", "tsx", script, JSON.stringify(work)];
    const text = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return JSON.parse(text) as ScaleResult;
  });
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
