/** Distances in float32 on this machine's vector units: `simd/distances.ts`, and the memory it works in. */
import {
  distanceError,
  pointOf,
  scaleOf,
  TILE,
  TILE_FIELDS,
  widerOf,
  type DistanceError,
  type DistanceKernel,
  type PointData,
  type Sweep,
  type SweepSize,
} from "../distances.ts";
import type { Pace } from "../../pace.ts";
import { Crew } from "./crew.ts";
import { CrewCall } from "./crewCall.ts";
import { CrewRoom } from "./crewRoom.ts";
import { askedFields, comparingFields, descentFields, loweringFields, orderingFields } from "./simd.gen.ts";
import { placesOf, structBytes, wordsOf, type Values } from "./structs.ts";
import type { KernelName } from "./worker.ts";

/** Values of the rows of one call: they stay in the cache of a core. */
const CALL_VALUES = 2 ** 18;
/** Tiles of one call at most. */
const TILES = 64;
/** Rows of one call at most, where each is compared with the same centres. */
const ROWS = 512;
/** Rows that are fetched at a time, and values in a line of the cache. */
const TOUCHED = 16;
const LINE_VALUES = 16;
/** Entries of lists of one call, from which on it has enough. */
const ENTRIES = 2 ** 17;
/** Numbers a row of a tile, beside its point. */
const ROW_FIELDS = 7;
/** Rows that others are compared with at a time: 512 kB of them at 64 dims. */
const OTHERS = 2048;
/** Values a point up to which `simd/distances.ts` takes four distances at a time. */
const SHORT = 128;
/** What `order` needs to tell distances apart. */
const BINS = 2 ** 16;
/** Products from which on workers are worth starting. */
const WORTH_WORKERS = 2 ** 25;

const lowering = placesOf(loweringFields);
const descent = placesOf(descentFields);
const askedPlaces = placesOf(askedFields);
const ASKED_WORDS = Object.keys(askedFields).length;

/** The nearest of some centres to each of some rows. */
export interface NearestTwo {
  readonly nearest: Uint32Array;
  /** Squared distances of the nearest and of the next. */
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** A point, [dims], and which centres are asked for: those from a number on that are not farther than `horizon`. */
export interface Ask {
  readonly point: Float32Array;
  readonly from: number;
  readonly horizon: number;
}

/** Centres in the order of their distance to each of some points. */
export interface Ordered {
  /** To be waited for before lists are read. */
  ready(): Promise<void>;
  /** Numbers of centres, and how far each is at least. */
  of(ask: number): { readonly list: Uint32Array; readonly near: Float32Array };
  close(): Promise<void>;
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

/**
 * Rows of the pool beside centres of its own. Rows are brought in for each call, so that memory is that of the centres and
 * of the calls under way. What comes of it is the same for any number of threads.
 */
export class SimdDistances implements DistanceKernel {
  readonly error: DistanceError;
  readonly sweepSize: SweepSize;
  /** Centres so far. */
  count = 0;
  /** Distances taken. */
  evaluations = 0;
  private readonly points: PointData;
  private readonly crew: Crew;
  private readonly wider: number;
  /** Values a point: dims rounded up to a vector. */
  private readonly width: number;
  private readonly others: SimdDistances[] = [];
  private readonly centres: CrewRoom;
  /** Of what this thread does alone. */
  private readonly scratch: CrewRoom;
  private hasWoken = false;
  /** Whether all points are in memory, in their order. */
  private readonly isHeld: boolean;
  touched = 0;
  private floats = new Float32Array();
  private words = new Uint32Array();

  private constructor(points: PointData, crew: Crew) {
    this.points = points;
    this.crew = crew;
    this.width = 4 * Math.ceil(points.dims / 4);
    // Sums have sixteen chains, or four where that is quicker, which is for short points alone.
    this.error = distanceError(
      points.dims,
      Math.max(this.width / 16 + 6, Math.min(this.width, SHORT) / 4 + 2),
      points.metric,
    );
    this.wider = widerOf(this.error);
    this.isHeld = points.data.length === points.rows * points.dims;
    this.centres = new CrewRoom(crew);
    this.scratch = new CrewRoom(crew);
    this.sweepSize = {
      tiles: Math.max(1, Math.min(TILES, Math.floor(CALL_VALUES / TILE / this.width))),
      entries: ENTRIES,
      together: crew.threads === 1 ? 1 : 2 * crew.threads,
    };
  }

