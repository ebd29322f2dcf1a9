/** What a loop tells of a round. */
import type { Batch } from "../results.ts";
import type { Calibrated } from "./calibrated.ts";
import type { Metrics } from "./metrics.ts";
import type { Fitted, Labelled } from "./model.ts";
import type { Answer } from "./oracle.ts";
import type { LoopPick } from "./pick.ts";
import type { LoopState } from "./stopping.ts";

/** Seconds. */
export interface LoopTimings {
  readonly fit: number;
  /** On the validation set, and on the sample that tells how models agree. */
  readonly evaluate: number;
  /** Predicting, scoring and picking; of a strategy, `stages` says what that is made of. */
  readonly pick: number;
  readonly stages?: Batch["timings"];
  readonly ask: number;
}

export interface Round {
  /** From 0. */
  readonly round: number;
  /** What the model of this round has learnt from. */
  readonly labelled: Labelled;
  readonly fitted: Fitted | undefined;
  /** Of that model; empty where there is none yet. */
  readonly metrics: Metrics;
  /** Labelled rows that are in the validation set, too: metrics say too much of a model that has seen them. */
  readonly overlap?: number;
  /** How the model was calibrated, where it was asked to be. */
  readonly calibration?: Calibrated;
  readonly picks: readonly LoopPick[];
  /** To these picks. A row that is missing may be asked for again. */
  readonly answers: readonly Answer[];
  readonly timings: LoopTimings;
  /** What stop rules go by, before this round's picks. */
  readonly state: LoopState;
  /** Why this is the last round, which has no picks. */
  readonly stop?: string;
}
