/**
 * What a backend does, and all that the rest knows of it. There are two, `cpu` and `webgpu`: kernels in float32 with
 * a proven error bound. Neither decides a pick: both only say which rows may be among the k.
 */
import type { Metric } from "../distance.ts";
import type { Head } from "../head.ts";
import { passesOf, type Kind, type RowSource } from "../matrix.ts";
import type { Pace } from "../pace.ts";
import type { Strategy } from "../strategy.ts";
import type { ClusterKernel } from "./clusters.ts";
import type { Crew } from "./cpu/crew.ts";
import type { DistanceKernel, PointData } from "./distances.ts";
import type { PointStorage } from "../vectors.ts";
import type { Trainer, TrainerSetup } from "../trainer.ts";

/**
 * A pool as it came through the door. `head` is there exactly when the rows are features. Of a pool without scores,
 * `source` is its embeddings.
 */
export interface PoolInput {
  readonly kind: Kind;
  readonly source: RowSource;
  readonly head?: Head;
  /** What distances are measured on, [rows, dims]. */
  readonly embeddings?: RowSource;
  /** How a device keeps them. */
  readonly storage?: PointStorage;
  /** What a head reads, or would read if there were one, [rows, dims]. */
  readonly features?: RowSource;
}

/** Layers of a head whose gradients are counted. */
export type GradientLayers = "all" | "last";

export interface PassOptions {
  /** Divides logits before the softmax. */
  readonly temperature: number;
  readonly seed: number;
  /** Forward passes through a head; more than one draw dropout masks. Predictions have the passes they have. */
  readonly passes: number;
  /** Share of hidden units that a pass leaves out. */
  readonly dropout: number;
  /** Whose gradients are counted where a strategy needs them. */
  readonly eglLayers: GradientLayers;
  /** Waited for between two pieces of the work. */
  readonly pace: Pace;
  /** Called now and then with the rows that are done. */
  readonly onProgress?: (rows: number) => void;
}

/** Passes over each row of a pool: those that its predictions have, or those that its head is asked for. */
export const passesIn = ({ source, head }: PoolInput, { passes }: Pick<PassOptions, "passes">): number =>
  head ? passes : passesOf(source);

/** Gradients are those of one pass, without dropout. */
export const passesFor = (strategy: Strategy | undefined, options: PassOptions): PassOptions =>
  strategy?.needs === "gradients" ? { ...options, passes: 1, dropout: 0 } : options;

/** Rows with a value that is no valid input. They get no score and are never candidates. */
export interface InvalidRows {
  readonly count: number;
  /** The lowest of them; meaningless when there are none. */
  readonly first: number;
}

/** Seconds. A stage that did not happen took none. */
export interface Timings {
  /** Waited for the source, and for bringing its rows to where they are computed on. */
  upload: number;
  kernel: number;
  readback: number;
}

export interface ScorePass {
  readonly invalid: InvalidRows;
  readonly timings: Timings;
}

/**
 * Is given the scores of rows from `first` on, one array a strategy, NaN at invalid rows: block by block, in the order of
 * rows, each good until it comes back.
 */
export type TellScores = (first: number, scores: readonly Float32Array[]) => void | Promise<void>;

/** Scores that may be off. */
export interface BoundedPass {
  /** [rows]: NaN at invalid rows, infinity where nothing is known. */
  readonly values: Float32Array;
  /** How far any other may be from the textbook's score, before that is rounded to float32. */
  readonly slack: number;
  readonly invalid: InvalidRows;
  readonly timings: Timings;
}

export interface CandidatePass {
  /** Ascending. Holds every row that is among the k best in float64, and few others. */
  readonly rows: Uint32Array;
  /** Others that were scored in float64 on the way. */
  readonly settled?: number;
  readonly invalid: InvalidRows;
  readonly timings: Timings;
}

export interface Selection {
  readonly k: number;
  /** A bit a row, 32 a word: rows that must not be picked. */
  readonly taken: Uint32Array;
  /** For a backend that has no float64: tells the score of each of these rows, which ascend. */
  judge(rows: Uint32Array, tell: (row: number, score: number) => void): Promise<void>;
}

/** What is asked of a device, as far as it says how much memory that takes. */
export interface DeviceWork {
  /** Scored at a time. */
  readonly strategies: number;
  /** Whether distances are measured. */
  readonly measures: boolean;
}

/** Bytes that it takes at most. */
export interface DeviceNeeds {
  readonly device: number;
  /** Of this process for it, such as what a device is written from; where a processor plays the device, all of it. */
  readonly host: number;
}

/** A pool on a backend. The first pass brings the rows in; they stay where they fit. */
export interface BackendPool {
  /** Threads that measure distances here; where there are none, the caller's alone does. */
  readonly crew?: Crew;
  /** Distances of a call from which on rows are put into groups first, where that is another number than usual. */
  readonly groupsFrom?: number;
  /** Scores of every row by each strategy, each prediction read once. */
  scores(strategies: readonly Strategy[], options: PassOptions, tell: TellScores): Promise<ScorePass>;
  /** Scores of every row by one strategy, or the given scores where there is none, and their bound. */
  bounded(strategy: Strategy | undefined, options: PassOptions): Promise<BoundedPass>;
  /** The rows that may be among the k best by one strategy, or by the given scores where there is none. */
  candidates(strategy: Strategy | undefined, selection: Selection, options: PassOptions): Promise<CandidatePass>;
  /** Compares the pool's embeddings with so many centres at most, where a device can; they stay on it from then on. */
  distances?(points: PointData, mostCentres: number): Promise<DistanceKernel | undefined>;
  /** What this takes of memory beside the pool's own rows. */
  needs?(work: DeviceWork): DeviceNeeds;
  /** Whether points of that metric stay on the device, or are brought there by each sweep; undefined without any. */
  areResident?(metric: Metric): Promise<boolean | undefined>;
  /** Puts rows of them, which ascend, into k clusters, where a device does that. */
  clusters?(points: PointData, rows: Uint32Array, k: number): Promise<ClusterKernel | undefined>;
  /** The same rows, by another model. What is on the device already stays there, where the model can use it. */
  use(input: PoolInput): void;
  close(): void;
}

export interface Backend {
  readonly name: "cpu" | "webgpu";
  /** The processor or adapter, in words. */
  readonly adapter: string;
  /** That compute, the caller's included; 1 where a device does. */
  readonly threads: number;
  load(input: PoolInput): BackendPool;
  /** Trains a head, in float32. Missing where there is no device to do it: models do it themselves, in float64. */
  train?(setup: TrainerSetup): Promise<Trainer>;
  close(): Promise<void>;
}
