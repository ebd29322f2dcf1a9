/** The seam between what training a head means (models/mlp.ts) and the machine that does the arithmetic. */
import type { Activation, Layer } from "./head.ts";
import type { Features } from "./matrix.ts";
import type { Pace } from "./pace.ts";

/** What stays the same while a trainer lives. All is checked already. */
export interface TrainerSetup {
  readonly features: Features;
  /** Class of each row, [rows]. */
  readonly labels: Uint32Array;
  /** Where to start: from `dims` inputs to a logit for each class. */
  readonly layers: readonly Layer[];
  readonly activation: Activation;
  /** Rate of inverted dropout after each hidden activation. */
  readonly dropout: number;
  readonly learningRate: number;
  /** Rows a step. */
  readonly batchSize: number;
  /** Of the dropout masks. */
  readonly seed: number;
  /** Waited for between two pieces of the work. */
  readonly pace: Pace;
}

/** Adam on the mean cross-entropy (nats) of batches. Rows are row numbers of the features. */
export interface Trainer {
  /**
   * One epoch: a step on each `batchSize` rows of `order` in turn, the last batch being what is left. A row may come
   * twice. The mask of the unit of a row is `keepsUnit(seed, layer, place in order, unit, epoch, dropout)`.
   *
   * Gives the mean loss of the rows, each as its own step met it, masks and all; no finite number where the weights
   * have left those that the machine can hold.
   */
  train(order: Uint32Array, epoch: number): Promise<number>;
  /** Mean loss of some rows with the weights as they are, without dropout. */
  loss(rows: Uint32Array): Promise<number>;
  /** The weights as they are. */
  layers(): Promise<Layer[]>;
  close(): void;
}
