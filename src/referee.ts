/**
 * The referee: float64 order among the rows that a kernel could not separate. Ties go to the lowest row.
 *
 * It reads candidates only, a stretch at a time, and holds no more than the stretch and the best k so far.
 */
import type { InvalidRows, PassOptions, PoolInput } from "./backends/backend.ts";
import { BestRows } from "./backends/cpu/bestRows.ts";
import { beliefsReader, validityCheck } from "./backends/cpu/reference.ts";
import type { Pick } from "./batches/batch.ts";
import { passesOf } from "./matrix.ts";
import type { Pace } from "./pace.ts";
import type { RowBeliefs, Strategy } from "./strategy.ts";

/** Values read at a time. */
const STRETCH_VALUES = 1 << 20;
/** Candidates this close together are read in one go, the rows between them too. */
const GAP_BYTES = 4096;
/** Rows told of between two turns of others. */
const ROWS_A_TURN = 4096;

/** The k best of `candidates` (ascending rows), best first. Without a strategy the source holds the scores themselves. */
export async function settle(
  input: PoolInput,
  candidates: Uint32Array,
  k: number,
  strategy: Strategy | undefined,
  options: PassOptions,
): Promise<Pick[]> {
  const best = new BestRows(k);
  await judge(input, candidates, strategy, options, (row, score) => best.offer(row, score));
  return best.sorted();
}

/** The textbook score of each of these rows, which ascend, in their order. Without a strategy the source holds them. */
export async function judge(
  input: PoolInput,
  rows: Uint32Array,
  strategy: Strategy | undefined,
  options: PassOptions,
  tell: (row: number, score: number) => void,
): Promise<void> {
  const { pace } = options;
  if (!strategy) return readRows(input, rows, pace, (row, values, at) => tell(row, values[at]));
  const readBeliefs = beliefsReader(input, options, strategy.needs === "gradients");
  await readRows(input, rows, pace, (row, values, at, stride) =>
    tell(row, strategy.score(readBeliefs(values, at, row, stride))),
  );
}

/** What the model believes of each of these rows, which ascend, in float64. Gives those that hold no valid input. */
export async function believe(
  input: PoolInput,
  rows: Uint32Array,
  options: PassOptions,
  tell: (beliefs: RowBeliefs) => void,
): Promise<InvalidRows> {
  const readBeliefs = beliefsReader(input, options);
  const isValid = validityCheck(input);
  const invalid = { count: 0, first: 0 };
  await readRows(input, rows, options.pace, (row, values, at, stride) => {
    for (let pass = 0; pass < passesOf(input.source); pass++)
      if (!isValid(values, at + pass * stride)) {
        if (invalid.count++ === 0) invalid.first = row;
        return;
      }
    tell(readBeliefs(values, at, row, stride));
  });
  return invalid;
}

/** Reads these rows, which ascend. The values of one begin at `at`; those of its next pass lie `stride` further on. */
async function readRows(
  { source }: PoolInput,
  rows: Uint32Array,
  pace: Pace,
  tell: (row: number, values: Float32Array, at: number, stride: number) => void,
): Promise<void> {
  const width = passesOf(source) * source.cols;
  const gap = Math.max(1, Math.floor(GAP_BYTES / 4 / width));
  const longest = Math.max(1, Math.floor(STRETCH_VALUES / width));
  let values = new Float32Array(0);
  for (let i = 0; i < rows.length;) {
    const first = rows[i];
    let end = i + 1;
    while (end < rows.length && rows[end] - rows[end - 1] <= gap && rows[end] - first < longest) end++;
    const count = rows[end - 1] - first + 1;
    if (values.length < count * width) values = new Float32Array(count * width);
    await source.read(first, count, values.subarray(0, count * width));
    await pace.turn();
    for (; i < end; i++) {
      tell(rows[i], values, (rows[i] - first) * source.cols, count * source.cols);
      if (i % ROWS_A_TURN === 0) await pace.turn();
    }
  }
}
