/**
 * A pass over a pool: rows are brought to where kernels find them, piece by piece, and scored there by all threads. What is
 * copied comes from memory and stays in the cache: kernels that read it from where it was kept for good were not faster.
 */
import type { Head } from "../../head.ts";
import { passesOf } from "../../matrix.ts";
import { readAhead, type Block } from "../../readAhead.ts";
import type { Strategy } from "../../strategy.ts";
import { passesFor, type InvalidRows, type PassOptions, type PoolInput, type ScorePass } from "../backend.ts";
import { exact, slackAt, slackOf, type Slack } from "../slack.ts";
import type { Crew } from "./crew.ts";
import { beliefsReader, validityCheck } from "./reference.ts";
import { hasKernel, scoredBy, ScoreJob, SLOT_BYTES, type KnownHead } from "./scoreJob.ts";

/** Values that are read at a time. */
const BLOCK_VALUES = 2 ** 18;
/** Values of a piece: with what a kernel needs beside them they stay in the cache of a core. */
const PIECE_VALUES = 2 ** 16;
/** Rows of a piece, however narrow. */
export const MOST_PIECE_ROWS = 2 ** 15;
/** Products of a piece: a few milliseconds. */
const PIECE_PRODUCTS = 2 ** 25;
/** Pieces a thread that small pools are cut into, so that all threads have work. */
const PIECES_A_THREAD = 4;
/** Values, or products, from which on workers are worth starting. */
const WORTH_WORKERS = 2 ** 22;

/** Pieces that are on their way at a time. */
const piecesFor = (threads: number): number => 2 * threads + 2;

/** What they take, with a score or two of each row. */
export const pieceBytes = (threads: number): number => piecesFor(threads) * 4 * (PIECE_VALUES + 2 * MOST_PIECE_ROWS);

/** The scores of some rows. */
export interface Scores {
  readonly first: number;
  /** One array a strategy, [rows]: NaN at invalid rows. Good until the next are told of. */
  readonly values: readonly Float32Array[];
  /** How far those of the first strategy may be off. */
  readonly slack: number;
  /** The score of a row by the first strategy and the reference, where its values are at hand. Good until the next are told of. */
  readonly exactly?: (place: number) => number;
}

/** A pass over the rows of a pool. */
export interface Scan {
  readonly crew: Crew;
  readonly input: PoolInput;
  readonly head: KnownHead | undefined;
  /** Those without a kernel are scored by the reference. */
  readonly strategies: readonly Strategy[];
  readonly options: PassOptions;
  /** Whether rows that float32 leaves in doubt are scored by the reference, or have a score that is infinite. */
  readonly settles: boolean;
  /** Is told of the scores of all rows, in their order. */
  tell(scores: Scores): void | Promise<void>;
}

/** Rows on their way. */
interface Piece {
  /** Room for them, and a value more. */
  readonly input: number;
  /** Where in it they begin. */
  at: number;
  /** One for each job. */
  readonly slots: readonly { readonly at: number; readonly scores: number }[];
  /** By the reference. */
  readonly others: readonly Float32Array[];
  first: number;
  rows: number;
  /** That have not been waited for. */
  readonly calls: number[];
  invalid: InvalidRows;
}

const isOfGradients = ({ needs }: Strategy): boolean => needs === "gradients";

/** Strategies that are scored together, and by what. */
interface Group {
  readonly strategies: readonly Strategy[];
  readonly job: ScoreJob;
}

export async function scan(work: Scan): Promise<ScorePass> {
  const { crew, input, head, strategies, options } = work;
  const isOurs = (one: Strategy): boolean => hasKernel(one, input, options);
  const ours = strategies.filter(isOurs);
  const together = [ours.filter((one) => !isOfGradients(one)), ours.filter(isOfGradients)].filter(
    ({ length }) => length > 0,
  );
  const groups: Group[] = [];
  try {
    for (const some of together) groups.push({ strategies: some, job: new ScoreJob(crew, input, head, some, options) });
    return await scanBy(work, groups);
  } finally {
    for (const { job } of groups) job.close();
  }
}

