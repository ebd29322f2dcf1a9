/** k-means and what is picked by it as the definitions read: every distance at every step, in float64. */
import { embeddingSpace, squaredDistance, type Metric } from "../../src/distance.ts";
import { randomBits, randomUniform, streams } from "../../src/random.ts";
import { vectorsIn } from "../../src/vectors.ts";

export interface ClusterCase {
  /** [rows, dims]. */
  readonly data: Float32Array;
  readonly dims: number;
  readonly metric: Metric;
  /** Those that take part, ascending. */
  readonly rows: Uint32Array;
  readonly k: number;
  readonly seed: number;
}

export interface OracleClusters {
  readonly own: number[];
  readonly squared: number[];
  /** [k][width]. */
  readonly centres: Float64Array[];
}

const STEPS = 100;

const squaredBetween = (p: Float64Array, q: Float64Array): number => squaredDistance(p, 0, q, 0, p.length, Infinity);

/** The first of the largest, or of the smallest by a negative value. */
const argmax = (values: readonly number[]): number =>
  values.reduce((best, value, i) => (value > values[best] ? i : best), 0);

export function lloydOracle({ data, dims, metric, rows, k, seed }: ClusterCase): OracleClusters {
  const space = embeddingSpace(vectorsIn(data, dims), metric);
  const points = Array.from(rows, (row) => {
    space.look(row);
    return space.point.slice();
  });
  const centres = firstCentres(points, rows, k, seed);
  const whole = wholeNumbers(data, dims, metric, rows);
  const nearestTo = (point: Float64Array): number => argmax(centres.map((centre) => -squaredBetween(point, centre)));
  let own: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const next = points.map(nearestTo);
    if (next.every((c, i) => c === own[i])) break;
    own = next;
    centres.forEach((centre, c) => {
      const members = [...own.keys()].filter((i) => own[i] === c);
      if (members.length === 0) return;
      for (let d = 0; d < dims; d++) {
        const sum = members.reduce((total, i) => total + whole.values[i][d], 0n);
        centre[d] = Number(sum) / members.length / whole.unit;
      }
    });
  }
  return { own, squared: points.map((point, i) => squaredBetween(point, centres[own[i]])), centres };
}

/** k-means++, each row's D² over an exponential time of its own. */
function firstCentres(points: Float64Array[], rows: Uint32Array, k: number, seed: number): Float64Array[] {
  const centres = [points[Math.floor(randomUniform(seed, streams.sample, 0, rows.length) * rows.length)].slice()];
  const least = points.map(() => Infinity);
  while (centres.length < k) {
    const turn = centres.length;
    const speeds = points.map((point, i) => {
      least[i] = Math.min(least[i], squaredBetween(point, centres[turn - 1]));
      return least[i] / -Math.log((randomBits(seed, streams.race, turn, 0, rows[i]) + 0.5) / 2 ** 32);
    });
    centres.push(points[argmax(speeds)].slice());
  }
  return centres;
}

/** Coordinates in float32, cut to 30 bits of the largest, or as many as leave room for the sum of all rows in 52. */
function wholeNumbers(data: Float32Array, dims: number, metric: Metric, rows: Uint32Array) {
  const scaled = Array.from(rows, (row) => {
    const values = [...data.subarray(row * dims, (row + 1) * dims)];
    const scale = metric === "cosine" ? 1 / Math.sqrt(values.reduce((sum, x) => sum + x * x, 0)) : 1;
    return values.map((x) => Math.fround(x * scale));
  });
  const largest = Math.max(...scaled.flat().map(Math.abs), 2 ** -126);
  const bits = Math.min(30, 52 - Math.ceil(Math.log2(rows.length)));
  let unit = 1;
  while (largest * unit >= 2 ** bits) unit /= 2;
  while (largest * unit * 2 < 2 ** bits && unit < 2 ** 126) unit *= 2;
  return { unit, values: scaled.map((values) => values.map((x) => BigInt(Math.trunc(x * unit)))) };
}

/** The row nearest each centre, the largest cluster first; then the first rows that are left. */
export function kMeansOracle(given: ClusterCase): number[] {
  const { own, squared } = lloydOracle(given);
  const members = membersOf(own, given.k);
  const nearest = members
    .filter((list) => list.length > 0)
    .sort((a, b) => b.length - a.length)
    .map((list) => list[argmax(list.map((i) => -squared[i]))]);
  const others = own.map((_, i) => i).filter((i) => !nearest.includes(i));
  return [...nearest, ...others].slice(0, given.k).map((i) => given.rows[i]);
}

/** From clusters of all rows, one for each label and pick: the most typical of the largest with the fewest labels. */
export function typiClustOracle(given: ClusterCase, labelled: readonly number[]): number[] {
  const { data, dims, metric, rows, k } = given;
  const { own } = lloydOracle({ ...given, k: k + labelled.length });
  const groups = membersOf(own, k + labelled.length).map((list) => list.map((i) => rows[i]));
  const space = embeddingSpace(vectorsIn(data, dims), metric);
  const pointOf = (row: number): Float64Array => {
    space.look(row);
    return space.point.slice();
  };
  const typicality = (row: number, group: number[]): number => {
    const others = group.filter((other) => other !== row);
    const distances = others.map((other) => space.distance(squaredBetween(pointOf(row), pointOf(other))));
    const nearest = distances.sort((a, b) => a - b).slice(0, 20);
    return nearest.length === 0 ? Infinity : nearest.length / nearest.reduce((sum, d) => sum + d, 0);
  };
  const picks: number[] = [];
  while (picks.length < k) {
    const known = [...labelled, ...picks];
    const left = groups.map((group) => group.filter((row) => !known.includes(row)));
    const worth = groups.map((group, c) =>
      left[c].length === 0 ? -Infinity : group.length - 1e6 * (group.length - left[c].length),
    );
    const c = argmax(worth);
    picks.push(left[c][argmax(left[c].map((row) => typicality(row, groups[c])))]);
  }
  return picks;
}

/** From clusters of the 10 k rows with the highest scores, the highest of each in turn, small clusters first. */
export function clusterMarginOracle(given: ClusterCase, scores: ArrayLike<number>): number[] {
  const { k } = given;
  const considered = Array.from(given.rows)
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .slice(0, 10 * k);
  const rows = Uint32Array.from(considered).sort();
  const { own } = lloydOracle({ ...given, rows });
  const members = membersOf(own, k).map((list) => list.map((i) => considered.indexOf(rows[i])).sort((a, b) => a - b));
  const turns = members.sort((a, b) => a.length - b.length);
  const picks: number[] = [];
  for (let round = 0; picks.length < k; round++)
    picks.push(...turns.filter((list) => round < list.length).map((list) => considered[list[round]]));
  return picks.slice(0, k);
}

const membersOf = (own: readonly number[], k: number): number[][] =>
  Array.from({ length: k }, (_, c) => [...own.keys()].filter((i) => own[i] === c));
