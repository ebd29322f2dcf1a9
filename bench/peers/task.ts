/** What a library in a process of its own is asked for, and what it answers. */
import type { Patience } from "../../src/bench/measure.ts";
import type { Judged } from "./check.ts";

export interface Matrix {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A dense layer: weight [outputs, inputs], bias [outputs]. Between two there is a ReLU. */
export interface Dense {
  readonly weight: Matrix;
  readonly bias: Matrix;
}

export type Task = ScoreTask | TopTask | CentreTask | ClusterTask;

/** Scores of every row by each strategy, or the k best rows by the only one. */
export interface ScoreTask {
  readonly work: "scores";
  readonly strategies: readonly string[];
  readonly k?: number;
  /** Logits [rows, classes] or [passes, rows, classes], or features [rows, dims] of a head. */
  readonly data: Matrix;
  readonly head: readonly Dense[];
  /** Of MC dropout. */
  readonly passes?: number;
  readonly dropout?: number;
}

/** The k highest of given scores [rows]. */
export interface TopTask {
  readonly work: "top-k";
  readonly data: Matrix;
  readonly k: number;
}

/** Greedy k-center (Gonzalez): k times the row that is farthest from what is labelled or picked. */
export interface CentreTask {
  readonly work: "k-center";
  /** [rows, dims] */
  readonly data: Matrix;
  readonly labelled: Int32Array<ArrayBuffer>;
  readonly k: number;
}

/** So many of Lloyd's steps from the centres given, [k, dims]. */
export interface ClusterTask {
  readonly work: "k-means";
  readonly data: Matrix;
  readonly centres: Matrix;
  readonly steps: number;
}

/** Scores by each strategy; or the scores of picks, with their rows; or picks and radius; or centres. */
export interface Answer {
  readonly values?: readonly Float32Array[];
  readonly picks?: ArrayLike<number>;
  readonly radius?: number;
  readonly centres?: Float32Array;
}

export type Work = () => Promise<Answer>;

export interface Library {
  /** That it computes on. */
  readonly threads: number;
  /** Of a library that is made ready: the work of a task, whose data stays where it is computed on, if it can do that. */
  prepare(task: Task): Promise<Work>;
}

export interface Request {
  readonly library: string;
  readonly task: Task;
  /** Of scores; picks and centres are judged by who asked. */
  readonly judged?: Judged;
  readonly patience: Patience;
}

export type Said = { readonly fault: string } | Timed;

interface Timed {
  readonly fault?: undefined;
  /** Of every run after the first. */
  readonly seconds: readonly number[];
  readonly threads: number;
  /** In words, of one that computes on a GPU. */
  readonly adapter?: string;
  readonly picks?: readonly number[];
  readonly radius?: number;
  readonly centres?: readonly number[];
}