  /** On the threads of a crew, or on this one. */
  static async open(points: PointData, crew?: Crew): Promise<SimdDistances> {
    return new SimdDistances(points, crew ?? (await Crew.open(1)));
  }

  /** The same points beside other centres. It is closed with this one. */
  another(): SimdDistances {
    const other = new SimdDistances(this.points, this.crew);
    this.others.push(other);
    return other;
  }

  addCentres(values: Float32Array): void {
    const { dims } = this.points;
    this.centres.reserve(4 * this.width * (this.count + values.length / dims));
    this.view();
    for (let first = 0; first < values.length; first += dims) {
      const at = this.centreAt(this.count++) / 4;
      this.floats.set(values.subarray(first, first + dims), at);
      // What was here before is no part of it.
      this.floats.fill(0, at + dims, at + this.width);
    }
  }

  /** Takes points, [count, dims], for all centres so far. */
  replaceCentres(values: Float32Array): void {
    this.count = 0;
    this.addCentres(values);
  }

  /** A copy of a centre, [dims]. */
  centre(number: number): Float32Array {
    this.view();
    const at = this.centreAt(number) / 4;
    return this.floats.slice(at, at + this.points.dims);
  }

  lower({ tiles, list, near, rows, reached, ...fields }: Sweep): () => Promise<void> {
    const { width, crew } = this;
    const count = tiles.length / TILE_FIELDS;
    const places = count * TILE;
    const rowBytes = 4 * places * width;
    const fieldBytes = 4 * places;
    const own = structBytes(loweringFields);
    const besides = tiles.byteLength + list.byteLength + near.byteLength;
    const call = new CrewCall(crew, own + rowBytes + ROW_FIELDS * fieldBytes + besides);
    const rowsAt = call.at + own;
    for (let tile = 0; tile < count; tile++)
      this.bringIn(rows, tile * TILE, tiles[tile * TILE_FIELDS + 2], rowsAt + 4 * tile * TILE * width);
    const leastAt = rowsAt + rowBytes;
    const reachAt = this.place(fields.least, leastAt);
    const enoughAt = this.place(fields.reach, reachAt);
    const seenAt = this.place(fields.enough, enoughAt);
    const metAt = this.place(fields.seen, seenAt);
    const depthAt = this.place(fields.met, metAt);
    const reachedAt = this.place(fields.depth, depthAt);
    const tilesAt = reachedAt + fieldBytes;
    const listAt = this.place(tiles, tilesAt);
    const nearAt = this.place(list, listAt);
    this.place(near, nearAt);
    this.post("lower", call, loweringFields, {
      rows: rowsAt,
      tiles: tilesAt,
      count,
      tileRows: TILE,
      width,
      centres: this.centres.at,
      list: listAt,
      near: nearAt,
      least: leastAt,
      reach: reachAt,
      enough: enoughAt,
      seen: seenAt,
      met: metAt,
      depth: depthAt,
      reached: reachedAt,
      wider: this.wider,
      taken: 0,
    });
    return async () => {
      try {
        await call.finished();
        this.view();
        fields.least.set(this.floats.subarray(leastAt / 4, leastAt / 4 + places));
        reached.set(this.words.subarray(reachedAt / 4, reachedAt / 4 + places));
        this.evaluations += this.words[call.at / 4 + lowering.taken];
        await this.wakeIfWorth();
      } finally {
        await call.close();
      }
    };
  }

