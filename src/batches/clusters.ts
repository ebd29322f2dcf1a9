/**
 * k-means: k-means++ to begin with, then Lloyd's steps until no row changes sides. In float64, means summed in the order
 * of rows, so that the clusters are the same everywhere.
 *
 * A row is compared with all centres only where two bounds cannot tell that its own is still the nearest (Hamerly 2010).
 */
import { squaredDistance, type PointSpace } from "../distance.ts";
import { randomUniform, streams } from "../random.ts";
import { Nearest } from "./nearest.ts";
import { race } from "./race.ts";

const MOST_STEPS = 100;
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

/** Clusters these rows; k is at most their number. A cluster may be empty where rows are equal. */
export async function cluster(space: PointSpace, rows: Uint32Array, k: number, seed: number): Promise<Clusters> {
  const width = space.point.length;
  const centres = await firstCentres(space, rows, k, seed);
  const own = new Uint32Array(rows.length).fill(k);
  /** Of each row: distance to its own centre, at most, and to any other, at least. */
  const upper = new Float64Array(rows.length).fill(Infinity);
  const lower = new Float64Array(rows.length);
  for (let step = 0; step < MOST_STEPS; step++) {
    const apart = halfwayToOthers(centres, k, width);
    let changed = 0;
    for (let i = 0; i < rows.length; i++) {
      if (own[i] < k && upper[i] < Math.max(lower[i], apart[own[i]])) continue;
      space.look(rows[i]);
      const found = twoNearest(space.point, centres, k);
      upper[i] = Math.sqrt(found.first) * (1 + ROUNDING);
      lower[i] = Math.sqrt(found.second) * (1 - ROUNDING);
      if (found.nearest === own[i]) continue;
      own[i] = found.nearest;
      changed++;
    }
    if (changed === 0) break;
    const moved = moveToMeans(space, rows, own, centres, k);
    const farthest = moved.reduce((a, b) => Math.max(a, b), 0);
    for (let i = 0; i < rows.length; i++) {
      upper[i] += moved[own[i]];
      lower[i] -= farthest;
    }
  }
  const squared = Float64Array.from(rows, (row, i) => {
    space.look(row);
    return squaredDistance(space.point, 0, centres, own[i] * width, width, Infinity);
  });
  return { own, squared, centres };
}

/** k-means++. The first centre is any row, each further one is drawn in proportion to D². */
async function firstCentres(space: PointSpace, rows: Uint32Array, k: number, seed: number): Promise<Float64Array> {
  const width = space.point.length;
  const centres = new Float64Array(k * width);
  const nearest = new Nearest(space);
  let row = rows[Math.floor(randomUniform(seed, streams.sample, 0, rows.length) * rows.length)];
  for (let c = 0; c < k; c++) {
    if (c > 0) row = await race(nearest, rows, seed, c);
    space.addCentre(row);
    space.look(row);
    centres.set(space.point, c * width);
  }
  return centres;
}

/** The nearest centre, ties to the first, and the squared distances of the two nearest. */
function twoNearest(point: Float64Array, centres: Float64Array, k: number) {
  const width = point.length;
  let nearest = 0;
  let first = Infinity;
  let second = Infinity;
  for (let c = 0; c < k; c++) {
    const found = squaredDistance(point, 0, centres, c * width, width, second);
    if (found < first) {
      second = first;
      first = found;
      nearest = c;
    } else if (found < second) second = found;
  }
  return { nearest, first, second };
}

/** Half the distance from each centre to the nearest other, at least: a row that is nearer to it has no nearer one. */
function halfwayToOthers(centres: Float64Array, k: number, width: number): Float64Array {
  return Float64Array.from({ length: k }, (_, c) => {
    let least = Infinity;
    for (let other = 0; other < k; other++)
      if (other !== c)
        least = Math.min(least, squaredDistance(centres, c * width, centres, other * width, width, least));
    return (Math.sqrt(least) / 2) * (1 - ROUNDING);
  });
}

/** Gives how far each centre has moved, at most. An empty cluster keeps its centre. */
function moveToMeans(space: PointSpace, rows: Uint32Array, own: Uint32Array, centres: Float64Array, k: number) {
  const width = space.point.length;
  const sums = new Float64Array(k * width);
  const sizes = new Uint32Array(k);
  rows.forEach((row, i) => {
    space.look(row);
    const at = own[i] * width;
    for (let d = 0; d < width; d++) sums[at + d] += space.point[d];
    sizes[own[i]]++;
  });
  return Float64Array.from({ length: k }, (_, c) => {
    if (sizes[c] === 0) return 0;
    const at = c * width;
    for (let d = at; d < at + width; d++) sums[d] /= sizes[c];
    const moved = Math.sqrt(squaredDistance(sums, at, centres, at, width, Infinity)) * (1 + ROUNDING);
    centres.set(sums.subarray(at, at + width), at);
    return moved;
  });
}