async function scanBy(work: Scan, groups: readonly Group[]): Promise<ScorePass> {
  const { crew, input, head, strategies, options } = work;
  const { source } = input;
  const passes = passesOf(source);
  const { cols } = source;
  const width = passes * cols;
  const products = head ? productsOf(head.head, options.passes) : 0;
  const pieceRows = rowsAPiece(source.rows, width, products, crew.threads);
  if (source.rows * Math.max(width, products) > WORTH_WORKERS) await crew.wake();
  const others = strategies.filter((one) => !groups.some((group) => group.strategies.includes(one)));
  const scoreOthers = others.length > 0 ? referenceScorer(input, others, options) : undefined;
  const [only] = strategies;
  const slack: Slack = !others.includes(only)
    ? slackOf(scoredBy(input, head, options), only, passesFor(only, options))
    : exact;

  const room = groups[0]?.job;
  const free = Array.from({ length: groups.length > 0 ? piecesFor(crew.threads) : 1 }, (): Piece => ({
    input: room ? room.room(4 * (pieceRows * width + 1)) : 0,
    at: 0,
    slots: groups.map(({ job, strategies: own }) => ({
      at: job.room(SLOT_BYTES),
      scores: job.room(4 * pieceRows * own.length),
    })),
    others: others.map(() => new Float32Array(pieceRows)),
    first: 0,
    rows: 0,
    calls: [],
    invalid: { count: 0, first: 0 },
  }));
  const underWay: Piece[] = [];
  const invalid = { count: 0, first: 0 };

  /** Copies rows of a block to where the kernels find them, and has them scored. */
  const begin = (piece: Piece, block: Block, from: number, rows: number): void => {
    piece.first = block.first + from;
    piece.rows = rows;
    piece.at = piece.input + 4 * oddness(block.values, from * cols);
    if (room) {
      const values = new Float32Array(crew.memory.buffer, piece.at, rows * width);
      for (let pass = 0; pass < passes; pass++) {
        const at = (pass * block.rows + from) * cols;
        values.set(block.values.subarray(at, at + rows * cols), pass * rows * cols);
      }
    }
    groups.forEach(({ job }, i) => {
      const { at, scores } = piece.slots[i];
      job.fill(at, piece.first, rows, piece.at, scores);
      piece.calls.push(crew.post("score", job.at, at));
    });
  };

  const callsOf = async ({ calls }: Piece): Promise<void> => {
    while (calls.length > 0) await crew.finished(calls.pop()!);
  };

  /** Scores rows in doubt by the reference. */
  const settle = ({ input: at, first, rows }: Piece, { strategies: own }: Group, found: readonly Float32Array[]) => {
    const read = beliefsReader(input, options, own.some(isOfGradients));
    const values = new Float32Array(crew.memory.buffer, at, rows * width);
    for (let i = 0; i < rows; i++) {
      if (found[0][i] !== Infinity) continue;
      const beliefs = read(values, i * cols, first + i, rows * cols);
      own.forEach((strategy, slot) => (found[slot][i] = strategy.score(beliefs)));
    }
  };

  /** The reference's scores of single rows of a piece. */
  const scorerOf = ({ at, first, rows }: Piece): ((place: number) => number) => {
    let read: ReturnType<typeof beliefsReader> | undefined;
    const values = new Float32Array(crew.memory.buffer, at, rows * width);
    return (place) => {
      read ??= beliefsReader(input, options, isOfGradients(only));
      return only.score(read(values, place * cols, first + place, rows * cols));
    };
  };

  /** Waits for the oldest piece, and tells of it. */
  const finish = async (): Promise<void> => {
    const [piece] = underWay;
    await callsOf(piece);
    const reports = groups.map(({ job }, i) => job.report(piece.slots[i].at));
    const [report] = reports;
    const bad = report ? { count: report.invalid, first: piece.first + report.firstInvalid } : piece.invalid;
    if (bad.count > 0 && invalid.count === 0) invalid.first = bad.first;
    invalid.count += bad.count;
    const { rows } = piece;
    const found = groups.map(({ strategies: own }, i) => {
      const all = new Float32Array(crew.memory.buffer, piece.slots[i].scores, rows * own.length);
      return own.map((_, slot) => all.subarray(slot * rows, (slot + 1) * rows));
    });
    if (work.settles) reports.forEach(({ doubtful }, i) => doubtful > 0 && settle(piece, groups[i], found[i]));
    const values = strategies.map((one) => {
      const i = groups.findIndex((group) => group.strategies.includes(one));
      return i < 0 ? piece.others[others.indexOf(one)].subarray(0, rows) : found[i][groups[i].strategies.indexOf(one)];
    });
    await work.tell({
      first: piece.first,
      values,
      slack: slackAt(slack, report?.norm ?? 0, report?.doubts ?? 0),
      exactly: room && scorerOf(piece),
    });
    options.onProgress?.(piece.first + rows);
    await options.pace.turn();
    free.push(underWay.shift()!);
  };

  const started = performance.now();
  let upload = 0;
  let since = started;
  try {
    for await (const block of blocksOf(input, Math.max(pieceRows, Math.floor(BLOCK_VALUES / width)))) {
      upload += performance.now() - since;
      for (let from = 0; from < block.rows; from += pieceRows) {
        if (free.length === 0) await finish();
        const piece = free.pop()!;
        since = performance.now();
        underWay.push(piece);
        begin(piece, block, from, Math.min(pieceRows, block.rows - from));
        upload += performance.now() - since;
        if (scoreOthers) piece.invalid = scoreOthers(block, from, piece.rows, piece.others);
        // Whoever is free takes the next: with one waiting for each worker, this thread is free.
        while (crew.waiting >= crew.threads) crew.help();
      }
      since = performance.now();
    }
    while (underWay.length > 0) await finish();
  } finally {
    // What is under way writes to memory that is about to be given back.
    for (const piece of underWay) while (piece.calls.length > 0) await callsOf(piece).catch(() => {});
  }
  const seconds = (performance.now() - started - upload) / 1000;
  return { invalid, timings: { upload: upload / 1000, kernel: seconds, readback: 0 } };
}

