/** Scores and picks as files: .npy for programs, .csv, .json and .jsonl for everyone. */
import { InputError } from "../errors.ts";
import { extensionOf } from "./extension.ts";
import { writeNpy } from "./npyFiles.ts";
import { npyHeader } from "./npyHeader.ts";
import { type Write, writeFileWhole } from "./output.ts";
import { shortest } from "./shortest.ts";

export const scoreFormats = [".npy", ".csv", ".jsonl"] as const;
export const pickFormats = [".json", ".npy", ".csv", ".jsonl"] as const;

/** A chosen row; what else its rule can tell of it (score, radius, …) is written as well. */
export interface PickRecord {
  readonly row: number;
}

export interface PicksRecord {
  readonly picks: readonly PickRecord[];
}

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

/**
 * Writes a selection in order of pick: .json with all that is known, a pick a line; .csv and .jsonl the picks; .npy
 * their rows as int32 [picks]. "-" is .json on standard output.
 */
export async function writePicks<Result extends PicksRecord>(path: string, result: Result): Promise<void> {
  const { picks } = result;
  const format = path === "-" ? ".json" : extensionOf(path, pickFormats);
  if (format === ".npy") return writeNpy(path, [picks.length], [int32Rows(path, picks)], "<i4");
  await writeFileWhole(path, async (write) => {
    if (format === ".json") return writeJson(write, result);
    if (format === ".jsonl") return writeLines(write, picks.length, (i) => toJson(picks[i])!);
    const columns = ["row", ...Object.keys(picks[0] ?? {}).filter((key) => key !== "row")];
    await write(`${columns.map(csvCell).join()}\n`);
    await writeLines(write, picks.length, (i) =>
      columns.map((column) => csvCell(picks[i][column as keyof PickRecord])).join(),
    );
  });
}

async function writeJson(write: Write, result: PicksRecord): Promise<void> {
  const entries = Object.entries(result).filter(([, value]) => value !== undefined);
  for (const [i, [key, value]] of entries.entries()) {
    await write(`${i === 0 ? "{\n" : ",\n"}  ${JSON.stringify(key)}: `);
    if (key !== "picks" || result.picks.length === 0) {
      await write(toJson(value)!);
      continue;
    }
    const last = result.picks.length - 1;
    await write("[\n");
    await writeLines(write, last + 1, (pick) => `    ${toJson(result.picks[pick])}${pick < last ? "," : ""}`);
    await write("  ]");
  }
  await write("\n}\n");
}

/** Lines a chunk: strings stay small however many rows there are. */
const LINES = 8192;

async function writeLines(write: Write, count: number, line: (i: number) => string): Promise<void> {
  for (let start = 0; start < count; start += LINES) {
    const lines = Array.from({ length: Math.min(LINES, count - start) }, (_, i) => line(start + i));
    await write(`${lines.join("\n")}\n`);
  }
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

function int32Rows(path: string, picks: readonly PickRecord[]): Int32Array {
  return Int32Array.from(picks, ({ row }) => {
    if (row > 0x7fffffff) throw new InputError(`${path}: row ${row} is beyond int32; use .json, .jsonl or .csv`);
    return row;
  });
}

function toJson(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part) => {
    if (typeof part === "number") return shortest(part);
    return ArrayBuffer.isView(part) ? Array.from(part as unknown as ArrayLike<number>) : part;
  });
}

function csvCell(value: unknown): string {
  if (value === undefined || value === null || Number.isNaN(value)) return "";
  if (typeof value === "number") return String(shortest(value));
  const text = typeof value === "string" ? value : String(toJson(value));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
