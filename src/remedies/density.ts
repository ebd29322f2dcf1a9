/**
 * Information density: a score counts for more in a row that many others are like, so that what is asked for is not an
 * outlier that tells of itself alone (Settles & Craven 2008).
 */
import type { Pace } from "../pace.ts";
import type { Crew } from "../backends/cpu/crew.ts";
import { addCloseness } from "../backends/cpu/comparisons.ts";
import { SimdDistances } from "../backends/cpu/simdDistances.ts";
import { scaleOf, type PointData } from "../backends/distances.ts";
import type { ScoreBounds } from "../batches/batch.ts";
import { embeddingSpace } from "../distance.ts";
import { pow, square } from "../elementary.ts";
import { InputError } from "../errors.ts";
import { randomBits, streams } from "../random.ts";
import { unitRoundoff } from "../strategy.ts";

/** How dense the pool is around each row, from 0 to 1. */
export interface Density extends Pick<ScoreBounds, "lowest" | "highest"> {
  /** Rows that density was measured on: all others, or a sample. */
  readonly measuredOn: number;
  /** The mean in float64 for each of these rows, which ascend. */
  exact(rows: Uint32Array, pace: Pace): Promise<Float64Array>;
  /** [rows]: of a density that is a mean over a sample. */
  standardError(rows: Uint32Array, pace: Pace): Promise<Float64Array>;
}

/** Up to so many rows, density is the mean over all others. */
export const DENSITY_ROWS = 20_000;
/** Of larger pools, it is the mean over a sample of so many. */
export const DENSITY_SAMPLE = 1000;

/** Rows whose cosine is taken between two turns of others. */
const ROWS_A_TURN = 4096;
/** Widens what float64 rounds. */
const ROUNDING = 1e-12;

/**
 * Density of each row that is a point: the mean, over the others, of 1 / (1 + Euclidean distance), or of the cosine, where
 * that is the metric, and 0 where that is below 0. `invalid` rows, which ascend, have none, and do not count for others.
 *
 * The cosine's mean over all rows takes one pass, whatever their number. Distances are taken between all rows, by blocks,
 * up to 20,000 of them, and past that to a sample of 1,000, the same for every seed: a mean over that is exact, and an
 * estimate of the mean over all. They are taken on the threads of a crew, or on this one.
 */
export async function densityOf(points: PointData, invalid: Uint32Array, pace: Pace, crew?: Crew): Promise<Density> {
  const all = points.rows;
  const isPoint = new Uint8Array(all).fill(1);
  for (const row of invalid) isPoint[row] = 0;
  const rows = Uint32Array.from({ length: all }, (_, row) => row).filter((row) => isPoint[row] === 1);
  if (rows.length < 2) throw new InputError("density: the pool has fewer than two rows that are points");
  return points.metric === "cosine" ? byCosine(points, rows, isPoint, pace) : byDistance(points, rows, pace, crew);
}

async function byCosine(points: PointData, rows: Uint32Array, isPoint: Uint8Array, pace: Pace): Promise<Density> {
  const { data, dims } = points;
  const total = new Float64Array(dims);
  const all = isPoint.length;
  for (let row = 0; row < all; row++) {
    if (row % ROWS_A_TURN === 0) await pace.turn({ stage: "density", rows: halfOf(row), of: all });
    if (isPoint[row] === 0) continue;
    const scale = scaleOf(points, row);
    const first = points.at(row);
    for (let d = 0; d < dims; d++) total[d] += data[first + d] * scale;
  }
  const values = new Float64Array(all).fill(NaN);
  for (let row = 0; row < all; row++) {
    if (row % ROWS_A_TURN === 0) await pace.turn({ stage: "density", rows: halfOf(all + row), of: all });
    if (isPoint[row] === 0) continue;
    const scale = scaleOf(points, row);
    const first = points.at(row);
    let sum = 0;
    for (let d = 0; d < dims; d++) sum += data[first + d] * scale * total[d];
    values[row] = Math.max(0, (sum - 1) / (rows.length - 1));
  }
  pace.tell({ stage: "density", rows: all, of: all });
  return {
    measuredOn: rows.length - 1,
    lowest: values,
    highest: values,
    exact: async (asked) => Float64Array.from(asked, (row) => values[row]),
    standardError: async (asked) => new Float64Array(asked.length),
  };
}

