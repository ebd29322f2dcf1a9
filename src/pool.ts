/** A loaded pool: what it holds, which rows remain, score and select. */
import type { BatchReport, BatchRule, ScoredRow } from "./batches/batch.ts";
import { batchOf, type BatchName } from "./batches/index.ts";
import { faultIn } from "./backends/cpu/reference.ts";
import {
  passesIn,
  type Backend,
  type BackendPool,
  type GradientLayers,
  type InvalidRows,
  type PassOptions,
  type PoolInput,
  type Timings,
} from "./backends/backend.ts";
import { InputError } from "./errors.ts";
import { MOST_DROPOUT } from "./head.ts";
import { passName, passesOf } from "./matrix.ts";
import { checkSeed } from "./random.ts";
import { PoolContext } from "./context.ts";
import { metricNames, type Metric } from "./distance.ts";
import { readPoints, refusePoints, type Points } from "./points.ts";
import { strategyOf, type StrategyName } from "./scores/index.ts";
import type { Strategy } from "./strategy.ts";

/** Rows done so far, of how many. */
export interface Progress {
  readonly rows: number;
  readonly of: number;
}

export interface ScoreOptions {
  /** Divides logits before the softmax; of probabilities, the power 1/temperature. Default 1. */
  temperature?: number;
  /** Whole number below 2³² that fixes all that is random. Default 0. */
  seed?: number;
  /** Forward passes of MC dropout through a head with hidden layers. Default 1: no dropout. */
  passes?: number;
  /** Share of hidden units that a pass leaves out, from 0 to 0.999. Default: the rate the head was trained with. */
  dropout?: number;
  /** Gradients that `egl` counts: of all layers of the head, or of the last alone. Default `all`. */
  eglLayers?: GradientLayers;
  onProgress?: (progress: Progress) => void;
}

export interface SelectOptions extends ScoreOptions {
  /** Rows to pick: at least 1, at most the rows left. */
  k: number;
  /** What is ranked. Default `entropy`; a pool of scores has no strategy. */
  strategy?: StrategyName;
  /** Rows that have a label already: never picked. */
  labelled?: Iterable<number>;
  /** What scores weigh beside distances for `hybrid`, from 0 to 1. Default 0.5. */
  alpha?: number;
  /** How distances are measured. Default `euclidean`. */
  metric?: Metric;
  /** Of `power`: the smaller, the nearer to the highest scores. Default 1. */
  powerTemperature?: number;
}

/** The scores of every row by one strategy. */
export interface Scores {
  readonly strategy: StrategyName;
  /**
   * [rows]; higher means "ask first". NaN at rows left out for invalid values. On a device these are float32: a vote
   * under a head whose two likeliest classes float32 cannot tell apart may fall either way. Picks are exact all the same.
   */
  readonly values: Float32Array;
  /** Rows left out. */
  readonly invalid: number;
  /** Of the pass that made them; strategies of one call share it. */
  readonly timings: Timings;
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
  readonly picks: readonly ScoredRow[];
  /** Rows left out for invalid values. */
  readonly invalid: number;
  /** Rows that float32 could not tell from a pick, settled in float64. */
  readonly refereed: number;
  readonly timings: Timings & { readonly referee: number };
}

/** Whether rows with NaN, infinity or no probabilities stop the work, or are left out and counted. */
export type InvalidPolicy = "error" | "skip";

/** Passes are numbered in float32 on a device, exactly up to here. */
export const MOST_PASSES = 2 ** 20;

export class Pool {
  readonly rows: number;
  private readonly backend: Backend;
  private readonly input: PoolInput;
  private readonly invalid: InvalidPolicy;
  private readonly resident: BackendPool;
  private readonly onClose: () => void;
  private readonly points = new Map<Metric, Promise<Points>>();
  private closed = false;

  /** Made by `engine.load`. */
  constructor(backend: Backend, input: PoolInput, invalid: InvalidPolicy, onClose: () => void) {
    this.rows = input.source.rows;
    this.backend = backend;
    this.input = input;
    this.invalid = invalid;
    this.onClose = onClose;
    this.resident = backend.load(input);
  }

  /**
   * Scores every row by a strategy, or by several in one read of the pool.
   *
   * @throws InputError for an unknown strategy (lists the known), a pool of scores, or an invalid row (says which)
   */
  score(strategy: StrategyName, options?: ScoreOptions): Promise<Scores>;
  score(strategies: readonly StrategyName[], options?: ScoreOptions): Promise<Scores[]>;
  async score(names: StrategyName | readonly StrategyName[], options: ScoreOptions = {}): Promise<Scores | Scores[]> {
    this.checkOpen();
    const list = typeof names === "string" ? [names] : names;
    if (!Array.isArray(list) || list.length === 0) throw new InputError("score: name at least one strategy");
    if (this.input.kind === "scores")
      throw new InputError(`${this.input.source.name}: holds scores already; score needs predictions`);
    const pass = this.passOptions(options);
    const strategies = list.map((name) => this.checked(strategyOf(name), pass));
    const { values, invalid, timings } = await this.resident.scores(strategies, pass);
    await this.refuse(invalid);
    const results = strategies.map((strategy, i) => ({
      strategy: strategy.name,
      values: values[i],
      invalid: invalid.count,
      timings,
    }));
    return typeof names === "string" ? results[0] : results;
  }

