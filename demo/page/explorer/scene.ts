/** The pool that every rule picks from: points of the plane, some with a label, and what a committee says of all of them. */
import { extentAround, type Extent } from "../parts/scatter/extent.ts";
import type { Regions } from "../parts/scatter/regions.ts";
import { committeeOf, MEMBERS, predict, type Committee } from "./committee.ts";
import { drawsOf, type Draws } from "./draws.ts";

export const CLASSES = 3;
const GROUPS = 11;
export const LABELLED = 24;
/** Of rows, how many are near copies of one of these originals, as frames of a film or forwarded mails are. */
const COPIES = 0.25;
const ORIGINALS = 30;
/** How far a copy is from its original, in units of the plane, which is about 10 wide. */
const COPY_NOISE = 0.015;
/** Rows between two turns of the page. */
const BLOCK = 8192;

export interface Scene {
  readonly rows: number;
  /** [rows, 2] */
  readonly points: Float32Array;
  /** [members, rows, classes] */
  readonly logits: {
    readonly data: Float32Array;
    readonly passes: number;
    readonly rows: number;
    readonly classes: number;
  };
  /** Ascending. */
  readonly labelled: Uint32Array;
  /** The class that the committee finds likeliest, [rows]. */
  readonly classes: Uint8Array;
  readonly extent: Extent;
  /** The same all over the plane. */
  readonly regions: Regions;
}

export interface SceneOptions {
  readonly rows: number;
  readonly seed: number;
}

/** Made in blocks, between which the page has a turn. Throws the signal's reason once that is given. */
export async function makeScene({ rows, seed }: SceneOptions, signal?: AbortSignal): Promise<Scene> {
  const draws = drawsOf(seed);
  const { points, labels } = scatterRows(rows, draws);
  const labelled = drawRows(LABELLED, rows, draws);
  const known = Array.from(labelled, (row) => ({ x: points[2 * row], y: points[2 * row + 1], label: labels[row] }));
  const committee = committeeOf(known, CLASSES, draws);
  const extent = extentAround(points);
  const { logits, classes } = await predictAll(committee, points, signal);
  const regions = await regionsOf(committee, extent, signal);
  return { rows, points, logits, labelled, classes, extent, regions };
}

/** Groups of points, of a class each, of several sizes and widths; and near copies of a few of them. */
function scatterRows(rows: number, { uniform, below, bell }: Draws) {
  const groups = Array.from({ length: GROUPS }, (_, at) => ({
    x: 10 * uniform(),
    y: 7.5 * uniform(),
    width: 0.35 + 0.75 * uniform(),
    label: at % CLASSES,
  }));
  const points = new Float32Array(2 * rows);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const isCopy = row >= ORIGINALS && uniform() < COPIES;
    const original = isCopy ? below(ORIGINALS) : undefined;
    // The lesser of two draws: the first groups are the largest.
    const group = groups[Math.min(below(GROUPS), below(GROUPS))];
    const [x, y, width] =
      original === undefined
        ? [group.x, group.y, group.width]
        : [points[2 * original], points[2 * original + 1], COPY_NOISE];
    points[2 * row] = x + width * bell();
    points[2 * row + 1] = y + width * bell();
    labels[row] = original === undefined ? group.label : labels[original];
  }
  return { points, labels };
}

/** Ascending, each once. */
function drawRows(count: number, rows: number, { below }: Draws): Uint32Array {
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(below(rows));
  return Uint32Array.from(drawn).sort();
}

async function predictAll(committee: Committee, points: Float32Array, signal?: AbortSignal) {
  const rows = points.length / 2;
  const data = new Float32Array(MEMBERS * rows * CLASSES);
  const classes = new Uint8Array(rows);
  const sureness = new Float32Array(rows);
  for (let first = 0; first < rows; first += BLOCK) {
    const end = Math.min(rows, first + BLOCK);
    predict(committee, points, [first, end], data);
    for (let row = first; row < end; row++) [classes[row], sureness[row]] = likeliest(data, row, rows);
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  return { logits: { data, passes: MEMBERS, rows, classes: CLASSES }, classes, sureness };
}

/** The likeliest class by the mean probabilities, and how much likelier than by chance, 0 to 1. */
function likeliest(logits: Float32Array, row: number, rows: number): readonly [label: number, sureness: number] {
  const sums = new Float64Array(CLASSES);
  for (let member = 0; member < MEMBERS; member++) {
    const at = (member * rows + row) * CLASSES;
    const weights = Array.from(logits.subarray(at, at + CLASSES), Math.exp);
    const all = weights.reduce((sum, weight) => sum + weight);
    for (let c = 0; c < CLASSES; c++) sums[c] += weights[c] / all / MEMBERS;
  }
  const most = Math.max(...sums);
  return [sums.indexOf(most), (most - 1 / CLASSES) / (1 - 1 / CLASSES)];
}

/** What the committee says at the middles of 64 × 48 cells. */
async function regionsOf(committee: Committee, extent: Extent, signal?: AbortSignal): Promise<Regions> {
  const [columns, rows] = [64, 48];
  const points = new Float32Array(2 * columns * rows);
  for (let cell = 0; cell < columns * rows; cell++) {
    const across = ((cell % columns) + 0.5) / columns;
    const up = (Math.floor(cell / columns) + 0.5) / rows;
    points[2 * cell] = extent.left + across * (extent.right - extent.left);
    points[2 * cell + 1] = extent.bottom + up * (extent.top - extent.bottom);
  }
  const { classes, sureness } = await predictAll(committee, points, signal);
  return { columns, rows, classes, sureness };
}
