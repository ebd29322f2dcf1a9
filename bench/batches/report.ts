/** What a run of the batch bench leaves behind, as JSON and on screen. All times in seconds. */
import pc from "picocolors";
import type { Ceilings, Floor } from "../../src/bench/floor.ts";
import type { Measured, Spread, Wrong } from "../../src/bench/measure.ts";
import { aboutLines, type About } from "../../src/bench/report.ts";
import { batchCases, families, nameOf, type BatchCase } from "./cases.ts";
import type { BatchPeer, BatchPeerFault, BatchPeerTimed } from "./peers.ts";

export interface BatchReport extends About {
  /** Runs wanted of each; slow work gets fewer. */
  readonly runs: number;
  /** Rows that a case may have at most: with it, a smoke run. */
  readonly rows: number | null;
  readonly peers: readonly PeerAbout[];
  readonly cases: BatchCaseReport[];
  summaries: readonly Summary[];
}

export type PeerAbout = Pick<BatchPeer, "peer" | "about" | "libraries" | "versions">;

export const peerAbouts = (peers: readonly BatchPeer[]): PeerAbout[] =>
  peers.map(({ peer, about, libraries, versions }) => ({ peer, about, libraries, versions }));

export interface BatchCaseReport extends BatchCase {
  readonly name: string;
  readonly results: readonly BackendReport[];
  readonly peers: readonly PeerReport[];
}

export type BackendReport = { readonly backend: string; readonly software: boolean } & (Wrong | Timed);
export type PeerReport =
  | BatchPeerFault
  | (Omit<BatchPeerTimed, "answer" | "answered"> & {
      readonly radius?: number;
      /** What a library of npm computes on. */
      readonly on?: "cpu" | "webgpu";
    });

export interface Timed extends Measured {
  /** Of distances between two rows, and as a share of rows · k; of rules that count them. */
  readonly evaluations?: number;
  readonly evaluationShare?: number;
  readonly radius?: number;
  readonly jointInformation?: number;
  /** What must at least be done, what a second has room for, and how long that takes. */
  readonly work: Ceilings;
  readonly ceilings: Ceilings;
  readonly floor: Floor;
  /** The floor over the median run: 1 is as fast as can be at those ceilings. */
  readonly floorOverMeasured: number;
  /** The median of each peer over ours: above 1 poolwise is faster. */
  readonly ratios: { readonly [peer: string]: number };
}

/** Of a rule on a backend, over the families at the largest k. */
export interface Summary {
  readonly rule: string;
  readonly backend: string;
  readonly k: number;
  readonly meanEvaluationShare: number;
  /** At most this much is wanted. */
  readonly goal: number;
  /** By family: how many times as fast as `incremental`; null where that was not timed. */
  readonly timesAsFast: { readonly [family: string]: number | null };
}

const GOAL = { k: 1000, share: 0.3 };

export function summariesOf({ backends, cases }: BatchReport): Summary[] {
  const asked = batchCases.filter(({ family, k }) => families.includes(family) && k === GOAL.k);
  const rules = [...new Set(asked.map(({ rule }) => rule))];
  return rules.flatMap((rule) =>
    backends.flatMap(({ backend }) => {
      const timed = asked
        .filter((one) => one.rule === rule)
        .flatMap((one) => {
          const results = cases.find(({ name }) => name === nameOf(one))?.results ?? [];
          return results.flatMap((result) =>
            result.backend === backend && "warm" in result ? [{ family: one.family, ...result }] : [],
          );
        });
      if (timed.length === 0) return [];
      const shares = timed.map(({ evaluationShare }) => evaluationShare ?? NaN);
      return {
        rule,
        backend,
        k: GOAL.k,
        meanEvaluationShare: shares.reduce((sum, share) => sum + share, 0) / shares.length,
        goal: GOAL.share,
        timesAsFast: Object.fromEntries(timed.map(({ family, ratios }) => [family, ratios.incremental ?? null])),
      };
    }),
  );
}