  /** Distances are told apart to 0.4 %, the same way in every call. */
  inOrder(asks: readonly Ask[]): Ordered {
    const { width, crew, count } = this;
    const least = asks.reduce((found, { from }) => Math.min(found, from), count);
    // Kernels write keys by fours.
    const room = 4 * Math.ceil((count - least) / 4);
    const own = structBytes(orderingFields);
    const askWords = ASKED_WORDS + width + 2 * room;
    const call = new CrewCall(crew, own + 4 * askWords * asks.length + 4 * (room + BINS + 1));
    const pointsAt = call.at + own;
    const askedAt = pointsAt + 4 * width * asks.length;
    const listAt = askedAt + 4 * ASKED_WORDS * asks.length;
    const nearAt = listAt + 4 * room * asks.length;
    const keysAt = nearAt + 4 * room * asks.length;
    this.view();
    const { floats, words } = this;
    for (let i = 0; i < asks.length; i++) {
      const { point, from, horizon } = asks[i];
      const pointAt = pointsAt / 4 + i * width;
      const asked = askedAt / 4 + i * ASKED_WORDS;
      floats.set(point, pointAt);
      floats.fill(0, pointAt + point.length, pointAt + width);
      words[asked + askedPlaces.from] = from;
      floats[asked + askedPlaces.horizon] = horizon;
      this.evaluations += count - from;
    }
    this.post("order", call, orderingFields, {
      points: pointsAt,
      asked: askedAt,
      count: asks.length,
      width,
      centres: this.centres.at,
      end: count,
      wider: this.wider,
      absolute: this.error.absolute,
      list: listAt,
      near: nearAt,
      room,
      keys: keysAt,
      bins: keysAt + 4 * room,
    });
    return {
      ready: () => call.finished(),
      of: (ask) => {
        this.view();
        const listed = this.words[askedAt / 4 + ask * ASKED_WORDS + askedPlaces.listed];
        const [first, firstNear] = [listAt / 4 + ask * room, nearAt / 4 + ask * room];
        return {
          list: this.words.slice(first, first + listed),
          near: this.floats.slice(firstNear, firstNear + listed),
        };
      },
      close: () => call.close(),
    };
  }

  /** For each of these rows. The arrays are written from the start. */
  async nearestTwo(rows: Uint32Array, { nearest, first, second }: NearestTwo): Promise<void> {
    await this.compare(
      "nearestTwo",
      rows,
      12,
      ({ fieldsAt, count }) => ({
        nearest: fieldsAt,
        first: fieldsAt + 4 * count,
        second: fieldsAt + 8 * count,
      }),
      (piece) => {
        const { first: at, fieldsAt, count } = piece;
        nearest.set(this.words.subarray(fieldsAt / 4, fieldsAt / 4 + count), at);
        first.set(this.floats.subarray(fieldsAt / 4 + count, fieldsAt / 4 + 2 * count), at);
        second.set(this.floats.subarray(fieldsAt / 4 + 2 * count, fieldsAt / 4 + 3 * count), at);
      },
    );
  }

  /** Squared distances from a row to the centres of these numbers. The array is good until the next call. */
  fromRow(row: number, first: number, end: number): Float32Array {
    const { width } = this;
    this.scratch.reserve(4 * (width + end - first));
    const { at } = this.scratch;
    this.bringIn([row], 0, 1, at);
    this.crew.exports.spread(at, this.centreAt(first), end - first, width, at + 4 * width);
    this.evaluations += end - first;
    return this.floats.subarray(at / 4 + width, at / 4 + width + end - first);
  }

  /** Squared distances from a point, [dims], to the centres of a list. The array is good until the next call. */
  toListed(point: Float32Array, list: Uint32Array): Float32Array {
    const { width } = this;
    this.scratch.reserve(4 * (width + 2 * list.length));
    const { at } = this.scratch;
    this.view();
    this.floats.set(point, at / 4);
    this.floats.fill(0, at / 4 + point.length, at / 4 + width);
    const listAt = at + 4 * width;
    const into = this.place(list, listAt);
    this.crew.exports.spreadListed(at, this.centres.at, listAt, list.length, width, into);
    this.evaluations += list.length;
    return this.floats.subarray(into / 4, into / 4 + list.length);
  }

