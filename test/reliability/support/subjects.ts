/** What is fuzzed: how an input of each kind is made, and how it is read to its end. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readHead, readLabels, readRows } from "../../../src/files/index.ts";
import { openLog } from "../../../src/files/log.ts";
import { openRows } from "../../../src/files/openRows.ts";
import { answersIn, takeUp } from "../../../src/loop/journal.ts";
import { passesOf, type RowSource } from "../../../src/matrix.ts";
import { blocksOf } from "../../../src/readAhead.ts";
import { hostileNpy, hostileZip } from "./archives.ts";
import { damaged } from "./damage.ts";
import { type Draws, drawsOf, extremes } from "./draws.ts";
import { hostileSafetensors } from "./heads.ts";
import { hostileJournal, journal, POOL, SETTINGS } from "./journals.ts";
import { hostileCsv, hostileJsonl, hostileList } from "./tables.ts";
import { hostileParquet } from "./thriftNumbers.ts";

/** Part of every seed, so that all inputs can be others at once. */
export const SEED = 1;

interface Subject {
  /** Sound files, to be damaged. */
  readonly sound: readonly Buffer[];
  /** The extension that the file is given. */
  extension(draws: Draws): string;
  /** Structure that lies. */
  hostile(draws: Draws): Buffer;
  read(path: string, draws: Draws): Promise<void>;
}

export type Kind = keyof typeof subjects;

const golden = join(import.meta.dirname, "../../golden");

function soundFiles(folder: string, ending: RegExp): Buffer[] {
  const names = readdirSync(join(golden, folder)).filter((name) => ending.test(name));
  return names.sort().map((name) => readFileSync(join(golden, folder, name)));
}

async function readPool(path: string, draws: Draws): Promise<void> {
  const table = /\.(csv|jsonl|parquet|arrow|arrows|npz)$/.test(path);
  const columns =
    table && draws.chance(0.15) ? draws.pick([["a"], ["row", "b"], ["__proto__"], ["logits"], ["0", "1"]]) : undefined;
  const source = await openRows(path, { columns });
  try {
    checkShape(source);
    let rows = 0;
    for await (const block of blocksOf(source)) {
      if (block.values.length !== block.rows * source.cols * passesOf(source))
        throw new Error("a block of another shape");
      rows += block.rows;
    }
    if (rows !== source.rows) throw new Error(`${rows} rows of ${source.rows}`);
  } finally {
    await source.close?.();
  }
}

function checkShape(source: RowSource): void {
  for (const size of [source.rows, source.cols, passesOf(source)])
    if (!(Number.isSafeInteger(size) && size >= 1)) throw new Error(`opened with a size of ${size}`);
}

async function readNetwork(path: string): Promise<void> {
  const { layers } = await readHead(path);
  for (const { weight, bias, inputs, outputs } of layers)
    if (weight.length !== inputs * outputs || bias.length !== outputs) throw new Error("a layer of another shape");
}

async function readList(path: string, draws: Draws): Promise<void> {
  const list = await (draws.chance(0.5) ? readRows(path) : readLabels(path));
  if (!(list instanceof Uint32Array)) throw new Error("no list");
}

async function readJournal(path: string): Promise<void> {
  const log = await openLog(path);
  try {
    const past = await takeUp(log, { print: POOL, rows: 40 }, SETTINGS);
    if (past.answers.length !== answersIn(log).length) throw new Error("answers are lost");
    if (past.metrics.length !== past.rounds) throw new Error("rounds are lost");
  } finally {
    await log.close();
  }
}

const always = (extension: string) => () => extension;
const npys = soundFiles("npy", /\.npy$/).filter((_, i) => i % 3 === 0);
const parquets = soundFiles("parquet", /\.parquet$/);
const arrows = soundFiles("tables", /\.(arrows?|feather)$/);

const lists = [
  "[1, 2, 3]",
  '{"strategy":"entropy","rows":9,"picks":[{"row":3,"score":0.5},{"row":1,"score":0.25}]}',
  "row,score\n3,0.5\n1,0.25\n",
  "row,label\n0,1\n2,1\n1,0\n",
  '{"row":3,"label":1}\n{"row":0,"label":2}\n',
].map((text) => Buffer.from(text));

/** A flatbuffer's numbers lie at places divisible by four. */
function hostileArrow(draws: Draws): Buffer {
  const content = Buffer.from(draws.pick(arrows));
  for (let left = draws.pick([1, 1, 2, 4]); left > 0; left--) {
    const [from, to] = draws.pick([[0, 700], [content.length - 700, content.length - 12], [0, content.length - 8]]); // prettier-ignore
    const at = Math.max(0, from + draws.below(Math.max(1, to - from))) & ~3;
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(BigInt.asUintN(64, draws.pick(extremes)));
    if (at + 8 <= content.length) value.copy(content, at, 0, draws.pick([2, 4, 4, 8]));
  }
  return content;
}

export const subjects = {
  npy: { sound: npys, extension: always("npy"), hostile: hostileNpy, read: readPool },
  npz: { sound: soundFiles("npz", /\.npz$/), extension: always("npz"), hostile: hostileZip, read: readPool },
  npzHead: { sound: soundFiles("heads", /\.npz$/), extension: always("npz"), hostile: hostileZip, read: readNetwork },
  safetensors: {
    sound: soundFiles("heads", /\.safetensors$/),
    extension: always("safetensors"),
    hostile: hostileSafetensors,
    read: readNetwork,
  },
  parquet: {
    sound: parquets,
    extension: always("parquet"),
    hostile: (draws) => hostileParquet(draws, draws.pick(parquets)),
    read: readPool,
  },
  arrow: {
    sound: arrows,
    extension: (draws) => draws.pick(["arrow", "arrows", "feather", "ipc"]),
    hostile: hostileArrow,
    read: readPool,
  },
  csv: { sound: soundFiles("tables", /\.csv$/), extension: always("csv"), hostile: hostileCsv, read: readPool },
  jsonl: { sound: soundFiles("tables", /\.jsonl$/), extension: always("jsonl"), hostile: hostileJsonl, read: readPool },
  lists: {
    sound: [...lists, ...npys.slice(0, 9)],
    extension: (draws) => draws.pick(["json", "json", "jsonl", "csv", "npy"]),
    hostile: (draws) => draws.pick([hostileList, hostileList, hostileJsonl, hostileCsv, hostileNpy])(draws),
    read: readList,
  },
  journal: { sound: [journal()], extension: always("jsonl"), hostile: hostileJournal, read: readJournal },
} as const satisfies Record<string, Subject>;

export const kinds = Object.keys(subjects) as Kind[];

export interface Input {
  readonly name: string;
  readonly content: Buffer;
  /** What is drawn for the reading of it. */
  readonly draws: Draws;
}

/** The same input for the same numbers, always. */
export function inputOf(kind: Kind, input: number, seed = SEED): Input {
  const draws = drawsOf(seed + 1000 * kinds.indexOf(kind), input);
  const subject: Subject = subjects[kind];
  const isHostile = draws.chance(0.5);
  const made = isHostile ? subject.hostile(draws) : draws.pick(subject.sound);
  const content = isHostile && draws.chance(0.7) ? made : damaged(draws, made, draws.pick(subject.sound));
  return { name: `input.${subject.extension(draws)}`, content, draws };
}
