/**
 * `npm run bench:product`: the product under every head, 65,536×256 by 256×256 and a bias, beside NumPy's (OpenBLAS) and
 * PyTorch's on the same data. What comes out is checked before it is timed.
 *
 * Exits with 0 when it was right, 1 when it was wrong, 2 for bad usage.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { InputError } from "../src/errors.ts";
import { Crew } from "../src/backends/cpu/crew.ts";
import { knownHead, ScoreJob, SLOT_BYTES } from "../src/backends/cpu/scoreJob.ts";
import type { Head, Layer } from "../src/head.ts";
import { arraySource } from "../src/matrix.ts";
import { Pace } from "../src/pace.ts";
import { nameOf, product, type Case } from "../src/bench/cases.ts";
import { CpuCeilings } from "../src/bench/ceilings/cpu.ts";
import { makePool, sampleRows } from "../src/bench/data.ts";
import { threadsIn } from "./flags.ts";
import { floorOf, workOf } from "../src/bench/floor.ts";
import { briefly, measure, patience, spreadOf, type Patience } from "../src/bench/measure.ts";
import { findPythonPeers, python, type PythonPeer } from "./peers.ts";
import { openReport, saveReport, type BackendReport, type PeerReport } from "../src/bench/report.ts";
import { compared } from "../src/bench/run.ts";
import { heading, linesOf } from "../src/bench/table.ts";

/** [rows, inputs] under one layer. */
interface Product {
  readonly values: Float32Array;
  readonly rows: number;
  readonly layer: Layer;
}

/** Rows whose sums are judged, and what they should be: [judged, outputs]. */
interface Right {
  readonly judged: Uint32Array;
  readonly expected: Float32Array;
}

/** Rows in one call of the kernel. */
const PIECE = 256;

/** values · weightᵀ + bias by the CPU backend's own product, [rows, outputs], as a head gives its logits. */
async function openProduct({ values, rows, layer }: Product, threads: number) {
  const crew = await Crew.open(threads);
  await crew.wake();
  const { inputs, outputs } = layer;
  const source = arraySource("features", values, rows, inputs);
  const head: Head = { layers: [layer], activation: "relu" };
  const options = { temperature: 1, seed: 0, passes: 1, dropout: 0, eglLayers: "all", pace: new Pace() } as const;
  const job = new ScoreJob(crew, { kind: "features", source, head }, knownHead(head), [], options);
  const slots = Array.from({ length: Math.ceil(rows / PIECE) }, (_, i) => {
    const count = Math.min(PIECE, rows - i * PIECE);
    const [slot, input, sums] = [job.room(SLOT_BYTES), job.room(4 * count * inputs), job.room(4 * count * outputs)];
    new Float32Array(crew.memory.buffer, input, count * inputs).set(values.subarray(i * PIECE * inputs, (i * PIECE + count) * inputs)); // prettier-ignore
    job.fill(slot, i * PIECE, count, input, sums);
    return { slot, sums, count };
  });
  return {
    async run(): Promise<void> {
      const tickets = [];
      for (const { slot } of slots) {
        tickets.push(crew.post("score", job.at, slot));
        while (crew.waiting >= 2 * crew.threads) crew.help();
      }
      for (const ticket of tickets) await crew.finished(ticket);
    },
    /** [rows, outputs]. */
    sums(): Float32Array {
      const all = new Float32Array(rows * outputs);
      slots.forEach(({ sums, count }, i) =>
        all.set(new Float32Array(crew.memory.buffer, sums, count * outputs), i * PIECE * outputs),
      );
      return all;
    },
    close: () => crew.close(),
  };
}

const QUICK_ROWS = 4096;
const JUDGED = 200;
/** How far a sum of 256 products in float32 may be off, whose size is about 10. */
const SLACK = 1e-3;

try {
  process.exitCode = await bench();
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = 2;
}

async function bench(): Promise<number> {
  const { quick, json, ...given } = parsed();
  const threads = threadsIn(given.threads) ?? availableParallelism();
  const rows = quick ? QUICK_ROWS : product.rows;
  const one = { ...product, rows };
  const { values, head } = makePool(one);
  const [layer] = head!.layers;
  const right = rightOf({ values, rows, layer });
  const peers = (await findPythonPeers()).filter(({ library }) => ["numpy", "torch"].includes(library));
  const adapter = `its product alone, ${threads} of ${availableParallelism()} threads`;
  const report = openReport([{ backend: "cpu", adapter, software: false, threads }], peers, [], quick);
  console.log(heading(report));
  const waiting = quick ? briefly : patience;
  const ours = await timeOurs(one, { values, rows, layer }, right, threads, waiting);
  const theirs: PeerReport[] = [];
  for (const peer of peers) theirs.push(await timePeer(peer, { values, rows, layer }, right, waiting));
  const results = [compared(ours, theirs)];
  report.cases.push({ name: nameOf(product), ...one, judged: right.judged.length, results, peers: theirs });
  console.log(linesOf(report.cases[0]));
  if (json !== undefined) saveReport(json, report);
  return "wrong" in ours ? 1 : 0;
}