  /**
   * The `kept` least squared distances from each of these rows to others of them, ascending in `best` [rows, kept]. The
   * centres make way for the others, a block at a time.
   */
  async nearestAmong(rows: Uint32Array, kept: number, best: Float32Array, pace: Pace): Promise<void> {
    for (let firstOther = 0; firstOther < rows.length; firstOther += OTHERS) {
      this.takeForCentres(rows.subarray(firstOther, firstOther + OTHERS));
      await this.compare(
        "neighbours",
        rows,
        4 * kept,
        ({ first, count, fieldsAt }) => {
          this.place(best.subarray(first * kept, (first + count) * kept), fieldsAt);
          return { best: fieldsAt, kept, firstRow: first, firstOther };
        },
        ({ first, count, fieldsAt }) => {
          best.set(this.floats.subarray(fieldsAt / 4, fieldsAt / 4 + count * kept), first * kept);
        },
        pace,
      );
    }
  }

  /** Adds to `sums` [rows], for each of these rows, Σ 1 / (1 + distance) over others of the pool, a block of them at a time. */
  async addCloseness(rows: Uint32Array, others: Uint32Array, sums: Float64Array): Promise<void> {
    for (let firstOther = 0; firstOther < others.length; firstOther += OTHERS) {
      this.takeForCentres(others.subarray(firstOther, firstOther + OTHERS));
      const doublesOf = ({ fieldsAt, count }: Piece): Float64Array =>
        new Float64Array(this.floats.buffer, fieldsAt, count);
      await this.compare(
        "closeness",
        rows,
        8,
        (piece) => {
          doublesOf(piece).set(sums.subarray(piece.first, piece.first + piece.count));
          return { sums: piece.fieldsAt };
        },
        (piece) => sums.set(doublesOf(piece), piece.first),
      );
    }
  }

  /** The leaves of a tree whose poles and anchors are the centres, and the squared distance of each row to its anchor. */
  async descend(
    rows: Uint32Array,
    nodes: Int32Array,
    rootPole: number,
    leaves: Uint32Array,
    squaredReach: Float32Array,
  ): Promise<void> {
    const { width, crew } = this;
    const nodesAt = crew.allocate(nodes.byteLength);
    this.place(nodes, nodesAt);
    try {
      await this.inPieces(
        "descend",
        rows,
        8,
        descentFields,
        ({ rowsAt, count, fieldsAt }) => ({
          rows: rowsAt,
          count,
          width,
          anchors: this.centres.at,
          nodes: nodesAt,
          rootPole,
          leaf: fieldsAt,
          squaredReach: fieldsAt + 4 * count,
          taken: 0,
        }),
        ({ first, count, fieldsAt, call }) => {
          leaves.set(this.words.subarray(fieldsAt / 4, fieldsAt / 4 + count), first);
          squaredReach.set(this.floats.subarray(fieldsAt / 4 + count, fieldsAt / 4 + 2 * count), first);
          this.evaluations += this.words[call.at / 4 + descent.taken];
        },
      );
    } finally {
      crew.free(nodesAt, nodes.byteLength);
    }
  }

  close(): void {
    for (const other of this.others) other.close();
    this.centres.close();
    this.scratch.close();
  }

  /** Compares rows with all centres. `rest` lays out what a kernel needs beside that. */
  private async compare(
    kernel: "nearestTwo" | "closeness" | "neighbours",
    rows: Uint32Array,
    rowBytes: number,
    rest: (piece: Piece) => Partial<Values<typeof comparingFields>>,
    take: (piece: Piece) => void,
    pace?: Pace,
  ): Promise<void> {
    const { width, count: otherCount } = this;
    const none = { nearest: 0, first: 0, second: 0, sums: 0, best: 0, kept: 0, firstRow: 0, firstOther: 0 };
    await this.inPieces(
      kernel,
      rows,
      rowBytes,
      comparingFields,
      (piece) => ({
        ...none,
        rows: piece.rowsAt,
        count: piece.count,
        width,
        others: this.centres.at,
        otherCount,
        ...rest(piece),
      }),
      (piece) => {
        take(piece);
        this.evaluations += piece.count * otherCount;
      },
      pace,
    );
  }

