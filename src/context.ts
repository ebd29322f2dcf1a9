/** What a batch rule may ask of a pool, answered, and what the answers cost. */
import { SUM_TOLERANCE } from "./backends/cpu/reference.ts";
import { HostClusters } from "./backends/cpu/clusters.ts";
import { SimdDistances } from "./backends/cpu/simdDistances.ts";
import type { BatchContext, BatchOptions, Pick, ScoreBounds } from "./batches/batch.ts";
import type { BackendPool, InvalidRows, PassOptions, PoolInput, Selection, Timings } from "./backends/backend.ts";
import type { Measuring } from "./batches/sweeps.ts";
import type { ClusterKernel } from "./backends/clusters.ts";
import type { PointData } from "./backends/distances.ts";
import { embeddingSpace, type Metric, type PointSpace } from "./distance.ts";
import { log } from "./elementary.ts";
import type { Pace } from "./pace.ts";
import type { Points } from "./vectors.ts";
import { weighted, type Density } from "./remedies/density.ts";
import { believe, judge, settle } from "./referee.ts";
import type { RowBeliefs, Strategy } from "./strategy.ts";

/** What a call of `select` has settled before its rule is asked. */
export interface Asked {
  readonly options: BatchOptions;
  readonly metric: Metric;
  readonly strategy: Strategy | undefined;
  readonly pass: PassOptions;
  /** Labelled rows: a bit each, and ascending. */
  readonly taken: Uint32Array;
  readonly labelled: Uint32Array;
  /** Whether rows without valid predictions are left out: of a rule that can do without, they are not. */
  readonly ranks: boolean;
  /** Where the rule measures distances. */
  readonly points: Points | undefined;
  /** What scores are multiplied with, and the power of it. */
  readonly density: { readonly of: Density; readonly power: number } | undefined;
  /** Throws where invalid predictions should stop the work. */
  refuse(invalid: InvalidRows): Promise<void>;
  /** Throws: fewer rows than are wanted are left, of which so many are invalid. */
  tooFew(wanted: number, left: number, invalid: number): never;
}

export class PoolContext implements BatchContext {
  readonly options: BatchOptions;
  readonly pace: Pace;
  readonly rows: number;
  readonly labelled: Uint32Array;
  readonly hasScores: boolean;
  readonly hasOwnEmbeddings: boolean;
  readonly sumSlack: number;
  /** Rows left out for invalid values. */
  invalid: number;
  /** Rows settled in float64 because float32 could not tell them from a pick. */
  refereed = 0;
  timings: Timings & { referee: number } = { upload: 0, kernel: 0, readback: 0, referee: 0 };
  private readonly input: PoolInput;
  private readonly resident: BackendPool;
  private readonly asked: Asked;
  private readonly kernels: { close(): void }[] = [];

  constructor(input: PoolInput, resident: BackendPool, asked: Asked) {
    this.input = input;
    this.resident = resident;
    this.asked = asked;
    this.options = asked.options;
    this.pace = asked.pass.pace;
    this.rows = input.source.rows;
    this.labelled = asked.labelled;
    this.hasScores = input.kind !== "embeddings";
    // Scaling by 1 ± ε moves an entropy by ε (H + 1) at most, to first order; both are of that size.
    this.sumSlack = input.kind === "probabilities" ? 2.2 * SUM_TOLERANCE * (1 + log(input.source.cols)) : 0;
    this.hasOwnEmbeddings = input.embeddings !== input.source;
    this.invalid = asked.points?.invalid.length ?? 0;
  }

  best = async (most: number, least = most): Promise<readonly Pick[]> => {
    const { strategy, pass, density } = this.asked;
    if (density) return this.bestOf(await this.scores(), most, least);
    const left = this.rows - this.labelled.length;
    if (least > left) this.asked.tooFew(least, left, 0);
    const k = Math.min(most, left);
    const judging: Selection["judge"] = (some, tell) => this.timed(() => judge(this.input, some, strategy, pass, tell));
    const {
      rows,
      settled = 0,
      invalid,
      timings,
    } = await this.resident.candidates(strategy, { k, taken: this.takenOrNoPoint(), judge: judging }, pass);
    await this.note(invalid, timings);
    // With fewer than k rows to choose from, all of them are candidates.
    if (rows.length < least) this.tooFew(least, rows.length);
    this.refereed += rows.length + settled;
    return this.timed(() => settle(this.input, rows, k, strategy, pass));
  };