  /**
   * Picks k rows by a batch rule. The picks are those of the textbook formula in float64, ties to the lowest row, on
   * every backend.
   *
   * @throws InputError for an unknown batch or strategy (lists the known), k larger than the rows left, or an invalid row
   */
  async select(batch: BatchName, options: SelectOptions): Promise<Batch> {
    this.checkOpen();
    if (options === undefined) throw new InputError("select: say how many rows: { k }");
    const rule = batchOf(batch);
    const pass = this.passOptions(options);
    this.checkNeeds(rule);
    if (rule.strategy && options.strategy && options.strategy !== rule.strategy)
      throw new InputError(`${rule.name} works from ${rule.strategy}: leave the strategy out`);
    const strategy = this.strategyFor(options.strategy ?? rule.strategy, pass);
    const { k, alpha = 0.5, powerTemperature = 1, metric = "euclidean" } = options;
    if (!Number.isInteger(k) || k < 1) throw new InputError(`k must be a whole number of at least 1, got ${k}`);
    if (!(alpha >= 0 && alpha <= 1)) throw new InputError(`alpha must be between 0 and 1, got ${alpha}`);
    if (!(powerTemperature >= 1e-6 && powerTemperature <= 1e6))
      throw new InputError(`powerTemperature must be between 1e-6 and 1e6, got ${powerTemperature}`);
    if (!metricNames.includes(metric))
      throw new InputError(`unknown metric "${String(metric)}": known are ${metricNames.join(", ")}`);
    const { taken, labelled } = this.takenRows(options.labelled ?? []);
    const points = rule.needs.includes("embeddings") ? await this.pointsFor(metric) : undefined;
    const context = new PoolContext(this.input, this.resident, {
      k,
      alpha,
      powerTemperature,
      metric,
      strategy,
      pass,
      taken,
      labelled,
      points,
      refuse: (invalid) => this.refuse(invalid),
      tooFew: (wanted, left, invalid) => {
        throw this.tooFew(wanted, left, labelled.length, invalid);
      },
    });
    const { picks, report } = await rule.select(context);
    return {
      strategy: strategy?.name,
      batch: rule.name,
      seed: pass.seed,
      backend: this.backend.name,
      rows: this.rows,
      picks,
      ...report,
      invalid: context.invalid,
      refereed: context.refereed,
      timings: context.timings,
    };
  }

  /** Releases what the pool holds on the device. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.resident.close();
    this.onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private checkOpen(): void {
    if (this.closed) throw new InputError("the pool is closed: load it again");
  }

  private checkNeeds({ name, needs }: BatchRule): void {
    const { kind, source, embeddings } = this.input;
    if (needs.includes("scores") && kind === "embeddings")
      throw new InputError(
        `${source.name}: ${name} ranks by scores, and embeddings have none: load predictions, features with a head, or scores beside them`,
      );
    if (needs.includes("predictions") && (kind === "embeddings" || kind === "scores"))
      throw new InputError(
        `${source.name}: ${name} works from what the model predicts: load predictions, or features with a head`,
      );
    if (needs.includes("embeddings") && !embeddings)
      throw new InputError(`${source.name}: ${name} measures distances: load embeddings beside it`);
  }

  /** Embeddings are read and checked once for each metric. */
  private async pointsFor(metric: Metric): Promise<Points> {
    const source = this.input.embeddings!;
    const known = this.points.get(metric) ?? readPoints(source, metric);
    this.points.set(metric, known);
    known.catch(() => this.points.delete(metric));
    const points = await known;
    if (this.invalid === "error") refusePoints(source, points, metric);
    return points;
  }

  private strategyFor(name: string | undefined, pass: PassOptions): Strategy<StrategyName> | undefined {
    const { kind, source } = this.input;
    if (kind !== "scores" && kind !== "embeddings") return this.checked(strategyOf(name ?? "entropy"), pass);
    if (name === undefined) return undefined;
    if (kind === "embeddings")
      throw new InputError(`${source.name}: embeddings have no scores: leave the strategy out, or load predictions`);
    throw new InputError(`${this.input.source.name}: holds scores already; leave the strategy out`);
  }

