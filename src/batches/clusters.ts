/**
 * k-means: k-means++ to begin with, then Lloyd's steps until no row changes sides. The same everywhere, to the bit: a row
 * is with the centre that is nearest in float64, and means are those of whole numbers (`backends/clusters.ts`).
 *
 * Kernels only narrow down, and compare a row with all centres only where two bounds cannot tell that its own is still
 * the nearest (Hamerly 2010).
 */
import type { Centres, ClusterKernel, Verdict } from "../backends/clusters.ts";
import { squaredDistance, type PointSpace } from "../distance.ts";
import type { Pace } from "../pace.ts";
import { randomUniform, streams } from "../random.ts";
import { Nearest } from "./nearest.ts";
import { race } from "./race.ts";

const MOST_STEPS = 100;
/** Rows whose distance to their centre is taken between two turns of others. */
const ROWS_A_TURN = 4096;
/** Widens what float64 rounds, relative to a distance. */
const ROUNDING = 1e-12;

export interface Clusters {
  /** The cluster of each of the rows given, in their order. */
  readonly own: Uint32Array;
  /** Squared distance from each of them to its centre. */
  readonly squared: Float64Array;
  /** [k, width]. */
  readonly centres: Float64Array;
}

/** What a rule has of its `BatchContext` for this. */
export interface Clustering {
  readonly pace: Pace;
  space(): PointSpace;
  clusters(rows: Uint32Array, k: number): Promise<ClusterKernel>;
}

/** Clusters these rows, which ascend; k is at most their number. A cluster may be empty where rows are equal. */
export async function cluster(context: Clustering, rows: Uint32Array, k: number, seed: number): Promise<Clusters> {
  const first = await firstCentres(context.space(), context.pace, rows, k, seed);
  return await lloyd(context, rows, k, first, MOST_STEPS);
}

/** So many steps at most from the first centres, [k, width], until no row changes sides. */
export async function lloyd(
  context: Clustering,
  rows: Uint32Array,
  k: number,
  first: Float64Array,
  mostSteps: number,
): Promise<Clusters> {
  const centres = new MovingCentres(context.space(), first, k);
  const kernel = await context.clusters(rows, k);
  for (let step = 0; step < mostSteps; step++) {
    if ((await kernel.assign(centres, context.pace)) === 0) break;
    centres.moveToMeans(kernel);
    await context.pace.turn();
  }
  const own = await kernel.own();
  const squared = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    if (i % ROWS_A_TURN === 0) await context.pace.turn();
    squared[i] = centres.squared(rows[i], own[i]);
  }
  return { own, squared, centres: centres.values };
}

/**
 * k-means++. The first centre is any row, each further one is drawn in proportion to D². On the host everywhere: the race
 * takes less than one in a hundred of the distances, which leaves a device nothing to do.
 */
async function firstCentres(
  space: PointSpace,
  pace: Pace,
  rows: Uint32Array,
  k: number,
  seed: number,
): Promise<Float64Array> {
  const width = space.point.length;
  const centres = new Float64Array(k * width);
  const nearest = new Nearest(space);
  let row = rows[Math.floor(randomUniform(seed, streams.sample, 0, rows.length) * rows.length)];
  for (let c = 0; c < k; c++) {
    if (c > 0) row = await race(nearest, rows, seed, c, pace);
    space.addCentre(row);
    space.look(row);
    centres.set(space.point, c * width);
    await pace.turn({ stage: "seeding", rows: c + 1, of: k });
  }
  return centres;
}

class MovingCentres implements Centres {
  readonly k: number;
  readonly values: Float64Array;
  readonly moved: Float64Array;
  readonly half: Float64Array;
  private readonly space: PointSpace;
  private readonly width: number;

  constructor(space: PointSpace, values: Float64Array, k: number) {
    this.space = space;
    this.values = values;
    this.k = k;
    this.width = values.length / k;
    this.moved = new Float64Array(k);
    this.half = new Float64Array(k);
    this.measure();
  }

  nearest(row: number): Verdict {
    const { space, values, k, width } = this;
    space.look(row);
    let nearest = 0;
    let first = Infinity;
    let second = Infinity;
    // Nothing comes before the first two in the same place as the row.
    for (let c = 0; c < k && second > 0; c++) {
      const found = squaredDistance(space.point, 0, values, c * width, width, second);
      if (found < first) {
        second = first;
        first = found;
        nearest = c;
      } else if (found < second) second = found;
    }
    return { nearest, upper: Math.sqrt(first) * (1 + ROUNDING), lower: Math.sqrt(second) * (1 - ROUNDING) };
  }

  squared(row: number, centre: number): number {
    const { space, values, width } = this;
    space.look(row);
    return squaredDistance(space.point, 0, values, centre * width, width, Infinity);
  }

  distance(row: number, centre: number): number {
    return Math.sqrt(this.squared(row, centre)) * (1 + ROUNDING);
  }

  /** An empty cluster keeps its centre. */
  moveToMeans({ sums, sizes, unit }: ClusterKernel): void {
    const { k, values, width, moved } = this;
    const dims = sums.length / k;
    const mean = new Float64Array(width);
    for (let c = 0; c < k; c++) {
      moved[c] = 0;
      if (sizes[c] === 0) continue;
      for (let d = 0; d < dims; d++) mean[d] = sums[c * dims + d] / sizes[c] / unit;
      moved[c] = Math.sqrt(squaredDistance(mean, 0, values, c * width, width, Infinity)) * (1 + ROUNDING);
      values.set(mean, c * width);
    }
    this.measure();
  }

  /** How far apart centres are. */
  private measure(): void {
    const { k, values, width, half } = this;
    for (let c = 0; c < k; c++) {
      let least = Infinity;
      for (let other = 0; other < k; other++)
        if (other !== c)
          least = Math.min(least, squaredDistance(values, c * width, values, other * width, width, least));
      half[c] = (Math.sqrt(least) / 2) * (1 - ROUNDING);
    }
  }
}
