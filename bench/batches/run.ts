/** One case on every backend and peer. */
import type { Subject } from "../../src/bench/backends.ts";
import { floorOf, type Ceilings } from "../../src/bench/floor.ts";
import { measure, type Patience } from "../../src/bench/measure.ts";
import type { Batch, BatchName } from "../../src/index.ts";
import type { BatchCase } from "./cases.ts";
import { answerFault, judgeOf, rounding } from "./checks.ts";
import { firstRows, makePool, poolData, type BatchPool } from "./data.ts";
import { smallFault } from "./distances.ts";
import { aloneOf } from "./alone/index.ts";
import type { Alone } from "./alone/alone.ts";
import { timePeer, type BatchPeer } from "./peers.ts";
import type { BackendReport, BatchCaseReport, PeerReport, Timed } from "./report.ts";

/** Peers first, for theirs is the radius that ours must have; one right after the other, on the same data. */
export async function runCase(
  name: string,
  one: BatchCase,
  subjects: readonly Subject[],
  peers: readonly BatchPeer[],
  waiting: Patience,
): Promise<BatchCaseReport> {
  const pool = makePool(one);
  const peerReports: PeerReport[] = [];
  const software = subjects.some((subject) => subject.software);
  for (const peer of peers)
    if (peer.rules.includes(one.rule) && !(one.storage && one.on))
      peerReports.push(await runPeer(peer, one, pool, waiting, software));
  const radius = peerReports.flatMap((peer) => ("radius" in peer && peer.radius ? [peer.radius] : []))[0];
  const alone = aloneOf(one);
  const run = alone ? working(alone, one, pool) : picking(one, pool, radius);
  const results: BackendReport[] = [];
  for (const subject of subjects.filter(({ engine }) => !one.on || engine.backend === one.on)) {
    const result = await run(subject, waiting);
    results.push("wrong" in result ? result : { ...result, ratios: ratiosOf(result.backend, result, peerReports) });
  }
  return { name, ...one, results, peers: peerReports };
}

type Run = (subject: Subject, waiting: Patience) => Promise<BackendReport>;

function picking(one: BatchCase, pool: BatchPool, radius: number | undefined): Run {
  const faultIn = judgeOf(one, pool, radius);
  return (subject, waiting) => runBackend(subject, one, pool, faultIn, waiting);
}

function working(alone: Alone, one: BatchCase, pool: BatchPool): Run {
  const fault = alone.judge(one, pool);
  return async ({ engine, software, ceilings: ceilingsOf }, waiting) => {
    const about = { backend: engine.backend, software };
    try {
      const opened = await alone.open(engine, one, pool);
      try {
        const run = async () => ({ ...(await opened.run()), timings: { upload: 0, kernel: 0, readback: 0 } });
        const measured = await measure(run, (answer) => fault(answer, "us"), waiting);
        const wrong = await opened.faultLeft?.();
        if (wrong !== undefined) return { ...about, wrong };
        if ("wrong" in measured) return { ...about, ...measured };
        const work = alone.work(one);
        const ceilings = await ceilingsOf(pool.embeddings);
        const floor = floorOf(work, ceilings);
        const floorOverMeasured = floor.seconds / measured.warm.median;
        return { ...about, ...measured, work, ceilings, floor, floorOverMeasured, ratios: {} };
      } finally {
        await opened.close();
      }
    } catch (error) {
      return { ...about, wrong: `it failed: ${(error as Error).message}` };
    }
  };
}

async function runPeer(
  peer: BatchPeer,
  one: BatchCase,
  pool: BatchPool,
  waiting: Patience,
  software: boolean,
): Promise<PeerReport> {
  const result = await timePeer(peer, one, pool, waiting, software);
  if ("fault" in result) return result;
  const { answer, answered = one, ...timed } = result;
  const judged = answered.rows < one.rows ? firstRows(answered, pool) : pool;
  const alone = aloneOf(one);
  const fault =
    answer &&
    (alone ? alone.judge(answered, judged)(answer, "peer") : answerFault(answered, judged, answer, rounding.float32));
  if (fault) return { peer: peer.peer, fault };
  const on = "on" in peer ? { on: peer.on } : {};
  const radius = judged === pool && answer?.radius !== undefined ? { radius: answer.radius } : {};
  return { ...timed, ...on, ...radius };
}

export async function runBackend(
  { engine, software, ceilings: ceilingsOf }: Pick<Subject, "engine" | "software" | "ceilings">,
  one: BatchCase,
  pool: BatchPool,
  faultIn: (batch: Batch) => string | undefined,
  waiting: Patience,
): Promise<BackendReport> {
  const about = { backend: engine.backend, software };
  try {
    const wrong = await smallFault(engine, one, pool);
    if (wrong !== undefined) return { ...about, wrong };
    using loaded = await engine.load(poolData(one, pool));
    let last!: Batch;
    const run = async (): Promise<Batch> =>
      (last = await loaded.select(one.rule as BatchName, { k: one.k, labelled: pool.labelled }));
    const measured = await measure(run, faultIn, waiting);
    if ("wrong" in measured) return { ...about, ...measured };
    const { evaluations, evaluationShare, radius, jointInformation } = last;
    const work = workOf(one, evaluations ?? 0);
    const ceilings = await ceilingsOf(one.dims > 0 ? pool.embeddings : pool.logits);
    const floor = floorOf(work, ceilings);
    const told = { evaluations, evaluationShare, radius, jointInformation };
    const floorOverMeasured = floor.seconds / measured.warm.median;
    return { ...about, ...measured, ...told, work, ceilings, floor, floorOverMeasured, ratios: {} };
  } catch (error) {
    // One that breaks off has no right answer either, and the next one may.
    return { ...about, wrong: `it failed: ${(error as Error).message}` };
  }
}

/**
 * One read of the pool, a softmax of what it predicts, and the distances that were taken: a difference, a product and a sum
 * a dimension, or of gradients two inner products. A multiply-add is two of these operations.
 */
export function workOf({ rule, rows, dims, classes = 0, passes = 1 }: BatchCase, evaluations: number): Ceilings {
  const predictions = passes * classes;
  return {
    bytes: 4 * rows * (dims + (classes ? predictions : 1)),
    multiplyAdds: evaluations * (rule === "badge" ? dims + classes : (3 * dims) / 2),
    exps: rows * predictions,
  };
}

/** A library of npm is compared with the backend that computes on the same as it does. */
function ratiosOf(backend: string, { warm }: Timed, peers: readonly PeerReport[]): Timed["ratios"] {
  return Object.fromEntries(
    peers.flatMap((peer) =>
      "warm" in peer && (peer.on ?? backend) === backend ? [[peer.peer, peer.warm.median / warm.median]] : [],
    ),
  );
}
