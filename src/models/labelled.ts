/** The door for labelled rows: what every model asks of what it is fitted on. */
import { InputError } from "../errors.ts";
import { arraySource, type Features } from "../matrix.ts";

export function checkFeatures(features: Features, name = "features"): void {
  if (features === null || typeof features !== "object") throw new InputError(`${name}: expected { data, rows, dims }`);
  const { data, rows, dims } = features;
  arraySource(name, data, rows, dims);
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new InputError(
    `${name}: row ${Math.floor(at / dims)}, dim ${at % dims} is ${data[at]}: leave the row out or replace the value`,
  );
}

/** One label a row, each a whole number of at least 0 and, where classes are declared, below their number. */
export function checkLabels(labels: ArrayLike<number>, rows: number, declared = Infinity, name = "labels"): void {
  if (labels === null || typeof labels !== "object") throw new InputError(`${name}: give a list with one for each row`);
  if (labels.length !== rows)
    throw new InputError(`${name}: ${labels.length} for ${rows} rows of features, give one for each row`);
  for (let row = 0; row < rows; row++) {
    const label = labels[row];
    if (!Number.isInteger(label) || label < 0) {
      throw new InputError(`${name}: row ${row} is ${label}, a class must be a whole number of at least 0`);
    }
    if (label >= declared) {
      throw new InputError(
        `${name}: row ${row} is class ${label}, but ${declared} classes are declared (0 to ${declared - 1}): declare more`,
      );
    }
  }
}

/** For what a model is fitted with, whatever a caller without types passes. */
export function checkAsked(call: string, options: unknown): void {
  if (options === null || typeof options !== "object")
    throw new InputError(`${call}: give { features, labels } and what else it should know`);
}

/** For options that count something. */
export function checkWhole(options: Record<string, number>, least: number): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isInteger(value) || value < least)
      throw new InputError(`${name} must be a whole number of at least ${least}, got ${value}`);
  }
}