  scores = async (): Promise<ScoreBounds> => {
    const { strategy, pass } = this.asked;
    const { values, slack, invalid, timings } = await this.resident.bounded(strategy, pass);
    await this.note(invalid, timings);
    const exact = async (rows: Uint32Array): Promise<Float64Array> => {
      const found = new Float64Array(rows.length);
      let i = 0;
      await this.timed(() => judge(this.input, rows, strategy, pass, (_, score) => (found[i++] = score)));
      this.refereed += rows.length;
      return found;
    };
    const lowest = new Float64Array(values.length);
    const highest = new Float64Array(values.length);
    const unknown: number[] = [];
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      // Given scores are what they are; others have been rounded to float32, which may have left nothing of a tiny one.
      const reach = strategy ? slack + Math.abs(value) * 2 ** -23 + 2 ** -149 : 0;
      lowest[row] = value - reach;
      highest[row] = value + reach;
      if (value === Infinity) unknown.push(row);
    }
    const judged = await exact(Uint32Array.from(unknown));
    unknown.forEach((row, i) => (lowest[row] = highest[row] = judged[i]));
    await this.pace.turn();
    const { density } = this.asked;
    const scores = { lowest, highest, exact };
    return density ? weighted(scores, density.of, density.power, this.pace) : scores;
  };

  /** The highest of scores that are known by bounds, exact, ties to the lowest row. */
  private async bestOf(scores: ScoreBounds, most: number, least: number): Promise<readonly Pick[]> {
    const { lowest, highest, exact } = scores;
    const free = this.free(scores, least);
    await this.pace.turn();
    const k = Math.min(most, free.length);
    const bar = Float64Array.from(free, (row) => lowest[row]).sort()[free.length - k];
    const rows = free.filter((row) => highest[row] >= bar);
    const found = await exact(rows);
    return Array.from(rows, (row, i) => ({ row, score: found[i] }))
      .sort((a, b) => b.score - a.score || a.row - b.row)
      .slice(0, k);
  }

  beliefs = async (rows: Uint32Array, tell: (beliefs: RowBeliefs) => void): Promise<void> => {
    const { pass, points, refuse } = this.asked;
    const invalid = await this.timed(() => believe(this.input, rows, pass, tell));
    await refuse(invalid);
    if (invalid.count > 0) this.invalid = invalid.count + (points?.invalid.length ?? 0);
  };

  get embeddings(): Points {
    return this.asked.points!;
  }

  measuring = async (): Promise<Measuring> => {
    const { points, resident } = this;
    const device = await resident.distances?.(points, this.labelled.length + this.options.k);
    if (device) this.kernels.push(device);
    const host = await SimdDistances.open(points, resident.crew);
    this.kernels.push(host);
    return { space: this.space(), points, host, device, pace: this.pace, groupsFrom: resident.groupsFrom };
  };

  clusters = async (rows: Uint32Array, k: number): Promise<ClusterKernel> => {
    const { points, resident } = this;
    const kernel =
      (await resident.clusters?.(points, rows, k)) ?? (await HostClusters.open(points, rows, k, resident.crew));
    this.kernels.push(kernel);
    return kernel;
  };

  /** Releases what was opened for this call alone. */
  close(): void {
    for (const kernel of this.kernels) kernel.close();
  }

  private get points(): PointData {
    return { ...this.embeddings, metric: this.asked.metric };
  }

  space = (): PointSpace => embeddingSpace(this.embeddings, this.asked.metric);

  free = (scores?: ScoreBounds, k = this.options.k): Uint32Array => {
    const taken = this.takenOrNoPoint();
    const free = new Uint32Array(this.rows);
    let left = 0;
    for (let row = 0; row < this.rows; row++)
      if (((taken[row >>> 5] >>> (row & 31)) & 1) === 0 && !Number.isNaN(scores?.lowest[row])) free[left++] = row;
    if (left < k) this.tooFew(k, left);
    return left === this.rows ? free : free.slice(0, left);
  };

  /** A bit a row, 32 a word, for rows that may not be picked. */
  async unpickable(): Promise<Uint32Array> {
    const bits = this.takenOrNoPoint().slice();
    if (!this.asked.ranks || this.invalid === 0) return bits;
    const { lowest } = await this.scores();
    lowest.forEach((score, row) => {
      if (Number.isNaN(score)) bits[row >>> 5] |= 1 << (row & 31);
    });
    return bits;
  }

  tooFew = (wanted: number, left: number): never => this.asked.tooFew(wanted, left, this.invalid);

  private takenOrNoPoint(): Uint32Array {
    const { taken, points } = this.asked;
    if (!points || points.invalid.length === 0) return taken;
    const bits = taken.slice();
    for (const row of points.invalid) bits[row >>> 5] |= 1 << (row & 31);
    return bits;
  }

  private async note(invalid: InvalidRows, timings: Timings): Promise<void> {
    const { points, pass, ranks, refuse } = this.asked;
    await refuse(invalid);
    this.timings = { ...timings, referee: this.timings.referee };
    if (!ranks) return;
    // Rows that are neither count once.
    const noPoints = points?.invalid ?? new Uint32Array();
    const both = await believe(this.input, noPoints, pass, () => {});
    this.invalid = invalid.count + noPoints.length - both.count;
  }

  private async timed<T>(work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const result = await work();
    this.timings.referee += (performance.now() - started) / 1000;
    return result;
  }
}
