/** One case on every backend and peer. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Subject } from "./backends.ts";
import { rowsTimed, type Case } from "./cases.ts";
import { dataOf, makePool, type Made } from "./data.ts";
import { floorOf, workOf } from "./floor.ts";
import { measure, type Patience } from "./measure.ts";
import { measurePeer, type Peer } from "./peers.ts";
import { dropoutOf, referenceOf, type Reference } from "./reference.ts";
import type { BackendReport, CaseReport, PeerReport } from "./report.ts";

/** Backends and peers one right after the other, on the same data. */
export async function runCase(
  name: string,
  one: Case,
  subjects: readonly Subject[],
  peers: readonly Peer[],
  waiting: Patience,
): Promise<CaseReport> {
  const made = makePool(one);
  const reference = referenceOf(one, made);
  const results: BackendReport[] = [];
  for (const subject of subjects) results.push(await runBackend(one, made, reference, subject, waiting));
  const peerResults: PeerReport[] = [];
  for (const peer of peers) {
    const result = await measurePeer(peer, one, made, reference, waiting);
    if (result) peerResults.push({ library: peer.library, ...result });
  }
  return {
    name,
    ...one,
    judged: reference.rows.length,
    results: results.map((result) => compared(result, peerResults)),
    peers: peerResults,
  };
}

async function runBackend(
  one: Case,
  made: Made,
  reference: Reference,
  subject: Subject,
  waiting: Patience,
): Promise<BackendReport> {
  const { strategies, k, memory } = one;
  const { engine, software } = subject;
  const rows = rowsTimed(one, engine.backend === "webgpu" && !software);
  const about = { backend: engine.backend, software, rows };
  using pool = await engine.load(dataOf(made, rows));
  const options = dropoutOf(one);
  const run = async () => {
    if (k !== undefined) return pool.select("top-k", { k, strategy: strategies[0], ...options });
    const scores = await pool.score(strategies, options);
    return { values: scores.map(({ values }) => values), timings: scores[0].timings };
  };
  try {
    const result = await measure(run, (answer) => reference.faultIn(answer, rows), waiting);
    if ("wrong" in result) return { ...about, ...result };
    const work = workOf(one, rows);
    const ceilings = await subject.ceilings(made.values);
    const floor = floorOf(work, ceilings);
    return {
      ...about,
      ...result,
      rowsPerSecond: rows / result.warm.median,
      work,
      ceilings,
      floor,
      floorOverMeasured: floor.seconds / result.kernel,
      ...(memory && { memory: await memoryOf(one, engine.backend) }),
      ratios: {},
    };
  } catch (error) {
    // One that breaks off has no right answer either, and the next one may.
    return { ...about, wrong: `it failed: ${(error as Error).message}` };
  }
}

async function memoryOf(one: Case, backend: string): Promise<number> {
  const command = ["--import", "tsx", join(import.meta.dirname, "memory.ts"), JSON.stringify(one), backend];
  return Number((await promisify(execFile)(process.execPath, command, { cwd: import.meta.dirname })).stdout);
}

/** The same result with a ratio for every peer that was timed. */
function compared(result: BackendReport, peers: readonly PeerReport[]): BackendReport {
  if ("wrong" in result) return result;
  const ratios = peers.flatMap((peer) =>
    "warm" in peer ? [[peer.library, result.rowsPerSecond / (peer.rows / peer.warm.median)]] : [],
  );
  return { ...result, ratios: Object.fromEntries(ratios) };
}
