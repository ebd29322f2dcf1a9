/** A loaded pool: what it holds, which rows remain, score and select. */
import type { BatchReport, Pick } from "./batches/batch.ts";
import { batchOf, type BatchName } from "./batches/index.ts";
import { faultIn } from "./backends/cpu/reference.ts";
import type { Backend, BackendPool, InvalidRows, PoolInput, Timings } from "./backends/backend.ts";
import { InputError } from "./errors.ts";
import { densityOf, type Density } from "./remedies/density.ts";
import { explore, type ExploredPick } from "./remedies/exploration.ts";
import { checkHead, type Head } from "./head.ts";
import { FEATURE_LIMIT, passName, passesOf, sourceOf, type Features, type Members, type RowSource } from "./matrix.ts";
import { PoolContext } from "./context.ts";
import type { Metric } from "./distance.ts";
import {
  batchOptions,
  checkDensity,
  checkedStrategy,
  passOptions,
  strategyFor,
  type ScoreOptions,
  type SelectOptions,
} from "./options.ts";
import type { Pace } from "./pace.ts";
import { readPoints, refusePoints, type Points } from "./points.ts";
import { printOf, readRows, unfitRows } from "./rows.ts";
import type { StrategyName } from "./scores/index.ts";

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
  readonly picks: readonly (Pick & Partial<ExploredPick>)[];
  /** How scores were weighed, where they were. */
  readonly density?: DensityReport;
  /** Rows left out for invalid values. */
  readonly invalid: number;
  /** Rows that float32 could not tell from a pick, settled in float64. */
  readonly refereed: number;
  readonly timings: Timings & { readonly referee: number };
}

export interface DensityReport {
  /** Rows that densities are means over. */
  readonly measuredOn: number;
  /** The largest standard error of the density of a pick; 0 where all rows were measured on. */
  readonly standardError: number;
}

/** Whether rows with NaN, infinity or no probabilities stop the work, or are left out and counted. */
export type InvalidPolicy = "error" | "skip";

/** What gives the rows of a pool their scores. */
export type PoolModel = { head: Head } | { logits: Members } | { probabilities: Members };

