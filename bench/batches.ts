/**
 * `npm run bench:batches`: k-center and hybrid on pools of several shapes, beside NumPy on the same data, where this
 * machine has it: `incremental`, the least distances kept and one product a pick, and `recomputed`, every distance anew
 * at every pick, on a sample. The radius of the picks is checked against the incremental one before anything is timed.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openEngine, type Batch } from "../src/index.ts";
import { writeNpy } from "../src/files/npy.ts";
import { spreadOf, type Spread } from "./measure.ts";

const DIMS = 64;

interface Work {
  readonly family: string;
  readonly rows: number;
  readonly labelled: number;
  readonly k: number;
}

interface Measured extends Work {
  readonly rule: string;
  readonly seconds: Spread;
  readonly runs: number;
  readonly evaluationShare: number;
  readonly radius: number;
  /** Seconds of the peers; `recomputed` is scaled from a sample. */
  readonly peers?: Record<string, number>;
}

const { values: asked } = parseArgs({
  options: {
    json: { type: "string" },
    rows: { type: "string", default: "1000000" },
    runs: { type: "string", default: "5" },
    filter: { type: "string", default: "" },
  },
});
const rows = Number(asked.rows);
const runs = Number(asked.runs);
const families = ["gaussian", "200 clusters", "1000 clusters", "heavy-tailed"];
const works: Work[] = [
  ...families.flatMap((family) => [100, 1000].map((k) => ({ family, rows, labelled: 100, k }))),
  { family: "gaussian", rows, labelled: 10_000, k: 100 },
].filter(({ family }) => family.includes(asked.filter));

const folder = mkdtempSync(join(tmpdir(), "poolwise-"));
await using engine = await openEngine({ backend: "cpu" });
const results: Measured[] = [];
try {
  for (const work of works)
    for (const rule of ["k-center", "hybrid"] as const) {
      // The least of all distances, which hybrid's first pick needs, takes minutes with so many labels.
      if (rule === "hybrid" && work.labelled > 100) continue;
      const measured = await measure(work, rule);
      results.push(measured);
      console.log(lineOf(measured));
      save();
    }
} finally {
  rmSync(folder, { recursive: true });
}
function save(): void {
  if (asked.json === undefined) return;
  const machine = { machine: cpus()[0].model, threads: cpus().length, node: process.versions.node };
  writeFileSync(asked.json, `${JSON.stringify({ ...machine, results }, null, 1)}\n`);
}

async function measure(work: Work, rule: "k-center" | "hybrid"): Promise<Measured> {
  const data = dataOf(work.family, work.rows);
  const scores = Float32Array.from({ length: work.rows }, uniform(99));
  const labelled = Array.from({ length: work.labelled }, (_, i) => Math.floor((i * work.rows) / work.labelled));
  using pool = await engine.load({ scores, embeddings: { data, rows: work.rows, dims: DIMS } });
  const seconds: number[] = [];
  let batch: Batch | undefined;
  const peers = await timePeers(work, rule, data, scores);
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    batch = await pool.select(rule, { k: work.k, labelled });
    seconds.push((performance.now() - started) / 1000);
    if (run === 0 && peers && Math.abs(batch.radius! - peers.radius) > 1e-3 * peers.radius)
      throw new Error(`${work.family}: radius ${batch.radius}, NumPy has ${peers.radius}`);
  }
  const { radius, evaluationShare } = batch!;
  const { radius: _, ...times } = peers ?? { radius: 0 };
  return {
    ...work,
    rule,
    seconds: spreadOf(seconds),
    runs,
    evaluationShare: evaluationShare!,
    radius: radius!,
    ...(peers && { peers: times }),
  };
}

async function timePeers(
  { k, labelled }: Work,
  rule: string,
  data: Float32Array,
  scores: Float32Array,
): Promise<Record<string, number> | undefined> {
  const count = scores.length;
  await writeNpy(join(folder, "x.npy"), [count, DIMS], [data], "<f4");
  await writeNpy(join(folder, "s.npy"), [count], [scores], "<f4");
  const script = join(import.meta.dirname, "batch_peers.py");
  for (const python of ["python3", "/usr/bin/python3"])
    try {
      return JSON.parse(
        execFileSync(python, ["-B", script, folder, rule, String(k), String(labelled), String(runs)], {
          encoding: "utf8",
        }),
      );
    } catch {
      continue; // this Python has no NumPy or SciPy
    }
  return undefined;
}

/** Marsaglia's xorshift: quick, and the same everywhere. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function dataOf(family: string, count: number): Float32Array {
  const lot = uniform(12_345);
  // Box & Muller, one of each pair.
  const bell = (): number => Math.sqrt(-2 * Math.log(lot() + 1e-12)) * Math.cos(2 * Math.PI * lot());
  const data = new Float32Array(count * DIMS).map(bell);
  if (family === "heavy-tailed") {
    // Student's t of three degrees of freedom.
    for (let row = 0; row < count; row++) {
      const spread = Math.sqrt((bell() ** 2 + bell() ** 2 + bell() ** 2) / 3);
      for (let d = 0; d < DIMS; d++) data[row * DIMS + d] /= spread;
    }
  } else if (family !== "gaussian") {
    const clusters = Number.parseInt(family, 10);
    const centres = new Float32Array(clusters * DIMS).map(() => 4 * bell());
    for (let row = 0; row < count; row++) {
      const own = Math.floor(lot() * clusters) * DIMS;
      for (let d = 0; d < DIMS; d++) data[row * DIMS + d] += centres[own + d];
    }
  }
  return data;
}

function lineOf({ family, rule, rows: count, labelled, k, seconds, evaluationShare, peers }: Measured): string {
  const { median, min, max } = seconds;
  const times = Object.entries(peers ?? {}).map(([name, time]) => `×${(time / median).toPrecision(2)} ${name}`);
  return [
    `${rule} ${family} ${count}×${DIMS} |L|=${labelled} k=${k}:`,
    `${median.toPrecision(3)} s (${min.toPrecision(3)}–${max.toPrecision(3)}),`,
    `${(100 * evaluationShare).toPrecision(3)} % of rows·k,`,
    ...times,
  ].join(" ");
}
