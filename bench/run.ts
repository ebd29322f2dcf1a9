/** One case on every backend and peer. */
import type { Subject } from "./backends.ts";
import type { Case } from "./cases.ts";
import { makePool, type Made } from "./data.ts";
import { measure } from "./measure.ts";
import { measurePeer, type Peer } from "./peers.ts";
import { referenceOf, type Reference } from "./reference.ts";
import type { BackendReport, CaseReport, PeerReport } from "./report.ts";

/** Backends and peers one right after the other, on the same data. */
export async function runCase(
  name: string,
  one: Case,
  subjects: readonly Subject[],
  peers: readonly Peer[],
): Promise<CaseReport> {
  const made = makePool(one);
  const reference = referenceOf(one, made);
  const results: BackendReport[] = [];
  for (const subject of subjects) results.push(await runBackend(one, made, reference, subject));
  const peerResults: PeerReport[] = [];
  for (const peer of peers) {
    const result = await measurePeer(peer, one, made, reference.expected);
    if (result) peerResults.push({ library: peer.library, ...result });
  }
  return { name, ...one, results: results.map((result) => compared(result, peerResults)), peers: peerResults };
}

async function runBackend(
  { rows, strategy, k }: Case,
  { data, values }: Made,
  { faultIn }: Reference,
  { engine, software, readCeiling }: Subject,
): Promise<BackendReport> {
  using pool = await engine.load(data);
  const run = k === undefined ? () => pool.score(strategy!) : () => pool.select("top-k", { k, strategy });
  const about = { backend: engine.backend, software };
  try {
    const result = await measure(run, faultIn);
    if ("wrong" in result) return { ...about, ...result };
    const ceiling = await readCeiling(values);
    return {
      ...about,
      ...result,
      rowsPerSecond: rows / result.warm.median,
      readCeiling: ceiling,
      floorOverMeasured: values.byteLength / ceiling / result.kernel,
      ratios: {},
    };
  } catch (error) {
    // One that breaks off has no right answer either, and the next one may.
    return { ...about, wrong: `it failed: ${(error as Error).message}` };
  }
}

/** The same result with a ratio for every peer that was timed. */
function compared(result: BackendReport, peers: readonly PeerReport[]): BackendReport {
  if ("wrong" in result) return result;
  const ratios = peers.flatMap((peer) =>
    "warm" in peer ? [[peer.library, peer.warm.median / result.warm.median]] : [],
  );
  return { ...result, ratios: Object.fromEntries(ratios) };
}