  /** Refuses a strategy that has nothing to work on here: its scores would all be 0, and its picks rows 0, 1, 2, … */
  private checked(strategy: Strategy<StrategyName>, pass: PassOptions): Strategy<StrategyName> {
    const { source, head } = this.input;
    if (strategy.needs === "gradients") {
      if (head) return strategy;
      throw new InputError(`${source.name}: ${strategy.name} needs the gradients of a head: load features with a head`);
    }
    if (strategy.needs === undefined || passesIn(this.input, pass) > 1) return strategy;
    const remedy = head ? "give passes and dropout" : "give predictions [passes, rows, classes], or several members";
    throw new InputError(`${source.name}: ${strategy.name} compares passes, and there is only one: ${remedy}`);
  }

  private passOptions(options: ScoreOptions): PassOptions {
    if (options === null || typeof options !== "object")
      throw new InputError(`options must be an object, got ${String(options)}`);
    const { temperature = 1, seed = 0, eglLayers = "all", onProgress } = options;
    if (!(temperature >= 1e-6 && temperature <= 1e6)) {
      throw new InputError(`temperature must be between 1e-6 and 1e6, got ${temperature}`);
    }
    checkSeed(seed);
    if (eglLayers !== "all" && eglLayers !== "last")
      throw new InputError(`eglLayers must be all or last, got ${String(eglLayers)}`);
    return {
      temperature,
      seed,
      ...this.dropoutOptions(options),
      eglLayers,
      onProgress: onProgress && ((rows) => onProgress({ rows, of: this.rows })),
    };
  }

  private dropoutOptions({ passes = 1, dropout }: ScoreOptions): { passes: number; dropout: number } {
    const { head } = this.input;
    if (!Number.isInteger(passes) || passes < 1 || passes > MOST_PASSES)
      throw new InputError(`passes must be a whole number from 1 to ${MOST_PASSES}, got ${passes}`);
    if (dropout !== undefined && !(dropout >= 0 && dropout <= MOST_DROPOUT))
      throw new InputError(`dropout must be between 0 and ${MOST_DROPOUT}, got ${dropout}`);
    const asked = passes > 1 || dropout !== undefined;
    if (asked && !head) throw new InputError("passes and dropout need features with a head: predictions have theirs");
    if (passes === 1) {
      if (dropout) throw new InputError("dropout needs more than one pass: say how many passes");
      return { passes, dropout: 0 };
    }
    if (head?.layers.length === 1)
      throw new InputError(`${head.name ?? "head"}: dropout needs a hidden layer, and the head has none`);
    const rate = dropout ?? head?.dropout;
    if (rate === undefined) throw new InputError(`${passes} passes need dropout: say its rate`);
    return { passes, dropout: rate };
  }

  /** Row numbers as a bit a row; a row named twice counts once. */
  private takenRows(labelled: Iterable<number>): { taken: Uint32Array; labelled: Uint32Array } {
    const taken = new Uint32Array(Math.ceil(this.rows / 32));
    const rows: number[] = [];
    if (typeof labelled !== "object" || !(Symbol.iterator in labelled))
      throw new InputError("labelled must be a list of rows");
    for (const row of labelled) {
      if (!Number.isInteger(row) || row < 0 || row >= this.rows) {
        throw new InputError(`labelled row ${row} is not in the pool: rows are 0 to ${this.rows - 1}`);
      }
      const bit = 1 << (row & 31);
      if (taken[row >>> 5] & bit) continue;
      taken[row >>> 5] |= bit;
      rows.push(row);
    }
    return { taken, labelled: Uint32Array.from(rows).sort() };
  }

  private tooFew(k: number, left: number, labelled: number, invalid: number): InputError {
    if (left === 0) {
      const all = labelled === 0 ? "invalid" : invalid === 0 ? "labelled" : "labelled or invalid";
      return new InputError(`nothing is left to pick: all ${this.rows} rows are ${all}`);
    }
    const without = [labelled && `${labelled} labelled`, invalid && `${invalid} invalid`].filter(Boolean).join(" and ");
    return new InputError(
      `k = ${k} is more than the ${left} rows left of ${this.rows}${without && ` (${without})`}: ask for at most ${left}`,
    );
  }

  /** Under the policy "error", names the first invalid row and what is wrong with it. */
  private async refuse({ count, first }: InvalidRows): Promise<void> {
    if (count === 0 || this.invalid === "skip") return;
    const { source } = this.input;
    const passes = passesOf(source);
    const values = new Float32Array(passes * source.cols);
    await source.read(first, 1, values);
    let pass = 0;
    while (pass < passes - 1 && faultIn(this.input, values, pass * source.cols) === undefined) pass++;
    const others = count > 1 ? ` (and ${count - 1} more such rows)` : "";
    throw new InputError(
      `${passName(source, pass)}: row ${first}: ${faultIn(this.input, values, pass * source.cols)}${others}: correct it, or leave such rows out (invalid: skip)`,
    );
  }
}
