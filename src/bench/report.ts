/** What a run leaves behind as JSON: enough to know what was measured, on what, and nothing about where or by whom. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { InputError } from "../errors.ts";
import type { Subject } from "./backends.ts";
import type { Case } from "./cases.ts";
import type { Ceilings, Floor, Transfers, Work } from "./floor.ts";
import type { Measured, Spread, Wrong } from "./measure.ts";

/** What was run, on what. */
export interface About {
  readonly poolwise: string;
  /** Of the source, `-dirty` when it was changed since; null where there is no git. */
  readonly commit: string | null;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly node: string;
  readonly machine: { readonly cpu: string; readonly threads: number; readonly platform: string };
  readonly backends: readonly BackendAbout[];
}

export interface BackendAbout {
  readonly backend: string;
  readonly adapter: string;
  readonly software: boolean;
  /** That it computes on; 1 where there are none to choose. */
  readonly threads: number;
}

/** All times in seconds. */
export interface Report extends About {
  /** A smoke run, with few of the rows. */
  readonly quick: boolean;
  readonly peers: readonly PeerAbout[];
  /** Of each backend. */
  readonly ceilings: readonly BackendCeilings[];
  readonly cases: CaseReport[];
}

/** What one does at its best, in a second or in seconds: each by itself. */
export interface BackendCeilings extends Ceilings, Transfers {
  readonly backend: string;
}

export interface CaseReport extends Case {
  readonly name: string;
  /** Rows whose scores were held against the textbook: all, or a seeded sample. */
  readonly judged: number;
  readonly results: BackendReport[];
  readonly peers: PeerReport[];
}

export type BackendReport = Ran & (Wrong | Timed);
export type PeerReport = Pick<PeerAbout, "library" | "on"> & (PeerFault | PeerMeasured);

/** A library that the same work was timed with. */
export interface PeerAbout {
  readonly library: string;
  readonly version: string;
  /** What it computes on, and so which backend it is compared with. */
  readonly on: "cpu" | "webgpu";
  /** That it ran in; without one, in Node. */
  readonly python?: string;
}

export interface PeerMeasured {
  /** That it was timed on. */
  readonly rows: number;
  readonly runs: number;
  /** Seconds. */
  readonly warm: Spread;
  /** That it was told to use; null where it cannot be told. */
  readonly threads: number | null;
  /** In words, of one that computes on a GPU. */
  readonly adapter?: string;
}

export interface PeerFault {
  readonly fault: string;
}

interface Ran {
  readonly backend: string;
  readonly software: boolean;
  /** That it was timed on. */
  readonly rows: number;
}

export interface Timed extends Measured {
  readonly rowsPerSecond: number;
  /** What those rows must at least take, and what of it a second of this backend has room for. */
  readonly work: Work;
  readonly ceilings: Ceilings;
  readonly floor: Floor;
  /** The floor over the time of the pass: 1 is as fast as can be. */
  readonly floorOverMeasured: number;
  /** Bytes of memory at its peak beyond the rows and what there was before, where it was asked for. */
  readonly memory?: number;
  /** Rows a second of ours over those of each peer on the same processor: above 1 poolwise is faster. */
  readonly ratios: { readonly [library: string]: number };
}

export function openReport(
  backends: readonly BackendAbout[],
  peers: readonly PeerAbout[],
  ceilings: readonly BackendCeilings[],
  quick: boolean,
): Report {
  return {
    ...aboutRun(backends),
    quick,
    ceilings,
    peers: peers.map(({ library, version, on, python }) => ({ library, version, on, python })),
    cases: [],
  };
}

/** What was run, on what, as the first lines on screen. */
export function aboutLines({ poolwise, commit: source, node, machine, backends }: About): string[] {
  return [
    `poolwise ${poolwise}${source ? ` (${source})` : ""}, Node ${node}, ${machine.cpu}, ${machine.threads} threads`,
    ...backends.map(({ backend, adapter, software, threads }) => {
      const by = backend === "webgpu" ? backend : `${backend}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
      return `${by}: ${adapter}${software ? "; software: proves correctness, not speed" : ""}`;
    }),
  ];
}

export function aboutRun(backends: readonly BackendAbout[]): About {
  const manifest = createRequire(import.meta.url)("../../package.json") as { version: string };
  const threads = cpus();
  return {
    poolwise: manifest.version,
    commit: commit(),
    date: new Date().toISOString(),
    node: process.versions.node,
    machine: {
      cpu: threads[0]?.model.trim() ?? "unknown",
      threads: threads.length,
      platform: `${process.platform} ${process.arch}`,
    },
    backends,
  };
}

export function aboutSubject({ engine, software }: Pick<Subject, "engine" | "software">): BackendAbout {
  const { backend, adapter } = engine;
  return { backend, adapter, software, threads: engine.threads };
}

export const reportText = (report: About): string => `${JSON.stringify(report, null, 2)}\n`;

export function saveReport(path: string, report: About): void {
  saveText("--json", path, reportText(report));
}

/** Written beside and renamed, so that there is never half a file. */
export function saveText(flag: string, path: string, text: string): void {
  try {
    writeFileSync(`${path}.part`, text);
    renameSync(`${path}.part`, path);
  } catch (error) {
    throw new InputError(`${flag} ${path}: ${(error as Error).message}`);
  }
}

/** A package that is installed lies in somebody else's repository. */
function commit(): string | null {
  if (!import.meta.filename.endsWith(".ts")) return null;
  const args = ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"];
  const { status, stdout } = spawnSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}
