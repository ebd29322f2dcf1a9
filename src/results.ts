/** What a pool gives to those who ask it. */
import type { BatchReport, Pick } from "./batches/batch.ts";
import type { BatchName } from "./batches/index.ts";
import type { Pace } from "./pace.ts";
import type { Density } from "./remedies/density.ts";
import type { Timings } from "./backends/backend.ts";
import type { ExploredPick } from "./remedies/exploration.ts";
import type { StrategyName } from "./scores/index.ts";

/** What a pass over the pool found beside scores. */
export interface ScoreSummary {
  /** Rows left out. */
  readonly invalid: number;
  /** Of the pass that made them; strategies of one call share it. */
  readonly timings: Timings;
}

/** The scores of every row by one strategy. */
export interface Scores extends ScoreSummary {
  readonly strategy: StrategyName;
  /**
   * [rows]; higher means "ask first". NaN at rows left out for invalid values. They are made in float32: a vote under a
   * head whose two likeliest classes float32 cannot tell apart may fall either way. Picks are exact all the same.
   */
  readonly values: Float32Array;
}

/** The rows to label next. */
export interface Batch extends BatchReport {
  readonly strategy: StrategyName | undefined;
  readonly batch: BatchName;
  readonly seed: number;
  readonly backend: "cpu" | "webgpu";
  /** Rows in the pool. */
  readonly rows: number;
  /** Best first; the same on every backend. */
  readonly picks: readonly (Pick & Partial<ExploredPick>)[];
  /** How scores were weighed, where they were. */
  readonly density?: DensityReport;
  /** Where embeddings were while they were measured, where they were. */
  readonly embeddings?: Whereabouts;
  /** Rows left out for invalid values. */
  readonly invalid: number;
  /** Rows that float32 could not tell from a pick, settled in float64. */
  readonly refereed: number;
  readonly timings: Timings & { readonly referee: number };
}

export interface Whereabouts {
  /** Held in memory, or paged in from a file. */
  readonly host: "held" | "paged";
  /** Resident on a device, or brought there by each sweep. */
  readonly device?: "resident" | "streamed";
}

export interface DensityReport {
  /** Rows that densities are means over. */
  readonly measuredOn: number;
  /** The largest standard error of the density of a pick; 0 where all rows were measured on. */
  readonly standardError: number;
}

/** How the scores of these picks were weighed. */
export async function densityReport(density: Density, picks: readonly Pick[], pace: Pace): Promise<DensityReport> {
  const errors = await density.standardError(
    Uint32Array.from(picks, ({ row }) => row),
    pace,
  );
  return { measuredOn: density.measuredOn, standardError: errors.reduce((a, b) => Math.max(a, b), 0) };
}
