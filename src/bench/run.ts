/** One case by every contender. */
import type { Subject } from "./backends.ts";
import { ceilingsOf } from "./ceilings/all.ts";
import { rowsTimed, type Case } from "./cases.ts";
import { makePool, type Made } from "./data.ts";
import type { Patience } from "./measure.ts";
import { referenceOf, type Reference } from "./reference.ts";
import {
  aboutSubject,
  type BackendAbout,
  type BackendCeilings,
  type BackendReport,
  type CaseReport,
  type PeerReport,
} from "./report.ts";
import { timeCase } from "./time.ts";

/** A backend that is timed: here, or in a page. */
export interface Contender {
  readonly about: BackendAbout;
  time(one: Case, made: Made, reference: Reference, waiting: Patience): Promise<BackendReport>;
  ceilings(): Promise<BackendCeilings>;
  close(): Promise<void>;
}

/** Times peers on the same data, if there are any. */
export type Beside = (made: Made, reference: Reference) => Promise<PeerReport[]>;

export function contenderOf(subject: Subject): Contender {
  const { engine, software } = subject;
  return {
    about: aboutSubject(subject),
    time(one, made, reference, waiting) {
      const rows = rowsTimed(one, engine.backend === "webgpu" && !software);
      return timeCase(one, rows, made, reference, subject, waiting);
    },
    ceilings: async () => ({ backend: engine.backend, ...(await ceilingsOf(subject)) }),
    close: () => subject.close(),
  };
}

/** Contenders, and whoever is beside them, one right after the other, on the same data. */
export async function runCase(
  name: string,
  one: Case,
  contenders: readonly Contender[],
  waiting: Patience,
  beside: Beside = async () => [],
): Promise<CaseReport> {
  const made = makePool(one);
  const reference = referenceOf(one, made);
  const results: BackendReport[] = [];
  for (const contender of contenders) results.push(await contender.time(one, made, reference, waiting));
  const peers = await beside(made, reference);
  return {
    name,
    ...one,
    judged: reference.rows.length,
    results: results.map((result) => compared(result, peers)),
    peers,
  };
}

/** The same result with a ratio for every peer that was timed on what this backend computes on. */
export function compared(result: BackendReport, peers: readonly PeerReport[]): BackendReport {
  if ("wrong" in result) return result;
  const ratios = peers.flatMap((peer) =>
    "warm" in peer && result.backend.startsWith(peer.on)
      ? [[peer.library, result.rowsPerSecond / (peer.rows / peer.warm.median)]]
      : [],
  );
  return { ...result, ratios: Object.fromEntries(ratios) };
}
