/** Where the race takes place: a pool of points in overlapping blobs, what an oracle says of each, and rows to measure on. */
import type { Features, Validation } from "poolwise";
import { drawsOf, type Draws } from "./draws.ts";

export interface WorldSettings {
  readonly seed: number;
  /** Rows of the pool. */
  readonly rows: number;
  /** Each is a class. */
  readonly blobs: number;
  /** Standard deviation of a blob, as a share of half the distance between neighbours. */
  readonly overlap: number;
  /** Share of the rows that have another label than their blob's. */
  readonly noise: number;
  /** Share of the rows that lie far out, with any label. */
  readonly outliers: number;
  /** How many times as many rows the first blob has as the last. */
  readonly imbalance: number;
}

export interface World {
  /** The pool: x and y of each row are all that a model is told. */
  readonly features: Features;
  /** What the oracle says of each row. */
  readonly labels: Uint8Array;
  /** As many rows of each blob, without noise or outliers, so that no blob counts for more than another. */
  readonly validation: Validation;
}

/** Rows of the validation set, of each blob. */
const MEASURED = 200;
/** About half the distance between neighbouring blobs. */
const HALF_WAY = 1.6;
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

type Place = readonly [x: number, y: number];

export function worldOf({ seed, rows, blobs, overlap, noise, outliers, imbalance }: WorldSettings): World {
  const draws = drawsOf(seed);
  const places = placesOf(blobs, draws.uniform());
  const ends = endsOf(blobs, imbalance);
  const spread = overlap * HALF_WAY;
  const data = new Float32Array(2 * rows);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const blob = ends.findIndex((end) => row < Math.round(end * rows));
    const isOut = draws.uniform() < outliers;
    const isWrong = isOut || draws.uniform() < noise;
    data.set(isOut ? farOut(blobs, draws) : near(places[blob], spread, draws), 2 * row);
    labels[row] = isWrong ? (blob + 1 + Math.floor(draws.uniform() * (blobs - 1))) % blobs : blob;
  }
  return { features: { data, rows, dims: 2 }, labels, validation: validationOf(places, spread, draws) };
}

/** As seeds lie in a sunflower: evenly, and each farther out than the one before. `turn` of a full circle turns them all. */
function placesOf(blobs: number, turn: number): readonly Place[] {
  return Array.from({ length: blobs }, (_, blob) => {
    const angle = 2 * Math.PI * turn + blob * GOLDEN_ANGLE;
    return polar(radiusOf(blob), angle);
  });
}

const radiusOf = (blob: number): number => 2 * Math.sqrt(blob + 0.5);
const polar = (radius: number, angle: number): Place => [radius * Math.cos(angle), radius * Math.sin(angle)];

/** Where each blob's share of the rows ends, 0 to 1: shares fall by one factor from blob to blob. */
function endsOf(blobs: number, imbalance: number): readonly number[] {
  const weights = Array.from({ length: blobs }, (_, blob) => imbalance ** (-blob / Math.max(1, blobs - 1)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return weights.map((weight, blob) => (blob === blobs - 1 ? 1 : (sum += weight / total)));
}

const near = ([x, y]: Place, spread: number, { normal }: Draws): Place => [
  x + spread * normal(),
  y + spread * normal(),
];

/** In a ring around all blobs. */
const farOut = (blobs: number, { uniform }: Draws): Place =>
  polar((1.5 + uniform()) * (radiusOf(blobs) + HALF_WAY), 2 * Math.PI * uniform());

function validationOf(places: readonly Place[], spread: number, draws: Draws): Validation {
  const labels = Array.from({ length: MEASURED * places.length }, (_, row) => row % places.length);
  const data = Float32Array.from(labels.flatMap((blob) => near(places[blob], spread, draws)));
  return { features: { data, rows: labels.length, dims: 2 }, labels };
}