function parsed() {
  try {
    const text = { type: "string" } as const;
    return parseArgs({ options: { quick: { type: "boolean", default: false }, threads: text, json: text } }).values;
  } catch (error) {
    const usage = "npm run bench:product -- [--threads N] [--quick] [--json FILE]";
    throw new InputError(`${(error as Error).message.split(/[.\n]/, 1)[0]}: ${usage}`);
  }
}

/** Some rows by the definition, in float64. */
function rightOf({ values, rows, layer: { weight, bias, inputs, outputs } }: Product): Right {
  const judged = sampleRows(rows, JUDGED);
  const expected = new Float32Array(JUDGED * outputs);
  judged.forEach((row, i) => {
    for (let o = 0; o < outputs; o++) {
      let sum = bias[o];
      for (let d = 0; d < inputs; d++) sum += values[row * inputs + d] * weight[o * inputs + d];
      expected[i * outputs + o] = sum;
    }
  });
  return { judged, expected };
}

function faultIn(sums: Float32Array, { judged, expected }: Right, { rows, layer: { outputs } }: Product) {
  if (sums.length !== rows * outputs) return `${sums.length} sums, not ${rows * outputs}`;
  for (const [i, row] of judged.entries())
    for (let o = 0; o < outputs; o++) {
      const [sum, right] = [sums[row * outputs + o], expected[i * outputs + o]];
      // Written so that NaN is wrong too.
      if (!(Math.abs(sum - right) <= SLACK)) return `output ${o} of row ${row} is ${sum} where ${right} is right`;
    }
  return undefined;
}

async function timeOurs(
  one: Case,
  given: Product,
  right: Right,
  threads: number,
  waiting: Patience,
): Promise<BackendReport> {
  const about = { backend: "cpu", software: false, rows: given.rows };
  const ours = await openProduct(given, threads);
  const run = async () => {
    const started = performance.now();
    await ours.run();
    return { timings: { upload: 0, kernel: (performance.now() - started) / 1000, readback: 0 } };
  };
  const ceilings = await CpuCeilings.open(threads);
  try {
    const result = await measure(run, () => faultIn(ours.sums(), right, given), waiting);
    if ("wrong" in result) return { ...about, ...result };
    const work = workOf(one, given.rows);
    const room = await ceilings.of(given.values.byteLength);
    const floor = floorOf(work, room);
    const rowsPerSecond = given.rows / result.warm.median;
    const floorOverMeasured = floor.seconds / result.pass;
    return { ...about, ...result, rowsPerSecond, work, ceilings: room, floor, floorOverMeasured, ratios: {} };
  } catch (error) {
    return { ...about, wrong: `it failed: ${(error as Error).message}` };
  } finally {
    await ours.close();
    await ceilings.close();
  }
}

async function timePeer(
  { library, on, interpreter }: PythonPeer,
  { values, rows, layer: { weight, bias, inputs, outputs } }: Product,
  { judged, expected }: Right,
  waiting: Patience,
): Promise<PeerReport> {
  const given = [
    { array: values, type: "float32", shape: [rows, inputs] },
    { array: weight, type: "float32", shape: [outputs, inputs] },
    { array: bias, type: "float32", shape: [outputs] },
    { array: judged, type: "int32", shape: [JUDGED] },
    { array: expected, type: "float32", shape: [JUDGED, outputs] },
  ] as const;
  const arrays = given.map(({ type, shape }) => ({ type, shape }));
  const bytes = given.map(({ array }) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  const script = join(import.meta.dirname, "product_peer.py");
  try {
    const request = JSON.stringify({ library, patience: waiting, arrays });
    const { seconds, threads, fault } = JSON.parse(await python(interpreter, script, [request], bytes));
    return { library, on, ...(fault ? { fault } : { rows, runs: seconds.length, warm: spreadOf(seconds), threads }) };
  } catch (error) {
    // The last line of a traceback says what happened; the others say where, in somebody's folders.
    return { library, on, fault: (error as Error).message.trim().split("\n").at(-1) as string };
  }
}
