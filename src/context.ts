/** What a batch rule may ask of a pool, answered, and what the answers cost. */
import type { BatchContext, ScoreBounds, ScoredRow } from "./batches/batch.ts";
import type { BackendPool, InvalidRows, PassOptions, PoolInput, Timings } from "./backends/backend.ts";
import { embeddingSpace, type Metric, type PointSpace } from "./distance.ts";
import type { Points } from "./points.ts";
import { believe, judge, settle } from "./referee.ts";
import type { RowBeliefs, Strategy } from "./strategy.ts";

/** What a call of `select` has settled before its rule is asked. */
export interface Asked {
  readonly k: number;
  readonly alpha: number;
  readonly powerTemperature: number;
  readonly metric: Metric;
  readonly strategy: Strategy | undefined;
  readonly pass: PassOptions;
  /** Labelled rows: a bit each, and ascending. */
  readonly taken: Uint32Array;
  readonly labelled: Uint32Array;
  /** Where the rule measures distances. */
  readonly points: Points | undefined;
  /** Throws where invalid predictions should stop the work. */
  refuse(invalid: InvalidRows): Promise<void>;
  /** Throws: fewer rows than are wanted are left, of which so many are invalid. */
  tooFew(wanted: number, left: number, invalid: number): never;
}

export class PoolContext implements BatchContext {
  readonly k: number;
  readonly seed: number;
  readonly alpha: number;
  readonly powerTemperature: number;
  readonly rows: number;
  readonly labelled: Uint32Array;
  readonly hasScores: boolean;
  /** Rows left out for invalid values. */
  invalid = 0;
  /** Rows settled in float64 because float32 could not tell them from a pick. */
  refereed = 0;
  timings: Timings & { referee: number } = { upload: 0, kernel: 0, readback: 0, referee: 0 };
  private readonly input: PoolInput;
  private readonly resident: BackendPool;
  private readonly asked: Asked;

  constructor(input: PoolInput, resident: BackendPool, asked: Asked) {
    this.input = input;
    this.resident = resident;
    this.asked = asked;
    this.k = asked.k;
    this.seed = asked.pass.seed;
    this.alpha = asked.alpha;
    this.powerTemperature = asked.powerTemperature;
    this.rows = input.source.rows;
    this.labelled = asked.labelled;
    this.hasScores = input.kind !== "embeddings";
    this.invalid = asked.points?.invalid.length ?? 0;
  }

  best = async (n: number): Promise<readonly ScoredRow[]> => {
    const { asked } = this;
    const { strategy, pass } = asked;
    if (n > this.rows - this.labelled.length) asked.tooFew(n, this.rows - this.labelled.length, 0);
    const taken = this.takenOrNoPoint();
    const { rows, invalid, timings } = await this.resident.candidates(strategy, { k: n, taken }, pass);
    await this.note(invalid, timings);
    if (!this.asked.points) this.invalid = invalid.count;
    // With fewer than n rows to choose from, all of them are candidates.
    if (rows.length < n) this.tooFew(n, rows.length);
    return this.timed(rows.length, () => settle(this.input, rows, n, strategy, pass));
  };

  scores = async (): Promise<ScoreBounds> => {
    const { strategy, pass } = this.asked;
    const { values, slack, invalid, timings } = await this.resident.bounded(strategy, pass);
    await this.note(invalid, timings);
    const lowest = new Float64Array(values.length);
    const highest = new Float64Array(values.length);
    values.forEach((value, row) => {
      // Half a unit in the last place of float32, and given scores are what they are.
      const reach = strategy ? slack + Math.abs(value) * 2 ** -23 : 0;
      lowest[row] = value === Infinity && strategy ? -Infinity : value - reach;
      highest[row] = value + reach;
    });
    const others = this.asked.points?.invalid.filter((row) => !Number.isNaN(values[row]));
    this.invalid = invalid.count + (others?.length ?? 0);
    const exact = (rows: Uint32Array): Promise<Float64Array> =>
      this.timed(rows.length, async () => {
        const found = new Float64Array(rows.length);
        let i = 0;
        await judge(this.input, rows, strategy, pass, (_, score) => (found[i++] = score));
        return found;
      });
    return { lowest, highest, exact };
  };

  beliefs = async (rows: Uint32Array, tell: (beliefs: RowBeliefs) => void): Promise<void> => {
    const { pass, points, refuse } = this.asked;
    const invalid = await this.timed(rows.length, () => believe(this.input, rows, pass, tell));
    await refuse(invalid);
    if (invalid.count > 0) this.invalid = invalid.count + (points?.invalid.length ?? 0);
  };

  get embeddings(): Points {
    return this.asked.points!;
  }

  space = async (): Promise<PointSpace> => {
    const { data, dims } = this.asked.points!;
    return embeddingSpace(data, dims, this.asked.metric);
  };

  free = (scores?: ScoreBounds): Uint32Array => {
    const taken = this.takenOrNoPoint();
    const free: number[] = [];
    for (let row = 0; row < this.rows; row++)
      if (((taken[row >>> 5] >>> (row & 31)) & 1) === 0 && !Number.isNaN(scores?.lowest[row])) free.push(row);
    if (free.length < this.k) this.tooFew(this.k, free.length);
    return Uint32Array.from(free);
  };

  tooFew = (wanted: number, left: number): never => this.asked.tooFew(wanted, left, this.invalid);

  private takenOrNoPoint(): Uint32Array {
    const { taken, points } = this.asked;
    if (!points || points.invalid.length === 0) return taken;
    const bits = taken.slice();
    for (const row of points.invalid) bits[row >>> 5] |= 1 << (row & 31);
    return bits;
  }

  private async note(invalid: InvalidRows, timings: Timings): Promise<void> {
    await this.asked.refuse(invalid);
    this.timings = { ...timings, referee: this.timings.referee };
  }

  private async timed<T>(rows: number, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const result = await work();
    this.refereed += rows;
    this.timings.referee += (performance.now() - started) / 1000;
    return result;
  }
}
