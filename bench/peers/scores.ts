/** What of a case the libraries in Node are asked, and on how many rows. */
import type { Case } from "../../src/bench/cases.ts";
import { makePool, type Made } from "../../src/bench/data.ts";
import { workOf } from "../../src/bench/floor.ts";
import { spreadOf, type Patience } from "../../src/bench/measure.ts";
import { dropoutOf, referenceOf, type Reference } from "../../src/bench/reference.ts";
import type { PeerFault, PeerMeasured } from "../../src/bench/report.ts";
import { ask, hurried, type NodePeer } from "./ask.ts";
import type { Judged } from "./check.ts";
import type { Dense, Task } from "./task.ts";

/** Of one pass; of several there is BALD, of gradients EGL. */
const plain: readonly string[] = ["entropy", "margin", "least-confidence"];

/**
 * Work that a library gets at most, an exponential counting as 20 multiply-adds or values read: rows a second is what
 * compares, and a few seconds are enough to tell them. The last is a CPU that plays a GPU.
 */
const MOST_WORK = { cpu: 4e8, gpu: 4e9, software: 1e7 };

/** Times a library on a case; its answer must be near the reference. Undefined where it has no such work. */
export async function timeNodePeer(
  { library, on }: NodePeer,
  one: Case,
  made: Made,
  reference: Reference,
  patience: Patience,
  software: boolean,
): Promise<PeerMeasured | PeerFault | undefined> {
  if (!hasWork(library, one)) return undefined;
  const rows = Math.min(one.rows, rowsWithin(one, MOST_WORK[on === "cpu" ? "cpu" : software ? "software" : "gpu"]));
  // The first rows are the same, however many there are.
  const few = { ...one, rows };
  const pool = rows === one.rows ? made : makePool(few);
  const judged = judgedOf(few, rows === one.rows ? reference : referenceOf(few, pool));
  const waiting = on === "webgpu" && software ? hurried(patience) : patience;
  const said = await ask({ library, task: taskOf(few, pool), judged, patience: waiting });
  if (said.fault !== undefined) return { fault: said.fault };
  const { seconds, threads, adapter } = said;
  return { rows, runs: seconds.length, warm: spreadOf(seconds), threads, adapter };
}

function hasWork(library: string, { kind, passes, strategies }: Case): boolean {
  if (library === "ml-kmeans") return false;
  if (kind === "scores") return true;
  if (passes) return strategies.every((name) => name === "bald");
  return strategies.every((name) => plain.includes(name) || name === "egl");
}

function rowsWithin(one: Case, most: number): number {
  const { bytes, multiplyAdds, exps } = workOf(one, 1);
  const rows = Math.floor(most / (bytes / 4 + multiplyAdds + 20 * exps));
  // Picks must be among more rows than they are.
  return Math.max(rows, 10 * (one.k ?? 1));
}

function judgedOf(one: Case, { rows, expected }: Reference): Judged {
  return { strategies: one.strategies, rows, expected, picks: one.k !== undefined, drawn: one.dropout !== undefined };
}

function taskOf(one: Case, { values, head }: Made): Task {
  const { kind, rows, cols, passes, strategies, k } = one;
  if (kind === "scores") return { work: "top-k", data: { data: values, shape: [rows] }, k: k! };
  const layers = (head?.layers ?? []).map(({ weight, bias, inputs, outputs }): Dense => ({
    weight: { data: weight as Float32Array, shape: [outputs, inputs] },
    bias: { data: bias as Float32Array, shape: [outputs] },
  }));
  const shape = kind === "logits" && passes ? [passes, rows, cols] : [rows, cols];
  return { work: "scores", strategies, k, data: { data: values, shape }, head: layers, ...dropoutOf(one) };
}