async function byDistance(given: PointData, rows: Uint32Array, pace: Pace, crew?: Crew): Promise<Density> {
  const points: PointData = { ...given, metric: "euclidean" };
  const isSampled = rows.length > DENSITY_ROWS;
  const others = isSampled ? sampleOf(rows) : rows;
  const own = new Set(others);
  const host = await SimdDistances.open(points, crew);
  const sums = new Float64Array(rows.length);
  try {
    await addCloseness(host, rows, others, sums, (done) =>
      pace.turn({ stage: "density", rows: done, of: rows.length }),
    );
  } finally {
    host.close();
  }
  // 1 / (1 + d) moves by a quarter of what d does relative to itself, at most; a root, a sum and a quotient round.
  const slack = host.error.relative / 4 + host.error.absolute + 4 * unitRoundoff;
  const lowest = new Float64Array(points.rows).fill(NaN);
  const highest = lowest.slice();
  rows.forEach((row, i) => {
    const isOwn = own.has(row);
    const mean = (sums[i] - (isOwn ? 1 : 0)) / (others.length - (isOwn ? 1 : 0));
    lowest[row] = Math.max(0, mean - slack);
    highest[row] = Math.min(1, mean + slack);
  });
  const space = (row: number) => {
    const around = embeddingSpace(points, "euclidean");
    around.addCentre(row);
    return around;
  };
  /** Mean and variance of 1 / (1 + d), in float64. */
  const moments = (row: number): { mean: number; variance: number; count: number } => {
    const around = space(row);
    let sum = 0;
    let squares = 0;
    for (const other of others) {
      if (other === row) continue;
      around.look(other);
      const close = 1 / (1 + Math.sqrt(around.squared(0, Infinity)));
      sum += close;
      squares += square(close);
    }
    const count = others.length - (own.has(row) ? 1 : 0);
    const mean = sum / count;
    return { mean, variance: count > 1 ? Math.max(0, squares - count * square(mean)) / (count - 1) : 0, count };
  };
  return {
    measuredOn: isSampled ? others.length : rows.length - 1,
    lowest,
    highest,
    exact: (asked, turns) => eachInTurn(asked, turns, (row) => moments(row).mean),
    async standardError(asked, turns) {
      if (!isSampled) return new Float64Array(asked.length);
      return eachInTurn(asked, turns, (row) => {
        const { variance, count } = moments(row);
        return Math.sqrt((variance / count) * (1 - count / (rows.length - 1)));
      });
    },
  };
}

/** A number for each of these rows, each of which takes long. */
async function eachInTurn(rows: Uint32Array, pace: Pace, numberOf: (row: number) => number): Promise<Float64Array> {
  const found = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    found[i] = numberOf(rows[i]);
    await pace.turn();
  }
  return found;
}

/** Of work that goes over all rows twice. */
const halfOf = (rows: number): number => Math.floor(rows / 2);

/** Rows drawn without replacement, ascending. */
function sampleOf(rows: Uint32Array): Uint32Array {
  const drawn = new Set<number>();
  for (let step = 0; drawn.size < DENSITY_SAMPLE; step++)
    drawn.add(rows[Math.floor((randomBits(0, streams.sample, step, 1) / 2 ** 32) * rows.length)]);
  return Uint32Array.from(drawn).sort();
}

/** Scores times density^`power`: bounds of either make bounds of both. */
export function weighted(scores: ScoreBounds, density: Density, power: number, pace: Pace): ScoreBounds {
  const times = (score: number, dense: number, slack: number): number => score * pow(dense, power) * (1 + slack);
  const negative = scores.lowest.findIndex((lowest, row) => scores.highest[row] < 0 && lowest < 0);
  if (negative >= 0)
    throw new InputError(`density multiplies scores, and row ${negative} has one below 0: leave density out`);
  return {
    lowest: scores.lowest.map((score, row) => times(Math.max(0, score), density.lowest[row], -ROUNDING)),
    highest: scores.highest.map((score, row) => times(Math.max(0, score), density.highest[row], ROUNDING)),
    async exact(rows) {
      const [score, dense] = [await scores.exact(rows), await density.exact(rows, pace)];
      return score.map((value, i) => value * pow(dense[i], power));
    },
  };
}
