/** What `bench/scale.ts` found, as lines of a table: on a screen while it runs, and in docs/scale.md. */
import type { MemoryBudget, PointStorage } from "../src/index.ts";
import type { About } from "../src/bench/report.ts";
import type { ScaleRun } from "./scaleRun.ts";

/** Runs of one kind. */
export interface ScaleCase {
  readonly backend: string;
  /** A CPU that plays a GPU. */
  readonly software: boolean;
  readonly rows: number;
  readonly k: number;
  /** Whether rows were made as they were asked for, or lay in a file. */
  readonly from: "made" | "npy";
  /** How points were come by; missing where rows were ranked by scores. */
  readonly way?: string;
  readonly memory: MemoryBudget;
  readonly storage?: PointStorage;
  readonly isRight: boolean;
  readonly runs: readonly ScaleRun[];
}

export interface ScaleReport extends About {
  readonly cases: readonly ScaleCase[];
}

const COLUMNS = ["s, median (min–max)", "ns a row", "peak MB", "estimated MB", "on the device MB"];
const heading = (columns: readonly string[]): string =>
  `| ${columns.join(" | ")} |\n|${columns.map(() => "---").join("|")}|`;

export const rankedHeading = heading(["backend", "budget", "rows", "from", ...COLUMNS]);
export const pointsHeading = heading(["backend", "points", "budget", ...COLUMNS]);

export function lineOf({ backend, software, rows, from, way, memory, isRight, runs }: ScaleCase): string {
  const name = backend + (software ? " (software)" : "");
  const budget = [
    memory.host && `${megabytes(memory.host)} MB`,
    memory.device && `${megabytes(memory.device)} MB on it`,
  ]
    .filter(Boolean)
    .join(", ");
  const times = runs.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const median = times[times.length >> 1];
  const most = (of: (one: ScaleRun) => number): string => megabytes(Math.max(...runs.map(of)));
  const cells = [
    ...(way === undefined
      ? [name, budget || "none", rows.toLocaleString("en-US"), from]
      : [name, way, budget || "none"]),
    `${median.toFixed(2)} (${times[0].toFixed(2)}–${times[times.length - 1].toFixed(2)})${isRight ? "" : " WRONG PICKS"}`,
    ((1e9 * median) / rows).toFixed(0),
    most(({ peak }) => peak),
    most(({ needs }) => needs.host),
    most(({ needs }) => needs.device),
  ];
  return `| ${cells.join(" | ")} |`;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
