/** A loaded pool: what it holds, which rows remain, score and select. */
import { batchOf, type BatchName } from "./batches/index.ts";
import type { Backend, BackendPool, InvalidRows, PoolInput, TellScores } from "./backends/backend.ts";
import { InputError } from "./errors.ts";
import { explore } from "./remedies/exploration.ts";
import type { Features, RowSource } from "./matrix.ts";
import { labelledRows, tooFew } from "./leftRows.ts";
import { densityReport, type Batch, type Scores, type ScoreSummary, type Whereabouts } from "./results.ts";
import { Calls } from "./calls.ts";
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
import { Pace } from "./pace.ts";
import { planFor, type MemoryBudget, type MemoryNeeds, type Plan, type PlannedWork } from "./memory.ts";
import { PoolPoints, refusePoints } from "./points.ts";
import type { Points } from "./vectors.ts";
import { withModel, type PoolModel } from "./poolInput.ts";
import { invalidRow, printOf, readRows, unfitRows } from "./rows.ts";
import { strategyOf, type StrategyName } from "./scores/index.ts";

/** Whether rows with NaN, infinity or no probabilities stop the work, or are left out and counted. */
export type InvalidPolicy = "error" | "skip";

export interface ReadOptions {
  /** Ends the read with the signal's reason. */
  signal?: AbortSignal;
}

export class Pool {
  readonly rows: number;
  private readonly backend: Backend;
  private input: PoolInput;
  private readonly invalid: InvalidPolicy;
  private readonly resident: BackendPool;
  private readonly memory: MemoryBudget;
  private readonly points: PoolPoints | undefined;
  private readonly calls: Calls;

  /** Made by `engine.load`. */
  constructor(
    backend: Backend,
    input: PoolInput,
    { invalid, memory }: { invalid: InvalidPolicy; memory: MemoryBudget },
    onClose: () => void,
  ) {
    this.rows = input.source.rows;
    this.backend = backend;
    this.input = input;
    this.invalid = invalid;
    this.memory = memory;
    this.points = input.embeddings && new PoolPoints(input.embeddings);
    this.resident = backend.load(input);
    this.calls = new Calls(async () => {
      this.resident.close();
      onClose();
      await this.points?.close();
    });
  }

  /** Resolves when the pool is closed and all it held is released. */
  get released(): Promise<void> {
    return this.calls.released;
  }

  /**
   * Scores every row by a strategy, or by several in one read of the pool.
   *
   * @throws InputError for an unknown strategy (lists the known), a pool of scores, an invalid row (says which), or too little memory
   */
  score(strategy: StrategyName, options?: ScoreOptions): Promise<Scores>;
  score(strategies: readonly StrategyName[], options?: ScoreOptions): Promise<Scores[]>;
  async score(names: StrategyName | readonly StrategyName[], options: ScoreOptions = {}): Promise<Scores | Scores[]> {
    this.calls.checkFree();
    const list = typeof names === "string" ? [names] : names;
    const values: Float32Array[] = [];
    const summary = await this.scored(list, options, false, (first, found) =>
      found.forEach((own, i) => (values[i] ??= new Float32Array(this.rows)).set(own, first)),
    );
    const results = list.map((strategy, i) => ({ strategy, values: values[i], ...summary }));
    return typeof names === "string" ? results[0] : results;
  }

  /**
   * The same where memory does not hold all scores: `tell` is given the first row of a block, and the scores of its rows
   * by each strategy, [rows of the block], good until it comes back. Blocks come in the order of rows, and come to all
   * rows. An invalid row is told of in the end. The pool takes no other calls until this one has come back.
   *
   * @throws InputError as `score` does, and whatever `tell` throws
   */
  async scoreBlocks(
    strategies: readonly StrategyName[],
    tell: (first: number, scores: readonly Float32Array[]) => void | Promise<void>,
    options: ScoreOptions = {},
  ): Promise<ScoreSummary> {
    this.calls.checkFree();
    // Kernels may give views of a memory that threads share, which not everything takes.
    const tellCopies: TellScores = (first, scores) =>
      tell(
        first,
        scores.map((own) => own.slice()),
      );
    return this.calls.telling(() => this.scored(strategies, options, true, tellCopies));
  }

  private async scored(
    names: readonly StrategyName[],
    options: ScoreOptions,
    inBlocks: boolean,
    tell: TellScores,
  ): Promise<ScoreSummary> {
    if (!Array.isArray(names) || names.length === 0) throw new InputError("score: name at least one strategy");
    const { kind, source } = this.input;
    if (kind === "scores") throw new InputError(`${source.name}: holds scores already; score needs predictions`);
    if (kind === "embeddings")
      throw new InputError(
        `${source.name}: hold no predictions, which score needs: ${this.input.features ? "give the pool a head (use)" : "load some"}`,
      );
    const pass = passOptions(this.input, options, this.calls.ended);
    const strategies = names.map((name) => checkedStrategy(this.input, name, pass));
    this.plan({ strategies, inBlocks });
    return this.calls.working(async () => {
      const { invalid, timings } = await this.resident.scores(strategies, pass, tell);
      await this.refuse(invalid);
      return { invalid: invalid.count, timings };
    });
  }

