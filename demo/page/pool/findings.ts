/** What is found out about a pool: scores, picks, what the model makes of these, and the plane that its rows are drawn in. */
import { principalDirections, type Batch, type Pool, type RowSource } from "poolwise";
import type { Choice } from "./choices.ts";
import type { Files, Reading } from "./files.ts";
import { likeliestClasses, likeliestOf, type Likeliest } from "./likeliest.ts";

export interface Findings {
  readonly choice: Choice;
  readonly selected: Batch;
  /** Seconds until the picks were there. */
  readonly took: number;
  /** [rows], by the strategy: none of embeddings alone. */
  readonly scores?: Float32Array;
  /** Of the first `SHOWN` picks, where there are predictions. */
  readonly likeliest?: readonly Likeliest[];
}

export interface Plane {
  /** [rows, 2]: along the first two principal directions. NaN at rows left out. */
  readonly points: Float32Array;
  /** Of the variance, by direction. */
  readonly shares: readonly number[];
  readonly measuredOn: number;
  /** The likeliest class of each row, where colours can tell the classes apart. */
  readonly classes?: Uint8Array;
}

/** Picks that the page lists; a file has them all. */
export const SHOWN = 500;
/** Classes that have colours of their own. */
const COLOURS = 10;

export interface Work {
  readonly signal: AbortSignal;
  readonly tell: (label: string, done: number, of: number) => void;
}

const stages = {
  reading: "Reading embeddings",
  scoring: "Scoring rows",
  density: "Measuring the density around rows",
  seeding: "Drawing first centres",
  clustering: "Putting rows into clusters",
  picking: "Picking",
};

export async function findPicks(
  pool: Pool,
  files: Files,
  choice: Choice,
  reading: Reading,
  work: Work,
): Promise<Findings> {
  const { predictions, labelled } = files;
  const { signal } = work;
  const { batch, strategy, temperature, seed, ...asked } = choice;
  const began = performance.now();
  const options = {
    temperature,
    seed,
    signal,
    onProgress: ({ stage, rows, of }: { stage: keyof typeof stages; rows: number; of: number }) =>
      work.tell(stages[stage], rows, of),
  };
  const scored = strategy && (await pool.score(strategy, options));
  const selected = await pool.select(batch, { ...asked, ...options, strategy, labelled: labelled?.rows });
  const took = (performance.now() - began) / 1000;
  const shown = selected.picks.slice(0, SHOWN).map(({ row }) => row);
  const likeliest = predictions && (await likeliestOf(predictions, shown, { ...reading, temperature }, signal));
  return { choice, selected, took, scores: scored?.values, likeliest };
}

export async function findPlane(
  embeddings: RowSource,
  predictions: RowSource | undefined,
  { kind, invalid }: Reading,
  { signal, tell }: Work,
): Promise<Plane> {
  const count = Math.min(2, embeddings.cols);
  const { points, shares, measuredOn } = await principalDirections(embeddings, {
    count,
    invalid,
    signal,
    onProgress: ({ rows, of }) => tell("Finding the principal directions", rows, of),
  });
  const colours = predictions && predictions.cols <= COLOURS ? predictions : undefined;
  const classes =
    colours &&
    (await likeliestClasses(
      colours,
      { kind, temperature: 1 },
      { signal, onRows: (rows) => tell("Finding the likeliest classes", rows, colours.rows) },
    ));
  return { points: count === 2 ? points : onALine(points), shares: [...shares], measuredOn, classes };
}

/** Embeddings of one dim lie on a line. */
function onALine(points: Float32Array): Float32Array {
  const placed = new Float32Array(2 * points.length);
  for (let row = 0; row < points.length; row++) placed[2 * row] = points[row];
  return placed;
}
