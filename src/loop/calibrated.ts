/** A model with a temperature: fitted to most of the labelled rows, calibrated on the others. */
import { eachLogits } from "../models/network.ts";
import { log } from "../elementary.ts";
import { InputError } from "../errors.ts";
import { takeRows, type Features, type Predictions } from "../matrix.ts";
import { randomUniform, streams } from "../random.ts";
import { fitTemperature, type Calibration } from "../remedies/calibration.ts";
import { labelsOf, learn, type Fitted, type Labelled, type Model } from "./model.ts";

export interface Calibrated extends Partial<Omit<Calibration, "temperature" | "rows">> {
  /** 1 where too few rows were held out to tell. */
  readonly temperature: number;
  /** Rows held out that have a class which the model knows. */
  readonly rows: number;
  /** Picks that would have been others without it. */
  readonly changed?: number;
}

/** What a model calls impossible is held to be very unlikely: the smallest float32 above 0 that is not subnormal. */
const LEAST = 2 ** -126;
/** Fewer rows than this say nothing of a temperature. */
const FEWEST = 10;

/**
 * Fits to the rows that are not held out. A row stays on its side from round to round, as more come in; the first of each
 * class is always learnt from.
 */
export async function calibrated(
  model: Model,
  labelled: Labelled,
  share: number,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<{ fitted: Fitted; calibration: Calibrated }> {
  const { labels, rows } = labelled;
  const isFirst = labels.map((label, i) => (labels.indexOf(label) === i ? 1 : 0));
  const isHeld = rows.map((row, i) => (isFirst[i] === 0 && randomUniform(seed, streams.heldOut, row) < share ? 1 : 0));
  const fitted = await learn(model, only(labelled, isHeld, 0), signal);
  const held = only(labelled, isHeld, 1);
  const { predictions, columns } = await logitsOf(fitted, held.features);
  // A class that the model has no column for cannot be made likelier.
  const known = [...held.labels.keys()].filter((i) => columns.includes(held.labels[i]));
  if (known.length < FEWEST) return { fitted, calibration: { temperature: 1, rows: known.length } };
  const { data, passes = 1, rows: all, classes } = predictions;
  const kept = new Float32Array(passes * known.length * classes);
  for (let pass = 0; pass < passes; pass++)
    known.forEach((row, i) => {
      const from = (pass * all + row) * classes;
      kept.set(data.subarray(from, from + classes), (pass * known.length + i) * classes);
    });
  const truth = known.map((row) => columns.indexOf(held.labels[row]));
  return { fitted, calibration: fitTemperature({ data: kept, passes, rows: known.length, classes }, truth) };
}

/** Those labelled rows whose mark is `mark`. */
function only({ features, labels, rows, ...rest }: Labelled, marks: Uint32Array, mark: number): Labelled {
  const kept = [...marks.keys()].filter((i) => marks[i] === mark);
  return {
    ...rest,
    features: takeRows(features, kept),
    labels: Uint32Array.from(kept, (i) => labels[i]),
    rows: Uint32Array.from(kept, (i) => rows[i]),
  };
}

/** What a temperature divides: logits, or logarithms of what a model predicts. */
async function logitsOf(
  fitted: Fitted,
  features: Features,
): Promise<{ predictions: Predictions; columns: readonly number[] }> {
  const { rows } = features;
  if (rows === 0) return { predictions: { data: new Float32Array(), rows, classes: 0 }, columns: [] };
  if ("head" in fitted) {
    const found: number[] = [];
    eachLogits(fitted.head, features, (logits) => found.push(...logits));
    const classes = found.length / rows;
    return { predictions: { data: Float32Array.from(found), rows, classes }, columns: labelsOf(fitted, classes) };
  }
  const predicted = await fitted.predict(features);
  if (!(predicted?.data instanceof Float32Array))
    throw new InputError("predict: must give { data: Float32Array, rows, classes }");
  return {
    predictions:
      fitted.kind === "logits" ? predicted : { ...predicted, data: predicted.data.map((p) => log(Math.max(p, LEAST))) },
    columns: labelsOf(fitted, predicted.classes),
  };
}
