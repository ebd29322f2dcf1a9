/** Batch rules as their definitions read: every distance to every centre at every pick, in float64. */
import type { Metric } from "../../src/distance.ts";
import { randomBits } from "../../src/random.ts";

export interface OracleCase {
  /** [rows][dims]. */
  readonly points: readonly (readonly number[])[];
  readonly scores?: readonly number[] | undefined;
  readonly labelled: readonly number[];
  readonly k: number;
  readonly metric?: Metric | undefined;
  /** Picks to go along with where they are as good as any, but for what float64 rounds off. */
  readonly follow?: readonly number[];
}

/** Euclidean, its square, or 1 − cos: from unit vectors, so that equal rows are at 0. */
export function distanceOf(a: readonly number[], b: readonly number[], metric = "euclidean"): number {
  const unit = (v: readonly number[]): readonly number[] =>
    metric === "cosine" ? v.map((x) => x / Math.sqrt(v.reduce((sum, y) => sum + y * y, 0))) : v;
  const [u, v] = [unit(a), unit(b)];
  const squared = u.reduce((sum, x, i) => sum + (x - v[i]) ** 2, 0);
  if (metric === "squared") return squared;
  return metric === "cosine" ? squared / 2 : Math.sqrt(squared);
}

/** The largest value, ties to the first. */
const argmax = (rows: readonly number[], value: (row: number) => number): number =>
  rows.reduce((best, row) => (value(row) > value(best) ? row : best));

const freeRows = ({ points, labelled }: OracleCase): number[] =>
  [...points.keys()].filter((r) => !labelled.includes(r));

/** d(row, nearest centre); infinite where there is none. */
function nearestOf({ points, metric }: OracleCase, centres: readonly number[]): (row: number) => number {
  return (row) => Math.min(...centres.map((centre) => distanceOf(points[row], points[centre], metric)));
}

export interface OraclePicks {
  readonly rows: number[];
  readonly worths: number[];
  /** How far rounding alone may move each worth. */
  readonly slacks: number[];
  /** Largest distance from a free row to its nearest centre, after the last pick. */
  readonly radius: number;
}

/**
 * Picks one row after the other by `worth`, which knows the distances of the moment; `magnified` says how much it makes of
 * an error in them.
 */
function greedily(
  given: OracleCase,
  worth: (d: (row: number) => number, picked: number) => (row: number) => number,
  magnified: (distances: number[]) => number = () => 1,
): OraclePicks {
  const all = freeRows(given);
  const rows: number[] = [];
  const worths: number[] = [];
  const slacks: number[] = [];
  while (rows.length < given.k) {
    const d = nearestOf(given, [...given.labelled, ...rows]);
    const cached = new Map(all.map((row) => [row, d(row)]));
    const slack = 1e-12 + 1e-14 * magnified([...cached.values()]);
    const value = worth((row) => cached.get(row)!, rows.length);
    const best = argmax(
      all.filter((other) => !rows.includes(other)),
      value,
    );
    const followed = given.follow?.[rows.length] ?? best;
    const row = value(followed) >= value(best) - slack ? followed : best;
    rows.push(row);
    worths.push(value(row));
    slacks.push(slack);
  }
  const left = all.filter((row) => !rows.includes(row)).map(nearestOf(given, [...given.labelled, ...rows]));
  return { rows, worths, slacks, radius: Math.max(0, ...left) };
}

/** Gonzalez. */
export const kCenterOracle = (given: OracleCase): OraclePicks =>
  greedily(given, (d) => (row) => (d(row) === Infinity && given.scores ? given.scores[row] : d(row)));

/** What scaling to 0 … 1 makes of an error in a distance. */
const scale = (distances: number[]): number => {
  const [near, far] = [Math.min(...distances), Math.max(...distances)];
  return far === Infinity ? 1 : (1 + far) / (far - near + 1e-10);
};

export function hybridOracle(given: OracleCase, alpha: number): OraclePicks {
  const scores = given.scores!;
  const all = freeRows(given);
  const own = all.map((row) => scores[row]);
  const [low, high] = [Math.min(...own), Math.max(...own)];
  const ns = (row: number): number => (scores[row] - low) / (high - low + 1e-10);
  const weighed = (d: (row: number) => number): ((row: number) => number) => {
    const distances = all.map(d);
    const [near, far] = [Math.min(...distances), Math.max(...distances)];
    return (row) =>
      far === Infinity ? scores[row] : alpha * ns(row) + (1 - alpha) * ((d(row) - near) / (far - near + 1e-10));
  };
  const found = greedily(given, weighed, scale);
  // With nothing to be far from, every row is as far as can be.
  if (given.labelled.length === 0) found.worths[0] = alpha * ns(found.rows[0]) + (1 - alpha);
  return found;
}

export function rankedOracle(given: OracleCase): OraclePicks {
  const unlabelled = freeRows(given).length;
  const known = given.labelled.length;
  return greedily(given, (d, picked) => {
    const alpha = (unlabelled - picked) / (unlabelled + known);
    return (row) => alpha * (1 - 1 / (1 + d(row))) + (1 - alpha) * given.scores![row];
  });
}

export function powerOracle(given: OracleCase, temperature: number, seed: number): OraclePicks {
  const value = (row: number): number => {
    const uniform = (randomBits(seed, 7, row) + 0.5) / 2 ** 32;
    return Math.log(Math.max(0, given.scores![row])) / temperature - Math.log(-Math.log(uniform));
  };
  return greedily(given, () => value);
}