export class Pool {
  readonly rows: number;
  private readonly backend: Backend;
  private input: PoolInput;
  private readonly invalid: InvalidPolicy;
  private readonly resident: BackendPool;
  private readonly onClose: () => void;
  private readonly points = new Map<Metric, Promise<Points>>();
  private readonly densities = new Map<Metric, Promise<Density>>();
  private closed = false;
  /** Calls of score and select that have not come back. */
  private atWork = 0;

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
    const { kind, source } = this.input;
    if (kind === "scores") throw new InputError(`${source.name}: holds scores already; score needs predictions`);
    if (kind === "embeddings")
      throw new InputError(
        `${source.name}: hold no predictions, which score needs: ${this.input.features ? "give the pool a head (use)" : "load some"}`,
      );
    const pass = passOptions(this.input, options);
    const strategies = list.map((name) => checkedStrategy(this.input, name, pass));
    const { values, invalid, timings } = await this.working(async () => {
      const found = await this.resident.scores(strategies, pass);
      await this.refuse(found.invalid);
      return found;
    });
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
    return this.working(() => this.selected(batch, options));
  }

  private async selected(batch: BatchName, options: SelectOptions): Promise<Batch> {
    if (options === undefined) throw new InputError("select: say how many rows: { k }");
    const rule = batchOf(batch);
    const pass = passOptions(this.input, options);
    const strategy = strategyFor(this.input, rule, options.strategy, pass);
    const { metric, epsilon, density, ...asked } = batchOptions(options, pass);
    const { taken, labelled } = this.takenRows(options.labelled ?? []);
    if (density > 0) checkDensity(this.input, rule);
    const measures = rule.needs.includes("embeddings") || density > 0;
    const points = measures ? await this.pointsFor(metric, pass.pace) : undefined;
    const weight = density > 0 ? { of: await this.densityFor(metric, points!, pass.pace), power: density } : undefined;
    const context = new PoolContext(this.input, this.resident, {
      options: asked,
      metric,
      strategy,
      pass,
      taken,
      labelled,
      ranks: rule.needs.some((need) => need !== "embeddings"),
      points,
      density: weight,
      refuse: (invalid) => this.refuse(invalid),
      tooFew: (wanted, left, invalid) => {
        throw this.tooFew(wanted, left, labelled.length, invalid);
      },
    });
    try {
      const { picks: own, report = {} } = await rule.select(context);
      const explored =
        epsilon > 0 && explore(own, { epsilon, seed: pass.seed, taken: await context.unpickable(), rows: this.rows });
      const picks = explored || own;
      const { evaluations, evaluationShare } = report;
      return {
        strategy: strategy?.name,
        batch: rule.name,
        seed: pass.seed,
        backend: this.backend.name,
        rows: this.rows,
        picks,
        // What a rule says of its own picks together is not true of others.
        ...(explored ? { evaluations, evaluationShare } : report),
        ...(weight && { density: densityReport(weight.of, picks) }),
        invalid: context.invalid,
        refereed: context.refereed,
        timings: context.timings,
      };
    } finally {
      context.close();
    }
  }

  /**
   * Scores come from this model from now on: a head over the features that the pool was loaded with, or predictions for
   * the same rows. Features and embeddings stay where they are, so of a head whose layers have the same sizes as the one
   * before only the weights go up.
   *
   * @throws InputError where the head does not fit the features, the predictions are of other rows, or a call of `score` or
   * `select` is under way
   */
  use(model: PoolModel): void {
    this.checkOpen();
    if (this.atWork > 0) throw new InputError("use: the pool is being scored: wait for score and select to come back");
    const input = withModel(this.input, model);
    this.resident.use(input);
    this.input = input;
  }

  /**
   * The features of these rows, [rows, dims], in the order given.
   *
   * @throws InputError where the pool was loaded without features, or has no such row
   */
  async features(rows: ArrayLike<number>): Promise<Features> {
    this.checkOpen();
    for (let i = 0; i < rows.length; i++)
      if (!Number.isInteger(rows[i]) || rows[i] < 0 || rows[i] >= this.rows)
        throw new InputError(`row ${rows[i]} is not in the pool: rows are 0 to ${this.rows - 1}`);
    return readRows(this.ownFeatures(), rows);
  }

  /**
   * Rows whose features no model can take, or whose embeddings are no points, ascending, in one read of the pool.
   *
   * @throws InputError where there are such rows and the pool is not to leave them out
   */
  async invalidFeatures(): Promise<Uint32Array> {
    this.checkOpen();
    const features = this.ownFeatures();
    const { embeddings = features } = this.input;
    const found = new Set<number>();
    for (const source of new Set([features, embeddings])) {
      const rows = await unfitRows(source);
      for (const row of rows) found.add(row);
      if (rows.length === 0 || this.invalid === "skip") continue;
      const { data } = await readRows(source, rows.subarray(0, 1));
      const at = data.findIndex((value) => !(Math.abs(value) < FEATURE_LIMIT));
      throw new InputError(
        `${source.name}: row ${rows[0]}: dim ${at} is ${data[at]}: correct it, or leave such rows out (invalid: skip)`,
      );
    }
    return Uint32Array.from(found).sort();
  }

  /** Sixteen digits that tell a pool from others, by all of its features and embeddings, in one read of them. */
  async fingerprint(): Promise<string> {
    this.checkOpen();
    const { features, embeddings } = this.input;
    return printOf([features, embeddings === features ? undefined : embeddings].filter((one) => one !== undefined));
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

  private async working<T>(work: () => Promise<T>): Promise<T> {
    this.atWork++;
    try {
      return await work();
    } finally {
      this.atWork--;
    }
  }

  private ownFeatures(): RowSource {
    const { features } = this.input;
    if (!features) throw new InputError("the pool was loaded without features: load({ features })");
    return features;
  }

  private checkOpen(): void {
    if (this.closed) throw new InputError("the pool is closed: load it again");
  }

  /** Embeddings are read and checked once for each metric. */
  private async pointsFor(metric: Metric, pace: Pace): Promise<Points> {
    const source = this.input.embeddings!;
    const known = this.points.get(metric) ?? readPoints(source, metric, Infinity, pace);
    this.points.set(metric, known);
    known.catch(() => this.points.delete(metric));
    const points = await known;
    if (this.invalid === "error") refusePoints(source, points, metric);
    return points;
  }

  /** Densities are those of the pool, whatever its model: they are found once for each metric. */
  private async densityFor(metric: Metric, points: Points, pace: Pace): Promise<Density> {
    const known = this.densities.get(metric) ?? densityOf({ ...points, metric }, points.invalid, pace);
    this.densities.set(metric, known);
    known.catch(() => this.densities.delete(metric));
    return known;
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

function densityReport(density: Density, picks: readonly Pick[]): DensityReport {
  const errors = density.standardError(Uint32Array.from(picks, ({ row }) => row));
  return { measuredOn: density.measuredOn, standardError: errors.reduce((a, b) => Math.max(a, b), 0) };
}

/** The same rows, by another model. */
function withModel({ embeddings, features, source: { rows } }: PoolInput, model: PoolModel): PoolInput {
  if ("head" in model) {
    if (!features) throw new InputError("the pool was loaded without features for a head to read: load({ features })");
    checkHead(model.head, features.cols);
    return { kind: "features", source: features, head: model.head, embeddings, features };
  }
  const kind = "logits" in model ? "logits" : "probabilities";
  const source = sourceOf(kind, "logits" in model ? model.logits : model.probabilities, "classes");
  if (source.rows !== rows) throw new InputError(`${source.name}: ${source.rows} rows for a pool of ${rows}`);
  return { kind, source, embeddings, features };
}