  /**
   * Picks k rows by a batch rule. The picks are those of the textbook formula in float64, ties to the lowest row, on
   * every backend.
   *
   * @throws InputError for an unknown batch or strategy (lists the known), k larger than the rows left, an invalid row,
   * or too little memory
   */
  async select(batch: BatchName, options: SelectOptions): Promise<Batch> {
    this.calls.checkFree();
    return this.calls.working(() => this.selected(batch, options));
  }

  private async selected(batch: BatchName, options: SelectOptions): Promise<Batch> {
    if (options === undefined) throw new InputError("select: say how many rows: { k }");
    const rule = batchOf(batch);
    const pass = passOptions(this.input, options, this.calls.ended);
    const strategy = strategyFor(this.input, rule, options.strategy, pass);
    const { metric, epsilon, density, ...asked } = batchOptions(options, pass);
    const { taken, labelled } = labelledRows(options.labelled ?? [], this.rows);
    if (density > 0) checkDensity(this.input, rule);
    const measures = rule.needs.includes("embeddings") || density > 0;
    const plan = this.plan({ rule, density: density > 0 });
    const points = measures ? await this.pointsFor(metric, plan.embeddings, pass.pace) : undefined;
    const weight =
      density > 0
        ? { of: await this.points!.density(metric, points!, pass.pace, this.resident.crew), power: density }
        : undefined;
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
        throw tooFew(wanted, left, this.rows, labelled.length, invalid);
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
        ...(weight && { density: await densityReport(weight.of, picks, pass.pace) }),
        ...(points && { embeddings: await this.whereabouts(metric) }),
        invalid: context.invalid,
        refereed: context.refereed,
        timings: context.timings,
      };
    } finally {
      context.close();
    }
  }

  /**
   * What picking by a batch rule, or scoring by strategies (all rows at once, or in blocks), is estimated to take of memory
   * at most.
   *
   * @throws InputError where that is more than the engine's budget, or there is no such rule or strategy
   */
  memoryFor(
    work: { batch: BatchName; density?: boolean } | { strategies: readonly StrategyName[]; inBlocks?: boolean },
  ): MemoryNeeds {
    this.calls.checkOpen();
    if (typeof work !== "object" || work === null || !("batch" in work || Array.isArray(work.strategies)))
      throw new InputError("memoryFor: say what for: { batch }, or { strategies }, a list");
    if ("batch" in work) return this.plan({ rule: batchOf(work.batch), density: work.density }).needs;
    return this.plan({ ...work, strategies: work.strategies.map(strategyOf) }).needs;
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
    this.calls.checkOpen();
    if (this.calls.underWay > 0)
      throw new InputError("use: the pool is being scored: wait for score and select to come back");
    const input = withModel(this.input, model);
    this.resident.use(input);
    this.input = input;
  }

  /**
   * The features of these rows, [rows, dims], in the order given.
   *
   * @throws InputError where the pool was loaded without features, or has no such row
   */
  async features(rows: ArrayLike<number>, { signal }: ReadOptions = {}): Promise<Features> {
    this.calls.checkOpen();
    for (let i = 0; i < rows.length; i++)
      if (!Number.isInteger(rows[i]) || rows[i] < 0 || rows[i] >= this.rows)
        throw new InputError(`row ${rows[i]} is not in the pool: rows are 0 to ${this.rows - 1}`);
    const features = this.ownFeatures();
    signal?.throwIfAborted();
    return readRows(features, rows, new Pace(signal));
  }

  /**
   * Rows whose features no model can take, or whose embeddings are no points, ascending, in one read of the pool.
   *
   * @throws InputError where there are such rows and the pool is not to leave them out
   */
  async invalidFeatures({ signal }: ReadOptions = {}): Promise<Uint32Array> {
    this.calls.checkOpen();
    const features = this.ownFeatures();
    signal?.throwIfAborted();
    const { embeddings = features } = this.input;
    return unfitRows([...new Set([features, embeddings])], this.invalid === "skip", new Pace(signal));
  }

  /** Sixteen digits that tell a pool from others, by all of its features and embeddings, in one read of them. */
  async fingerprint({ signal }: ReadOptions = {}): Promise<string> {
    this.calls.checkOpen();
    signal?.throwIfAborted();
    const { features, embeddings } = this.input;
    const sources = [features, embeddings === features ? undefined : embeddings].filter((one) => one !== undefined);
    return printOf(sources, new Pace(signal));
  }

  /** Ends calls that are under way, and releases what the pool holds once they have come back. */
  close(): void {
    this.calls.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private ownFeatures(): RowSource {
    const { features } = this.input;
    if (!features) throw new InputError("the pool was loaded without features: load({ features })");
    return features;
  }

  private plan(work: PlannedWork): Plan {
    return planFor(this.input, this.points, work, this.memory, this.resident.needs);
  }

  private async pointsFor(metric: Metric, bytes: number, pace: Pace): Promise<Points> {
    const points = await this.points!.of(metric, bytes, pace);
    if (this.invalid === "error") refusePoints(this.input.embeddings!, points, metric);
    return points;
  }

  /** Under the policy "error", names the first invalid row and what is wrong with it. */
  private async refuse(invalid: InvalidRows): Promise<void> {
    if (invalid.count > 0 && this.invalid === "error") throw await invalidRow(this.input, invalid);
  }

  private async whereabouts(metric: Metric): Promise<Whereabouts> {
    const isResident = await this.resident.areResident?.(metric);
    return {
      host: this.points!.isPaged ? "paged" : "held",
      ...(isResident !== undefined && { device: isResident ? "resident" : "streamed" }),
    };
  }
}