  /** Has rows be worked on, some at a time: each has so many bytes beside its point, of which `take` is told once it is done. */
  private async inPieces<Fields extends Record<string, "u32" | "f32">>(
    kernel: KernelName,
    rows: Uint32Array,
    rowBytes: number,
    fields: Fields,
    argumentsOf: (piece: Piece) => Values<Fields>,
    take: (piece: Piece) => void,
    pace?: Pace,
  ): Promise<void> {
    const { crew, width, sweepSize } = this;
    const underWay: Piece[] = [];
    const finish = async (): Promise<void> => {
      const [piece] = underWay;
      await piece.call.finished();
      this.view();
      take(piece);
      underWay.shift();
      await piece.call.close();
      await this.wakeIfWorth();
      await pace?.turn();
    };
    try {
      for (let first = 0; first < rows.length; first += ROWS) {
        const count = Math.min(ROWS, rows.length - first);
        const own = structBytes(fields);
        const call = new CrewCall(crew, own + count * (4 * width + rowBytes));
        const rowsAt = call.at + own;
        const piece = { first, count, call, rowsAt, fieldsAt: rowsAt + 4 * count * width };
        underWay.push(piece);
        this.bringIn(rows, first, count, rowsAt);
        this.post(kernel, call, fields, argumentsOf(piece));
        if (underWay.length >= sweepSize.together) await finish();
      }
      while (underWay.length > 0) await finish();
    } finally {
      for (const { call } of underWay) await call.close();
    }
  }

  private post<Fields extends Record<string, "u32" | "f32">>(
    kernel: KernelName,
    call: CrewCall,
    fields: Fields,
    values: Values<Fields>,
  ): void {
    this.place(wordsOf(fields, values), call.at);
    call.post(kernel);
  }

  /** Workers take part once the work has proved to be worth it. */
  private async wakeIfWorth(): Promise<void> {
    if (this.hasWoken || this.evaluations * this.width < WORTH_WORKERS) return;
    this.hasWoken = true;
    await this.crew.wake();
  }

  private takeForCentres(rows: Uint32Array): void {
    this.count = 0;
    for (const row of rows) this.addCentres(pointOf(this.points, row));
  }

  private centreAt(centre: number): number {
    return this.centres.at + 4 * centre * this.width;
  }

  /** Copies rows, scaled, to a place in memory. */
  private bringIn(rows: ArrayLike<number>, first: number, count: number, place: number): void {
    this.view();
    for (let i = 0; i < count; i += TOUCHED) {
      const some = Math.min(TOUCHED, count - i);
      if (this.isHeld) this.touch(rows, first + i, some);
      this.copyRows(rows, first + i, some, place / 4 + i * this.width);
    }
  }

  private copyRows(rows: ArrayLike<number>, first: number, count: number, to: number): void {
    const { points, width, floats } = this;
    const { data, dims } = points;
    for (let i = 0; i < count; i++, to += width) {
      const row = rows[first + i];
      const from = points.at(row);
      if (points.metric !== "cosine") floats.set(data.subarray(from, from + dims), to);
      else {
        const scale = scaleOf(points, row);
        for (let d = 0; d < dims; d++) floats[to + d] = data[from + d] * scale;
      }
      if (dims < width) floats.fill(0, to + dims, to + width);
    }
  }

  /**
   * Reads a value of every line of the processor's cache that these rows lie in: it fetches many at a time where nothing
   * waits for them, and copying a row after the other takes three times as long without (370 against 123 ns a row of 64
   * values that lie at random among 256 MB).
   */
  private touch(rows: ArrayLike<number>, first: number, count: number): void {
    const { data, dims } = this.points;
    let sum = 0;
    for (let i = first; i < first + count; i++) {
      const end = (rows[i] + 1) * dims;
      for (let at = end - dims; at < end; at += LINE_VALUES) sum += data[at];
      sum += data[end - 1];
    }
    // Else engines would leave the reading out.
    this.touched = sum;
  }

  /** Copies numbers to a place in memory. Gives where they end. */
  private place(values: Uint32Array | Int32Array | Float32Array, at: number): number {
    this.view();
    if (values instanceof Float32Array) this.floats.set(values, at / 4);
    else this.words.set(values, at / 4);
    return at + values.byteLength;
  }

  /** Memory has other arrays once it has grown. */
  private view(): void {
    const { buffer } = this.crew.memory;
    if (this.floats.buffer === buffer) return;
    this.floats = new Float32Array(buffer);
    this.words = new Uint32Array(buffer);
  }
}
