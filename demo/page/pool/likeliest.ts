/** Which class a model finds the likeliest, and how likely. */
import type { RowSource } from "poolwise";

export type Kind = "logits" | "probabilities";

/** How predictions become probabilities. */
export interface Softmax {
  readonly kind: Kind;
  readonly temperature: number;
}

export interface Likeliest {
  readonly label: number;
  /** Its mean probability over passes. */
  readonly probability: number;
}

/** Values read at a time: 1 MB of them. */
const BLOCK = 2 ** 18;

/** Of some rows, one after the other. */
export async function likeliestOf(
  source: RowSource,
  rows: readonly number[],
  softmax: Softmax,
  signal: AbortSignal,
): Promise<Likeliest[]> {
  const { cols: classes, passes = 1 } = source;
  const values = new Float32Array(passes * classes);
  const found: Likeliest[] = [];
  for (const row of rows) {
    await source.read(row, 1, values);
    signal.throwIfAborted();
    const p = meanProbabilities(values, 0, 1, passes, classes, softmax);
    const label = largest(p);
    found.push({ label, probability: p[label] });
  }
  return found;
}

/** Of all rows, of no more than 256 classes, as a plot takes them. `onRows` hears how many are done. */
export async function likeliestClasses(
  source: RowSource,
  softmax: Softmax,
  { signal, onRows }: { readonly signal: AbortSignal; readonly onRows: (rows: number) => void },
): Promise<Uint8Array> {
  const { rows, cols: classes, passes = 1 } = source;
  const most = Math.max(1, Math.floor(BLOCK / passes / classes));
  const labels = new Uint8Array(rows);
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    const values = new Float32Array(passes * count * classes);
    await source.read(first, count, values);
    for (let i = 0; i < count; i++) {
      // In one pass no temperature changes which is the largest.
      const p =
        passes === 1
          ? values.subarray(i * classes, (i + 1) * classes)
          : meanProbabilities(values, i, count, passes, classes, softmax);
      labels[first + i] = largest(p);
    }
    onRows(first + count);
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
  }
  return labels;
}

/** Of row i of [passes, rows, classes], scaled by the temperature as the library does. */
function meanProbabilities(
  values: Float32Array,
  i: number,
  rows: number,
  passes: number,
  classes: number,
  { kind, temperature }: Softmax,
): Float64Array {
  const mean = new Float64Array(classes);
  for (let pass = 0; pass < passes; pass++) {
    const first = (pass * rows + i) * classes;
    const own = Float64Array.from(
      values.subarray(first, first + classes),
      (value) => (kind === "logits" ? value : Math.log(value)) / temperature,
    );
    const most = own[largest(own)];
    const weights = own.map((logit) => Math.exp(logit - most));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let label = 0; label < classes; label++) mean[label] += weights[label] / total / passes;
  }
  return mean;
}

/** Ties to the lowest. */
function largest(values: Float32Array | Float64Array): number {
  let at = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[at]) at = i;
  return at;
}
