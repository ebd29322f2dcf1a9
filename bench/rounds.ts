/**
 * `npm run bench:rounds`: rounds on a pool that stays where it is. A round brings new weights of a head to it, scores all
 * rows by entropy, and takes 100 picks; beside it scikit-learn's `predict_proba` with NumPy.
 *
 * Each round's picks are held against float64 before any time is told. Exits with 0 when all were right, 1 otherwise.
 */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import type { Head } from "../src/index.ts";
import { randomUniform } from "../src/random.ts";
import { backendNames, openSubject } from "../src/bench/backends.ts";
import { spreadOf, type Spread } from "../src/bench/measure.ts";
import { interpreters } from "./peers.ts";
import { aboutRun, aboutSubject, saveReport } from "../src/bench/report.ts";

const CLASSES = 10;
const DIMS = 64;
const K = 100;
const ROUNDS = 20;

const { values } = parseArgs({
  options: { rows: { type: "string", default: "1000000" }, backend: { type: "string" }, json: { type: "string" } },
});
const rows = Number(values.rows);

const data = Float32Array.from({ length: rows * DIMS }, (_, i) => 2 * randomUniform(1, 2, i) - 1);
const weights = Float32Array.from({ length: ROUNDS * CLASSES * (DIMS + 1) }, (_, i) => 2 * randomUniform(2, 2, i) - 1);

/** Weights and bias of a round, from rows of dims + 1. */
function headOf(round: number): Head {
  const weight = new Float32Array(CLASSES * DIMS);
  const bias = new Float32Array(CLASSES);
  for (let c = 0; c < CLASSES; c++) {
    const at = (round * CLASSES + c) * (DIMS + 1);
    weight.set(weights.subarray(at, at + DIMS), c * DIMS);
    bias[c] = weights[at + DIMS];
  }
  return { layers: [{ weight, bias, inputs: DIMS, outputs: CLASSES }], activation: "relu" };
}

/** The K rows of the highest entropy in float64, ties to the lowest row. */
function reference(round: number): number[] {
  const [{ weight, bias }] = headOf(round).layers;
  const logits = new Float64Array(CLASSES);
  const entropies = Float64Array.from({ length: rows }, (_, row) => {
    let top = -Infinity;
    for (let c = 0; c < CLASSES; c++) {
      let sum = bias[c];
      for (let d = 0; d < DIMS; d++) sum += weight[c * DIMS + d] * data[row * DIMS + d];
      logits[c] = sum;
      top = Math.max(top, sum);
    }
    let [z, weighted] = [0, 0];
    for (const logit of logits) {
      const e = Math.exp(logit - top);
      z += e;
      weighted += e * (logit - top);
    }
    return Math.log(z) - weighted / z;
  });
  const bar = entropies.toSorted()[rows - K];
  const best = [...entropies.keys()].filter((row) => entropies[row] >= bar);
  return best.sort((a, b) => entropies[b] - entropies[a] || a - b).slice(0, K);
}

/** The first of Python that has what is needed, or why none has. */
async function peer(): Promise<{ picks: number[][]; seconds: number[]; versions: Record<string, string> } | string> {
  const script = new URL("rounds_peer.py", import.meta.url).pathname;
  for (const interpreter of interpreters) {
    const child = spawn(interpreter, [script, ...[rows, DIMS, CLASSES, K, ROUNDS].map(String)], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    child.on("error", () => {});
    child.stdin.on("error", () => {});
    for (const array of [data, weights]) child.stdin.write(new Uint8Array(array.buffer));
    child.stdin.end();
    let output = "";
    for await (const chunk of child.stdout) output += String(chunk);
    if (output !== "") return JSON.parse(output);
  }
  return "no Python here has scikit-learn and NumPy";
}

const expected = Array.from({ length: ROUNDS }, (_, round) => reference(round));
const line = (name: string, { median, min, max }: Spread, more: string): void =>
  console.log(`${name.padEnd(14)}${median.toFixed(3)} s a round (${min.toFixed(3)}–${max.toFixed(3)})${more}`);

const theirs = await peer();
const results: object[] = [];
const subjects = [];
for (const name of backendNames.filter((one) => (values.backend ?? one) === one)) {
  const subject = await openSubject(name);
  if (typeof subject === "string") {
    console.log(`${name} is left out: ${subject}`);
    continue;
  }
  subjects.push(subject);
  using pool = await subject.engine.load({ features: { data, rows, dims: DIMS } });
  const seconds: number[] = [];
  let wrong = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    pool.use({ head: headOf(round) });
    const { picks } = await pool.select("top-k", { k: K, strategy: "entropy" });
    seconds.push((performance.now() - began) / 1000);
    if (picks.some(({ row }, i) => row !== expected[round][i])) wrong++;
  }
  if (wrong > 0) {
    console.log(`${name}: ${wrong} of ${ROUNDS} rounds picked other rows than float64`);
    process.exitCode = 1;
    continue;
  }
  const [first, ...rest] = seconds;
  const spread = spreadOf(rest);
  const ratio = typeof theirs === "string" ? undefined : spreadOf(theirs.seconds.slice(1)).median / spread.median;
  const software = subject.software ? ", a CPU that plays a GPU: no GPU's speed" : "";
  line(
    name,
    spread,
    `, first ${first.toFixed(3)} s${ratio === undefined ? "" : `, ×${ratio.toFixed(2)} scikit-learn`}${software}`,
  );
  results.push({ backend: name, software: subject.software, seconds, ratio: ratio ?? null });
}
if (typeof theirs === "string") console.log(theirs);
else {
  const same = theirs.picks.map((picks, round) => picks.filter((row) => expected[round].includes(row)).length);
  line(
    "scikit-learn",
    spreadOf(theirs.seconds.slice(1)),
    `, at least ${Math.min(...same)} of ${K} picks those of float64 (${Object.entries(theirs.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")})`,
  );
}
if (values.json !== undefined) {
  const report = {
    ...aboutRun(subjects.map(aboutSubject)),
    rows,
    dims: DIMS,
    classes: CLASSES,
    k: K,
    rounds: ROUNDS,
    results,
    peer: theirs,
  };
  saveReport(values.json, report);
}
for (const subject of subjects) await subject.close();
