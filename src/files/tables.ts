/** Scores and picks as files: .npy for programs, .csv, .json and .jsonl for everyone. */
import { extensionOf } from "./extension.ts";
import { csvCell, LINES, writeLines, type Write } from "./lines.ts";
import { npyHeader } from "./npyHeader.ts";
import { writeFileWhole } from "./output.ts";
import { fillPicks, pickFormats, type PicksRecord } from "./picks.ts";
import { shortest } from "./shortest.ts";

export const scoreFormats = [".npy", ".csv", ".jsonl"] as const;

/**
 * Writes one array of scores a strategy, all of one length. A row that was left out is NaN: empty in .csv, null in
 * .jsonl, NaN in .npy, which is float32 [rows], or [rows, strategies] for more than one. "-" is .csv on standard
 * output, or .jsonl with `json`. A signal ends it with its reason, and no file is there.
 */
export async function writeScores(
  path: string,
  strategies: readonly string[],
  values: readonly Float32Array[],
  { json = false, signal }: { json?: boolean; signal?: AbortSignal } = {},
): Promise<void> {
  const rows = values[0].length;
  await writeScoreBlocks(path, strategies, rows, (tell) => tell(0, values), { json, signal });
}

/** Takes the scores of rows from `first` on, one array a strategy. */
export type TellScores = (first: number, scores: readonly Float32Array[]) => Promise<void>;

/** The same of scores that come block by block, in the order of rows: `fill` tells of them, of `rows` in all. */
export async function writeScoreBlocks(
  path: string,
  strategies: readonly string[],
  rows: number,
  fill: (tell: TellScores) => Promise<void>,
  { json = false, signal }: { json?: boolean; signal?: AbortSignal } = {},
): Promise<void> {
  const format = path === "-" ? (json ? ".jsonl" : ".csv") : extensionOf(path, scoreFormats);
  const filled = async (write: Write): Promise<void> => {
    let told = 0;
    await fill(async (first, scores) => {
      const count = scores[0].length;
      if (first !== told || scores.length !== strategies.length || scores.some(({ length }) => length !== count))
        throw new RangeError(
          `${path}: ${strategies.length} strategies need as many arrays of scores, all of one length`,
        );
      if (told === 0 && format === ".npy")
        await write(npyHeader("<f4", strategies.length === 1 ? [rows] : [rows, strategies.length]));
      if (told === 0 && format === ".csv") await write(`${["row", ...strategies].map(csvCell).join()}\n`);
      told += count;
      await writers[format](write, strategies, first, scores);
    });
    if (told !== rows) throw new RangeError(`${path}: scores of ${told} rows came, of ${rows}`);
  };
  await writeFileWhole(path, filled, signal);
}

type WriteBlock = (
  write: Write,
  strategies: readonly string[],
  first: number,
  scores: readonly Float32Array[],
) => Promise<void>;

const writers: Record<(typeof scoreFormats)[number], WriteBlock> = {
  async ".npy"(write, _, __, scores) {
    for (const { buffer, byteOffset, byteLength } of interleave(scores))
      await write(new Uint8Array(buffer, byteOffset, byteLength));
  },
  ".csv": (write, _, first, scores) =>
    writeLines(write, scores[0].length, (i) => `${first + i},${scores.map((own) => csvCell(own[i])).join()}`),
  async ".jsonl"(write, strategies, first, scores) {
    const keys = strategies.map((strategy) => JSON.stringify(strategy));
    const cell = (i: number) => (own: Float32Array, s: number) =>
      `${keys[s]}:${Number.isFinite(own[i]) ? shortest(own[i]) : null}`;
    await writeLines(write, scores[0].length, (i) => `{"row":${first + i},${scores.map(cell(i)).join()}}`);
  },
};

/** Writes a selection to a file, in the format that its extension says. "-" is .json on standard output. */
export async function writePicks<Result extends PicksRecord>(path: string, result: Result): Promise<void> {
  const format = path === "-" ? ".json" : extensionOf(path, pickFormats);
  await writeFileWhole(path, (write) => fillPicks(path, write, format, result));
}

function* interleave(columns: readonly Float32Array[]): Iterable<Float32Array> {
  if (columns.length === 1) return yield columns[0];
  const rows = columns[0].length;
  for (let start = 0; start < rows; start += LINES) {
    const count = Math.min(LINES, rows - start);
    const chunk = new Float32Array(count * columns.length);
    columns.forEach((column, c) => {
      for (let row = 0; row < count; row++) chunk[row * columns.length + c] = column[start + row];
    });
    yield chunk;
  }
}
