/**
 * Questions made up instead of picked, for features that are continuous and an oracle that can label any point, such as an
 * experiment: points on the border between what the model takes for two classes (Wang, Hu, Yuan & Lu 2015).
 *
 * Small on purpose: people cannot label points that mean nothing to them (Baum & Lang 1992), and where there is a pool,
 * picking from it is better.
 */
import { InputError } from "../errors.ts";
import type { Features } from "../matrix.ts";
import { checkSeed, randomBits, streams } from "../random.ts";
import { predictions } from "./metrics.ts";
import { beliefs, labelsOf, type Fitted } from "./model.ts";

export interface SynthesisOptions {
  readonly fitted: Fitted;
  /** Rows between which points are sought, such as those with a label, [rows, dims]. */
  readonly features: Features;
  /** Points to make. */
  readonly k: number;
  /** How near the border, as a share of the way between two rows. Default 1e-4. */
  readonly tolerance?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * k points, [k, dims], each on the line between two rows that the model takes for different classes, where its mind
 * changes: by halving, 14 predictions of k rows for the default tolerance.
 *
 * @throws InputError where the model takes all rows for one class
 */
export async function synthesiseQueries({
  fitted,
  features,
  k,
  tolerance = 1e-4,
  seed = 0,
}: SynthesisOptions): Promise<Features> {
  if (!Number.isInteger(k) || k < 1) throw new InputError(`k must be a whole number of at least 1, got ${k}`);
  if (!(tolerance > 0 && tolerance < 1))
    throw new InputError(`tolerance must be above 0 and below 1, got ${tolerance}`);
  checkSeed(seed);
  const { data, rows, dims } = features;
  const classesOf = async (points: Features): Promise<Uint32Array> => {
    const { data: p, columns } = await beliefs(fitted, points);
    return predictions(p, labelsOf(fitted, columns));
  };
  const classes = await classesOf(features);
  if (classes.every((label) => label === classes[0]))
    throw new InputError(
      `synthesis: the model takes all ${rows} rows for class ${classes[0]}, and there is no border between them`,
    );
  const low = new Float32Array(k * dims);
  const high = new Float32Array(k * dims);
  const own = new Uint32Array(k);
  for (let i = 0, step = 0; i < k; step++) {
    const [from, to] = [0, 1].map((end) =>
      Math.floor((randomBits(seed, streams.rows, step, 8 + end) / 2 ** 32) * rows),
    );
    if (classes[from] === classes[to]) continue;
    low.set(data.subarray(from * dims, (from + 1) * dims), i * dims);
    high.set(data.subarray(to * dims, (to + 1) * dims), i * dims);
    own[i++] = classes[from];
  }
  const middle = new Float32Array(k * dims);
  const halve = (): void => low.forEach((value, at) => (middle[at] = (value + high[at]) / 2));
  for (let width = 1; width > tolerance; width /= 2) {
    halve();
    const found = await classesOf({ data: middle, rows: k, dims });
    found.forEach((label, i) => {
      const end = label === own[i] ? low : high;
      end.set(middle.subarray(i * dims, (i + 1) * dims), i * dims);
    });
  }
  halve();
  return { data: middle, rows: k, dims };
}
