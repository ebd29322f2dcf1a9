/** What a batch rule is: it turns scores and distances into k picks. */
import type { Pace } from "../pace.ts";
import type { ClusterKernel } from "../backends/clusters.ts";
import type { PointSpace } from "../distance.ts";
import type { Points } from "../vectors.ts";
import type { RowBeliefs } from "../strategy.ts";
import type { Measuring } from "./sweeps.ts";

/** What a rule is asked for. */
export interface BatchOptions {
  readonly k: number;
  readonly seed: number;
  /** What scores weigh beside distances, from 0 to 1. */
  readonly alpha: number;
  /** Of power sampling: small for nearly the highest scores, large for nearly any row. */
  readonly powerTemperature: number;
}

/** What a rule may ask of the pool. */
export interface BatchContext {
  readonly options: BatchOptions;
  /** Waited for between two pieces of the work. */
  readonly pace: Pace;
  /** Rows in the pool. */
  readonly rows: number;
  /** Rows that have a label already, ascending. */
  readonly labelled: Uint32Array;
  /** Whether the pool has anything to rank rows by. */
  readonly hasScores: boolean;
  /** The n highest scores among the rows that may be picked, exact, best first; fewer only down to `least`. */
  best(n: number, least?: number): Promise<readonly Pick[]>;
  /** Scores of all rows, to within a bound. */
  scores(): Promise<ScoreBounds>;
  /**
   * How far H(p̄) − mean H(p_t) of given probabilities may be from that of the same scaled to sum to 1, in nats: they may
   * miss it by a thousandth. 0 of logits.
   */
  readonly sumSlack: number;
  /** What the model believes of these rows, which ascend, but for those that hold no valid input. */
  beliefs(rows: Uint32Array, tell: (beliefs: RowBeliefs) => void): Promise<void>;
  /** Whether embeddings came beside what the model reads, and not in its place. */
  readonly hasOwnEmbeddings: boolean;
  /** The pool's embeddings, [rows, dims], and the rows of them that are no points, ascending. */
  readonly embeddings: Points;
  /** The pool's embeddings as points, without any centres yet. */
  space(): PointSpace;
  /** The same, and what measures many distances at a time. */
  measuring(): Promise<Measuring>;
  /** These rows, which ascend, in k clusters. */
  clusters(rows: Uint32Array, k: number): Promise<ClusterKernel>;
  /** Rows that may be picked, ascending: of `scores`, where they are given, only those that have one. */
  free(scores?: ScoreBounds): Uint32Array;
  /** Throws: so many rows are wanted, and fewer are left. */
  tooFew(wanted: number, left: number): never;
}

/** A chosen row. */
export interface Pick {
  readonly row: number;
  /** What the rule chose it by, in float64, the same on every backend. */
  readonly score: number;
  /** Of a score that is an estimate. */
  readonly standardError?: number;
}

/** Scores that may be off, and exact ones for the asking. */
export interface ScoreBounds {
  /** [rows]: NaN where there is none. */
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  /** The textbook score in float64 of each of these rows, which ascend. */
  exact(rows: Uint32Array): Promise<Float64Array>;
}

/** What a rule can tell of its picks, beside them. */
export interface BatchReport {
  /** Distance from the nearest labelled or picked row to the free row that is farthest from all of them. */
  readonly radius?: number;
  /** What the labels of all picks together are expected to tell of the model, in nats. */
  readonly jointInformation?: number;
  /** Distances between two rows that were evaluated. */
  readonly evaluations?: number;
  /** As a share of rows · k: what recomputing every distance to every pick would take. */
  readonly evaluationShare?: number;
}

export interface Picked {
  /** In the order of picking. */
  readonly picks: readonly Pick[];
  readonly report?: BatchReport;
}

export interface BatchRule<Name extends string = string> {
  readonly name: Name;
  /** One line, for help texts and tables. */
  readonly about: string;
  /** What is picked, in words and signs. */
  readonly formula: string;
  readonly source: string;
  /** The strategy whose scores it works from, where it has no use for others. */
  readonly strategy?: string;
  /** Of memory, for each row of the pool and beside that: as measured, and rounded up. */
  readonly rowBytes: number;
  /** What it cannot work without. */
  readonly needs: readonly ("scores" | "predictions" | "embeddings")[];
  /** Options that change what it picks, and mean nothing to other rules. Default: none. */
  readonly heeds?: readonly ("alpha" | "powerTemperature")[];
  select(context: BatchContext): Promise<Picked>;
}
