/** Many rows beside the same centres, some rows a call, on all threads: what becomes of them is the same for any number. */
import { pointOf } from "../distances.ts";
import type { Pace } from "../../pace.ts";
import { CrewCall } from "./crewCall.ts";
import { comparingFields, descentFields } from "./simd.gen.ts";
import type { SimdDistances } from "./simdDistances.ts";
import { placesOf, structBytes, type Values } from "./structs.ts";
import type { KernelName } from "./worker.ts";

/** Rows of one call at most. */
const ROWS = 512;
/** Rows that others are compared with at a time: 512 kB of them at 64 dims. */
const OTHERS = 2048;

const descent = placesOf(descentFields);

/** The nearest of some centres to each of some rows. */
export interface NearestTwo {
  readonly nearest: Uint32Array;
  /** Squared distances of the nearest and of the next. */
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** Rows that a kernel is at. */
interface Piece {
  readonly first: number;
  readonly count: number;
  readonly call: CrewCall;
  readonly rowsAt: number;
  /** Where what each row has beside its point is. */
  readonly fieldsAt: number;
}

/** Of all centres, the nearest to each of these rows. The arrays are written from the start. */
export async function nearestTwo(
  distances: SimdDistances,
  rows: Uint32Array,
  { nearest, first, second }: NearestTwo,
): Promise<void> {
  const { crew } = distances;
  await compare(distances, "nearestTwo", rows, 12, {
    lay: ({ fieldsAt, count }) => ({ nearest: fieldsAt, first: fieldsAt + 4 * count, second: fieldsAt + 8 * count }),
    take({ first: at, fieldsAt, count }) {
      const from = fieldsAt / 4;
      nearest.set(crew.words.subarray(from, from + count), at);
      first.set(crew.floats.subarray(from + count, from + 2 * count), at);
      second.set(crew.floats.subarray(from + 2 * count, from + 3 * count), at);
    },
  });
}

/**
 * The `kept` least squared distances from each of these rows to others of them, ascending in `best` [rows, kept]. The
 * centres make way for the others, a block at a time.
 */
export async function nearestAmong(
  distances: SimdDistances,
  rows: Uint32Array,
  kept: number,
  best: Float32Array,
  pace: Pace,
): Promise<void> {
  const { crew } = distances;
  for (let firstOther = 0; firstOther < rows.length; firstOther += OTHERS) {
    takeForCentres(distances, rows.subarray(firstOther, firstOther + OTHERS));
    await compare(distances, "neighbours", rows, 4 * kept, {
      lay({ first, count, fieldsAt }) {
        crew.write(best.subarray(first * kept, (first + count) * kept), fieldsAt);
        return { best: fieldsAt, kept, firstRow: first, firstOther };
      },
      take: ({ first, count, fieldsAt }) =>
        best.set(crew.floats.subarray(fieldsAt / 4, fieldsAt / 4 + count * kept), first * kept),
      turn: () => pace.turn(),
    });
  }
}

/**
 * Adds to `sums` [rows], for each of these rows, Σ 1 / (1 + distance) over others of the pool, a block of them at a time.
 * Tells how many of the distances are taken, by the rows that as many would be all of.
 */
export async function addCloseness(
  distances: SimdDistances,
  rows: Uint32Array,
  others: Uint32Array,
  sums: Float64Array,
  turn: (rows: number) => Promise<void>,
): Promise<void> {
  const doublesOf = ({ fieldsAt, count }: Piece): Float64Array =>
    new Float64Array(distances.crew.memory.buffer, fieldsAt, count);
  for (let firstOther = 0; firstOther < others.length; firstOther += OTHERS) {
    const block = others.subarray(firstOther, firstOther + OTHERS);
    takeForCentres(distances, block);
    await compare(distances, "closeness", rows, 8, {
      lay(piece) {
        doublesOf(piece).set(sums.subarray(piece.first, piece.first + piece.count));
        return { sums: piece.fieldsAt };
      },
      take: (piece) => sums.set(doublesOf(piece), piece.first),
      turn({ first, count }) {
        const taken = rows.length * firstOther + (first + count) * block.length;
        return turn(Math.floor(taken / others.length));
      },
    });
  }
}

/** The leaves of a tree whose poles and anchors are the centres, and the squared distance of each row to its anchor. */
export async function descend(
  distances: SimdDistances,
  rows: Uint32Array,
  nodes: Int32Array,
  rootPole: number,
  leaves: Uint32Array,
  squaredReach: Float32Array,
): Promise<void> {
  const { crew, width } = distances;
  const nodesAt = crew.allocate(nodes.byteLength);
  crew.write(nodes, nodesAt);
  try {
    await inPieces(distances, "descend", rows, 8, descentFields, {
      lay: ({ rowsAt, count, fieldsAt }) => ({
        rows: rowsAt,
        count,
        width,
        anchors: distances.centresAt,
        nodes: nodesAt,
        rootPole,
        leaf: fieldsAt,
        squaredReach: fieldsAt + 4 * count,
        taken: 0,
      }),
      take({ first, count, fieldsAt, call }) {
        const from = fieldsAt / 4;
        leaves.set(crew.words.subarray(from, from + count), first);
        squaredReach.set(crew.floats.subarray(from + count, from + 2 * count), first);
        distances.evaluations += crew.words[call.at / 4 + descent.taken];
      },
    });
  } finally {
    crew.free(nodesAt, nodes.byteLength);
  }
}

/** These rows take the place of all centres. */
function takeForCentres(distances: SimdDistances, rows: Uint32Array): void {
  distances.count = 0;
  for (const row of rows) distances.addCentres(pointOf(distances.points, row));
}

/** How a piece is told to a kernel, and what is taken of it once it is done. */
interface Handling<Told> {
  lay(piece: Piece): Told;
  take(piece: Piece): void;
  /** Waited for once a piece is taken. */
  turn?(piece: Piece): Promise<void>;
}

/** Compares rows with all centres. What a kernel needs beside that is laid out for each piece. */
async function compare(
  distances: SimdDistances,
  kernel: "nearestTwo" | "closeness" | "neighbours",
  rows: Uint32Array,
  rowBytes: number,
  { lay, take, turn }: Handling<Partial<Values<typeof comparingFields>>>,
): Promise<void> {
  const { width, count: otherCount } = distances;
  const none = { nearest: 0, first: 0, second: 0, sums: 0, best: 0, kept: 0, firstRow: 0, firstOther: 0 };
  await inPieces(distances, kernel, rows, rowBytes, comparingFields, {
    lay: (piece) => ({
      ...none,
      rows: piece.rowsAt,
      count: piece.count,
      width,
      others: distances.centresAt,
      otherCount,
      ...lay(piece),
    }),
    take(piece) {
      take(piece);
      distances.evaluations += piece.count * otherCount;
    },
    turn,
  });
}

/** Has rows be worked on, some at a time, each of which has so many bytes beside its point. */
async function inPieces<Fields extends Record<string, "u32" | "f32">>(
  distances: SimdDistances,
  kernel: KernelName,
  rows: Uint32Array,
  rowBytes: number,
  fields: Fields,
  { lay, take, turn }: Handling<Values<Fields>>,
): Promise<void> {
  const { crew, width, sweepSize } = distances;
  const underWay: Piece[] = [];
  const finish = async (): Promise<void> => {
    const [piece] = underWay;
    await piece.call.finished();
    take(piece);
    underWay.shift();
    await piece.call.close();
    await distances.wakeIfWorth();
    await turn?.(piece);
  };
  try {
    for (let first = 0; first < rows.length; first += ROWS) {
      const count = Math.min(ROWS, rows.length - first);
      const own = structBytes(fields);
      const call = new CrewCall(crew, own + count * (4 * width + rowBytes));
      const rowsAt = call.at + own;
      const piece = { first, count, call, rowsAt, fieldsAt: rowsAt + 4 * count * width };
      underWay.push(piece);
      distances.rows.copy(rows, first, count, rowsAt);
      call.post(kernel, fields, lay(piece));
      if (underWay.length >= sweepSize.together) await finish();
    }
    while (underWay.length > 0) await finish();
  } finally {
    for (const { call } of underWay) await call.close();
  }
}