/** An array is one block as it stands. */
async function* blocksOf({ source }: PoolInput, blockRows: number): AsyncGenerator<Block> {
  if (source.data) yield { first: 0, rows: source.rows, values: source.data };
  else yield* readAhead(source, blockRows);
}

/** Products that a row takes in all passes. */
/**
 * Whether a value stands in the upper half of 8 bytes: V8 copies to shared memory byte by byte where the two are not in the
 * same half, which takes 71 ms where it is 16.
 */
const oddness = ({ byteOffset }: Float32Array, value: number): number => (byteOffset / 4 + value) % 2;

function productsOf({ layers }: Head, passes: number): number {
  const [first, ...rest] = layers.map(({ inputs, outputs }) => inputs * outputs);
  return first + passes * rest.reduce((sum, products) => sum + products, 0);
}

/** By sixteens, as heads take them, where there are as many. */
function rowsAPiece(rows: number, width: number, products: number, threads: number): number {
  const most = Math.min(MOST_PIECE_ROWS, PIECE_VALUES / width, products > 0 ? PIECE_PRODUCTS / products : Infinity);
  const wanted = Math.min(most, rows / threads / PIECES_A_THREAD);
  return Math.min(rows, wanted < 16 ? Math.max(1, Math.min(16, Math.floor(most))) : Math.floor(wanted / 16) * 16);
}

/** Scores rows of a block by the textbook, and finds those that are no valid input. */
function referenceScorer(input: PoolInput, strategies: readonly Strategy[], options: PassOptions) {
  const { source } = input;
  const passes = passesOf(source);
  const { cols } = source;
  const isValid = validityCheck(input);
  // Gradients have a forward pass of their own, without dropout.
  const readers = [false, true].map((gradients) => {
    const slots = [...strategies.keys()].filter((slot) => (strategies[slot].needs === "gradients") === gradients);
    return { slots, read: slots.length > 0 ? beliefsReader(input, options, gradients) : undefined };
  });
  return (block: Block, from: number, rows: number, into: readonly Float32Array[]): InvalidRows => {
    const { values } = block;
    const stride = block.rows * cols;
    const invalid = { count: 0, first: 0 };
    for (let i = 0; i < rows; i++) {
      const row = block.first + from + i;
      const at = (from + i) * cols;
      let valid = true;
      for (let pass = 0; pass < passes; pass++) valid &&= isValid(values, pass * stride + at);
      if (!valid) {
        if (invalid.count++ === 0) invalid.first = row;
        for (const own of into) own[i] = NaN;
        continue;
      }
      for (const { slots, read } of readers) {
        const beliefs = read?.(values, at, row, stride);
        if (beliefs) for (const slot of slots) into[slot][i] = strategies[slot].score(beliefs);
      }
    }
    return invalid;
  };
}
