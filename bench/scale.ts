/**
 * `npm run bench:scale`: a selection out of 1, 10 and 100 million rows that are made as they are asked for. Time a row and
 * peak memory should not grow. `--npy FOLDER` writes the rows of each size there, and reads them from the file as well.
 *
 * Exits with 0 when all picks were right, 1 otherwise.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeNpy } from "../src/files/index.ts";
import { backendNames, openSubject } from "./backends.ts";
import { aboutRun, saveReport } from "./report.ts";
import { CLASSES, PLANTED, sourceOf } from "./scaleRows.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000,10000000,100000000" },
    backend: { type: "string" },
    repeat: { type: "string", default: "3" },
    npy: { type: "string" },
    json: { type: "string" },
  },
});
const sizes = values.rows.split(",").map(Number);

interface Run {
  readonly isRight: boolean;
  readonly seconds: number;
  readonly timings: object;
  /** Bytes that the process took at most. */
  readonly peak: number;
  readonly software: boolean;
}

const names = values.backend === undefined ? backendNames : backendNames.filter((name) => name === values.backend);
const subjects = [];
const cases: object[] = [];
console.log(`top-k of ${PLANTED} by entropy, ${CLASSES} classes\n`);
console.log("| backend | rows | from | s, median (min–max) | ns a row | peak MB | reading, s |");
console.log("|---|---|---|---|---|---|---|");
for (const backend of names) {
  const subject = await openSubject(backend);
  if (typeof subject === "string") {
    console.error(`${backend}: ${subject}`);
    continue;
  }
  subjects.push(subject);
  for (const rows of sizes)
    for (const file of [undefined, ...(values.npy === undefined ? [] : [await written(values.npy, rows)])]) {
      const runs = Array.from({ length: Number(values.repeat) }, () => run(rows, backend, file));
      const times = runs.map(({ seconds }) => seconds).sort((a, b) => a - b);
      const median = times[times.length >> 1];
      const peak = Math.max(...runs.map((one) => one.peak));
      const reading = (runs[0].timings as { upload: number }).upload;
      if (!runs.every(({ isRight }) => isRight)) process.exitCode = 1;
      const wrong = runs.every(({ isRight }) => isRight) ? "" : " WRONG PICKS";
      console.log(
        `| ${backend}${subject.software ? " (software)" : ""} | ${rows.toLocaleString("en-US")} | ${file === undefined ? "made" : ".npy"} | ${median.toFixed(2)} (${times[0].toFixed(2)}–${times[times.length - 1].toFixed(2)})${wrong} | ${((1e9 * median) / rows).toFixed(0)} | ${(peak / 1e6).toFixed(0)} | ${reading.toFixed(2)} |`,
      );
      cases.push({ backend, rows, classes: CLASSES, k: PLANTED, from: file === undefined ? "made" : "npy", runs });
    }
}
const report = { ...aboutRun(subjects), cases };
if (values.json !== undefined) saveReport(values.json, report);
for (const { close } of subjects) await close();

function run(rows: number, backend: string, file: string | undefined): Run {
  const script = fileURLToPath(new URL("scaleRun.ts", import.meta.url));
  const args = ["--import", "tsx", script, String(rows), backend, ...(file === undefined ? [] : [file])];
  const text = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return JSON.parse(text) as Run;
}

/** A file of these rows, made where it is not there yet. */
async function written(folder: string, rows: number): Promise<string> {
  const path = join(folder, `scale-${rows}.npy`);
  if (!existsSync(path)) await writeNpy(path, [rows, CLASSES], chunksOf(rows));
  return path;
}

async function* chunksOf(rows: number): AsyncGenerator<Float32Array> {
  const source = sourceOf(rows);
  const most = 2 ** 18;
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    const chunk = new Float32Array(count * CLASSES);
    await source.read(first, count, chunk);
    yield chunk;
  }
}
