/** One case by every contender and peer. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Subject } from "./backends.ts";
import { rowsTimed, type Case } from "./cases.ts";
import { makePool, type Made } from "./data.ts";
import type { Patience } from "./measure.ts";
import { measurePeer, type Peer } from "./peers.ts";
import { referenceOf, type Reference } from "./reference.ts";
import { aboutSubject, type BackendAbout, type BackendReport, type CaseReport, type PeerReport } from "./report.ts";
import { timeCase } from "./time.ts";

/** A backend that is timed: here, or in a page. */
export interface Contender {
  readonly about: BackendAbout;
  time(one: Case, made: Made, reference: Reference, waiting: Patience): Promise<BackendReport>;
  close(): Promise<void>;
}

export function contenderOf(subject: Subject): Contender {
  const { engine, software } = subject;
  return {
    about: aboutSubject(subject),
    async time(one, made, reference, waiting) {
      const rows = rowsTimed(one, engine.backend === "webgpu" && !software);
      const result = await timeCase(one, rows, made, reference, subject, waiting);
      if ("wrong" in result || !one.memory) return result;
      return { ...result, memory: await memoryOf(one, engine.backend, engine.threads) };
    },
    close: () => subject.close(),
  };
}

/** Contenders and peers one right after the other, on the same data. */
export async function runCase(
  name: string,
  one: Case,
  contenders: readonly Contender[],
  peers: readonly Peer[],
  waiting: Patience,
): Promise<CaseReport> {
  const made = makePool(one);
  const reference = referenceOf(one, made);
  const results: BackendReport[] = [];
  for (const contender of contenders) results.push(await contender.time(one, made, reference, waiting));
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

async function memoryOf(one: Case, backend: string, threads: number): Promise<number> {
  const args = ["--import", "tsx", join(import.meta.dirname, "memory.ts"), JSON.stringify(one), backend];
  const command = [...args, String(threads)];
  return Number((await promisify(execFile)(process.execPath, command, { cwd: import.meta.dirname })).stdout);
}

/** The same result with a ratio for every peer that was timed. */
export function compared(result: BackendReport, peers: readonly PeerReport[]): BackendReport {
  if ("wrong" in result) return result;
  const ratios = peers.flatMap((peer) =>
    "warm" in peer ? [[peer.library, result.rowsPerSecond / (peer.rows / peer.warm.median)]] : [],
  );
  return { ...result, ratios: Object.fromEntries(ratios) };
}
