/** Distances and clusters in `npm run bench`: the cases that take seconds, after the scores. */
import type { Subject } from "../../src/bench/backends.ts";
import type { Patience } from "../../src/bench/measure.ts";
import { nameOf, shrunk, type BatchCase } from "./cases.ts";
import { findPeers } from "./peers.ts";
import { legend, linesOf, peerAbouts, type BatchCaseReport, type PeerAbout } from "./report.ts";
import { runCase } from "./run.ts";

export interface ShortReport {
  readonly peers: readonly PeerAbout[];
  readonly cases: BatchCaseReport[];
}

/** Takes half a minute a run; `npm run bench:batches` has it. */
const SLOW = "recomputed";
/** Rows of a smoke run. */
const QUICK_ROWS = 2000;

/** Prints the cases as they come, and tells of each. */
export async function runShort(
  chosen: readonly BatchCase[],
  subjects: readonly Subject[],
  wanted: readonly string[] | undefined,
  { quick, waiting }: { readonly quick: boolean; readonly waiting: Patience },
  tell: (report: ShortReport) => void,
): Promise<void> {
  const backends = subjects.map(({ engine }) => engine.backend);
  const found = await findPeers(backends, wanted);
  const peers = found.peers.filter(({ peer }) => peer !== SLOW);
  const report: ShortReport = { peers: peerAbouts(peers), cases: [] };
  console.log(["", ...found.missing, ...legend(report.peers)].join("\n"));
  for (const one of chosen) {
    const sized = quick ? shrunk(one, QUICK_ROWS) : one;
    const timed = await runCase(nameOf(one), sized, subjects, peers, waiting);
    report.cases.push(timed);
    console.log(linesOf(timed, waiting.runs));
    tell(report);
  }
}
