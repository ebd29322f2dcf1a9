/** What is shown of a run, on a page and in the README: cases of scores and of batches in one shape. */
import type { Floor } from "../src/bench/floor.ts";
import type { Spread } from "../src/bench/measure.ts";
import type { BatchCaseReport } from "./batches/report.ts";
import type { FullReport } from "./growth/run.ts";

export interface ShownCase {
  readonly name: string;
  readonly rows: number;
  readonly results: readonly ShownResult[];
  readonly peers: readonly ShownPeer[];
}

export type ShownResult = { readonly backend: string; readonly software: boolean; readonly rows: number } & (
  | { readonly wrong: string }
  | ShownTimed
);

export interface ShownTimed {
  readonly runs: number;
  readonly warm: Spread;
  readonly floor: Floor;
  readonly floorOverMeasured: number;
  readonly ratios: { readonly [library: string]: number };
}

export type ShownPeer = { readonly library: string; readonly rows: number } & (
  | { readonly fault: string }
  | { readonly runs: number; readonly warm: Spread; readonly scaled?: boolean }
);

export interface ShownLibrary {
  readonly library: string;
  readonly version: string;
}

export function shownCases({ cases, short }: FullReport): ShownCase[] {
  const scored = cases.map(({ name, rows, results, peers }): ShownCase => ({
    name,
    rows,
    results,
    peers: peers.map((peer) => ({ rows, ...peer })),
  }));
  return [...scored, ...(short?.cases ?? []).map(shownBatch)];
}

const shownBatch = ({ name, rows, results, peers }: BatchCaseReport): ShownCase => ({
  name,
  rows,
  results: results.map((result) => ({ ...result, rows })),
  peers: peers.map((peer) => ({ ...peer, library: peer.peer, rows })),
});

const written = (versions: { readonly [name: string]: string }): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");

/** Each once, as it is called in ratios. */
export function shownLibraries({ peers, short }: FullReport): ShownLibrary[] {
  const scored = peers.map(({ library, version, python }) => ({
    library,
    version: `${version}${python ? `, Python ${python}` : ""}`,
  }));
  const known = new Set(scored.map(({ library }) => library));
  const more = (short?.peers ?? []).filter(({ peer }) => !known.has(peer));
  return [...scored, ...more.map(({ peer, versions }) => ({ library: peer, version: written(versions) }))];
}

/** Of a backend, unless its answer was wrong. */
export function timedBy(results: readonly ShownResult[], backend: string): ShownTimed | undefined {
  const result = results.find((each) => each.backend === backend);
  return result && "warm" in result ? result : undefined;
}
