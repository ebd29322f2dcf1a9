/** A pool to try the page with: ten classes around a ring, seen in 16 dims, and the predictions of a model that knows them well. */
import type { RowSource } from "poolwise";

/** Rows. */
export const sampleSizes = ["100,000", "300,000", "1,000,000"] as const;
export type SampleSize = (typeof sampleSizes)[number];

export interface Sample {
  readonly predictions: RowSource;
  readonly embeddings: RowSource;
}

const CLASSES = 10;
const DIMS = 16;
/** Of the ring on which classes have their middles; rows are spread around these by 1. */
const RADIUS = 4.5;
/** Of what dims have beside the ring, which no class explains. */
const NOISE = 0.6;
/** What the model takes the spread of a class for: it is surer than it should be. */
const BELIEVED = 0.8;
/** Rows between two turns of the page. */
const TURN = 20_000;

/** The same rows for everyone; a smaller sample is the beginning of a larger one. */
export async function makeSample(
  rows: number,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (rows: number) => void } = {},
): Promise<Sample> {
  const logits = new Float32Array(rows * CLASSES);
  const embeddings = new Float32Array(rows * DIMS);
  const normal = normals();
  const middles = Array.from({ length: CLASSES }, (_, label) => (2 * Math.PI * label) / CLASSES).map(
    (angle) => [RADIUS * Math.cos(angle), RADIUS * Math.sin(angle)] as const,
  );
  const axes = Array.from({ length: DIMS }, () => [normal() / 3, normal() / 3] as const);
  for (let row = 0; row < rows; row++) {
    if (row % TURN === 0) {
      onProgress?.(row);
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
    const [middleX, middleY] = middles[row % CLASSES];
    const x = middleX + normal();
    const y = middleY + normal();
    for (let label = 0; label < CLASSES; label++) {
      const squared = (x - middles[label][0]) ** 2 + (y - middles[label][1]) ** 2;
      logits[row * CLASSES + label] = -squared / (2 * BELIEVED ** 2);
    }
    for (let d = 0; d < DIMS; d++) embeddings[row * DIMS + d] = x * axes[d][0] + y * axes[d][1] + NOISE * normal();
  }
  onProgress?.(rows);
  return {
    predictions: held("sample predictions", logits, rows, CLASSES),
    embeddings: held("sample embeddings", embeddings, rows, DIMS),
  };
}

const held = (name: string, data: Float32Array, rows: number, cols: number): RowSource => ({
  name,
  rows,
  cols,
  data,
  stored: "float32",
  read: (start, count, into) => into.set(data.subarray(start * cols, (start + count) * cols)),
});

/** Draws of mean 0 and variance 1, nearly normal: sums of three uniform ones (Marsaglia's xorshift). */
function normals(): () => number {
  let state = 0x9e3779b9;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return () => 2 * (uniform() + uniform() + uniform() - 1.5);
}