/** What was measured, on what, and how to read it. */
export function heading(report: BatchReport): string {
  const { peers, rows } = report;
  return [
    ...aboutLines(report),
    ...legend(peers),
    ...(rows === null ? [] : [pc.yellow(`--rows ${rows}: a smoke run, not a measurement.`)]),
    "",
  ].join("\n");
}

/** Who is beside it, and how lines are to be read. */
export function legend(peers: readonly PeerAbout[]): string[] {
  return [
    ...peers.map(({ peer, about, versions }) => {
      const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
      return `${peer}: ${about} (${named.join(", ")})`;
    }),
    "Seconds of warm runs: median (least–most). ×: a peer's median over ours, above 1 ours is faster.",
    "floor: the least time for one read of the pool, or for the arithmetic of the distances taken, whichever is longer, at",
    "the backend's own best rate, on the CPU that of its threads in WebAssembly; floor/measured of 1 is as fast as can be.",
  ];
}

export function linesOf({ name, results, peers }: BatchCaseReport, runs: number): string {
  return [
    pc.bold(name),
    ...results.map((one) => backendLine(one, runs)),
    ...peers.map((one) => peerLine(one, runs)),
  ].join("\n");
}

const boundBy = { bytes: "bytes", multiplyAdds: "fma", exps: "exp" };

function backendLine(result: BackendReport, runs: number): string {
  const by = `  ${`${result.backend}${result.software ? " (software)" : ""}`.padEnd(18)}`;
  if ("wrong" in result) return by + pc.red(`WRONG, not timed: ${result.wrong.split("\n", 1)[0]}`);
  const { evaluationShare, radius, jointInformation, floor, floorOverMeasured, ratios } = result;
  return (
    by +
    [
      timesOf(result, runs),
      ...Object.entries(ratios).map(([peer, ratio]) => `×${digits(ratio)} ${peer}`),
      evaluationShare !== undefined && `${digits(100 * evaluationShare)} % of rows·k`,
      radius !== undefined && `radius ${radius.toPrecision(6)}`,
      jointInformation !== undefined && `${jointInformation.toPrecision(4)} nats`,
      `floor ${digits(floor.seconds)} s (${boundBy[floor.boundBy]}), floor/measured ${digits(floorOverMeasured)}`,
    ]
      .filter(Boolean)
      .join(", ")
  );
}

function peerLine(peer: PeerReport, runs: number): string {
  const by = `  ${peer.peer.padEnd(18)}`;
  if ("fault" in peer) return by + pc.yellow(`no ratio: ${peer.fault.split("\n", 1)[0]}`);
  const threads = peer.threads === null ? "" : `, ${peer.threads} threads`;
  return `${by}${timesOf(peer, runs)}${threads}${peer.scaled ? ", scaled from a sample" : ""}`;
}

function timesOf({ warm, runs: made }: { warm: Spread; runs: number }, runs: number): string {
  const few = made < runs ? `, ${made} of ${runs} runs` : "";
  return `${digits(warm.median)} s (${digits(warm.min)}–${digits(warm.max)})${few}`;
}

export function summaryLine({ rule, backend, k, meanEvaluationShare, goal, timesAsFast }: Summary): string {
  const ratios = Object.entries(timesAsFast).map(([family, ratio]) => {
    if (ratio === null) return `${family} not compared`;
    return `${family} ×${digits(ratio)}${ratio > 1 ? "" : " (slower)"}`;
  });
  const met = meanEvaluationShare <= goal ? "met" : "missed";
  const share = `${digits(100 * meanEvaluationShare)} % of rows·k on average (goal: ${100 * goal} % at most, ${met})`;
  return `${rule} on ${backend}, k=${k}, ${ratios.length} families: ${share}; beside incremental: ${ratios.join(", ")}`;
}

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
