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
} from "../distances.ts";
import type { Pace } from "../../pace.ts";
import type { DistanceExports } from "./distanceExports.ts";
import { instantiate } from "./simdModule.ts";

const PAGE = 2 ** 16;
/** Tiles that one call is handed. */
const TILES = 16;
const ROWS = TILES * TILE;
/** Numbers a row that it may be handed, beside its point: one for each argument of `lower`, and a tile's own. */
const ROW_FIELDS = 8;
/** Rows that others are compared with at a time: 512 kB of them at 64 dims. */
const OTHERS = 2048;
/** Values a point up to which `simd/distances.ts` takes four distances at a time. */
const SHORT = 128;
/** What `order` needs to tell distances apart. */
const BINS = 2 ** 16;

/** The nearest of some centres to each of some rows. */
export interface NearestTwo {
  readonly nearest: Uint32Array;
  /** Squared distances of the nearest and of the next. */
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/**
 * Rows of the pool beside centres of its own. Rows are brought in by tiles, so that memory is that of the centres.
 *
 * Memory holds, one after the other: ROWS rows, ROW_FIELDS numbers for each, the centres, and what a call adds.
 */
export class SimdDistances implements DistanceKernel {
  readonly error: DistanceError;
  private readonly wider: number;
  /** Centres so far. */
  count = 0;
  /** Distances taken. */
  evaluations = 0;
  private readonly points: PointData;
  /** Values a point: dims rounded up to a vector. */
  private readonly width: number;
  private readonly run: DistanceExports;
  private readonly centresAt: number;
  /** Where the numbers for the rows of a tile are. */
  private readonly fields: readonly number[];
  private floats = new Float32Array();
  private words = new Uint32Array();

  private constructor(points: PointData, run: DistanceExports) {
    this.points = points;
    this.run = run;
    this.width = 4 * Math.ceil(points.dims / 4);
    // Sums have sixteen chains, or four where that is quicker, which is for short points alone.
    this.error = distanceError(
      points.dims,
      Math.max(this.width / 16 + 6, Math.min(this.width, SHORT) / 4 + 2),
      points.metric,
    );
    this.wider = widerOf(this.error);
    this.centresAt = 4 * ROWS * (this.width + ROW_FIELDS);
    this.fields = Array.from({ length: ROW_FIELDS }, (_, field) => 4 * ROWS * (this.width + field));
    this.reserve(this.centresAt);
  }

  static async open(points: PointData): Promise<SimdDistances> {
    return new SimdDistances(points, await instantiate("distances"));
  }

  addCentres(values: Float32Array): void {
    const { dims } = this.points;
    for (let first = 0; first < values.length; first += dims) {
      const at = this.centreAt(this.count++);
      this.reserve(at + 4 * this.width);
      this.floats.set(values.subarray(first, first + dims), at / 4);
      // What a call left here is no part of it.
      this.floats.fill(0, at / 4 + dims, at / 4 + this.width);
    }
  }

  /** Takes points, [count, dims], for all centres so far. */
  replaceCentres(values: Float32Array): void {
    this.count = 0;
    this.addCentres(values);
  }

  /** A copy of a centre, [dims]. */
  centre(number: number): Float32Array {
    const at = this.centreAt(number) / 4;
    return this.floats.slice(at, at + this.points.dims);
  }

  async lower({ tiles, list, near, rows, reached, ...fields }: Sweep): Promise<void> {
    const { run, width, centresAt, wider } = this;
    const [leastAt, reachAt, enoughAt, seenAt, metAt, depthAt, reachedAt, tilesAt] = this.fields;
    const listAt = this.centreAt(this.count);
    const nearAt = listAt + 4 * list.length;
    this.reserve(nearAt + 4 * list.length);
    const { floats, words } = this;
    words.set(list, listAt / 4);
    floats.set(near, nearAt / 4);
    const all = tiles.length / TILE_FIELDS;
    for (let tile = 0; tile < all; tile += TILES) {
      const count = Math.min(TILES, all - tile);
      const [first, end] = [tile * TILE, (tile + count) * TILE];
      for (let one = tile; one < tile + count; one++)
        this.bringIn(rows, one * TILE, tiles[one * TILE_FIELDS + 2], (one - tile) * TILE);
      words.set(tiles.subarray(tile * TILE_FIELDS, (tile + count) * TILE_FIELDS), tilesAt / 4);
      floats.set(fields.least.subarray(first, end), leastAt / 4);
      floats.set(fields.reach.subarray(first, end), reachAt / 4);
      floats.set(fields.enough.subarray(first, end), enoughAt / 4);
      words.set(fields.seen.subarray(first, end), seenAt / 4);
      words.set(fields.met.subarray(first, end), metAt / 4);
      floats.set(fields.depth.subarray(first, end), depthAt / 4);
      this.evaluations += run.lower(
        0,
        tilesAt,
        count,
        TILE,
        width,
        centresAt,
        listAt,
        nearAt,
        leastAt,
        reachAt,
        enoughAt,
        seenAt,
        metAt,
        depthAt,
        reachedAt,
        wider,
      );
      fields.least.set(floats.subarray(leastAt / 4, leastAt / 4 + end - first), first);
      reached.set(words.subarray(reachedAt / 4, reachedAt / 4 + end - first), first);
    }
  }

  /**
   * Centres from `from` on by their distance to a point, [dims]: their numbers, and how far they are at least, as far as
   * that is not more than `horizon`. Distances are told apart to 0.4 %, the same way in every call.
   */
  inOrder(point: Float32Array, from: number, horizon: number): { list: Uint32Array; near: Float32Array } {
    const { run, width, centresAt, count, error, wider } = this;
    const room = 4 * (count - from);
    const listAt = this.centreAt(count);
    this.reserve(listAt + 3 * room + 4 * (BINS + 1));
    this.floats.set(point);
    const keysAt = listAt + 2 * room;
    const binsAt = keysAt + room;
    const { absolute } = error;
    const nearAt = listAt + room;
    const listed = run.order(
      0,
      centresAt,
      from,
      count,
      width,
      wider,
      absolute,
      horizon,
      listAt,
      nearAt,
      keysAt,
      binsAt,
    );
    this.evaluations += count - from;
    return {
      list: this.words.slice(listAt / 4, listAt / 4 + listed),
      near: this.floats.slice(nearAt / 4, nearAt / 4 + listed),
    };
  }

  /** For each of these rows. The arrays are written from the start. */
  nearestTwo(rows: Uint32Array, { nearest, first, second }: NearestTwo): void {
    const { run, width, count } = this;
    const [nearestAt, firstAt, secondAt] = this.fields;
    for (let at = 0; at < rows.length; at += ROWS) {
      const found = Math.min(ROWS, rows.length - at);
      this.bringIn(rows, at, found);
      run.nearestTwo(0, found, width, this.centresAt, count, nearestAt, firstAt, secondAt);
      nearest.set(this.words.subarray(nearestAt / 4, nearestAt / 4 + found), at);
      first.set(this.floats.subarray(firstAt / 4, firstAt / 4 + found), at);
      second.set(this.floats.subarray(secondAt / 4, secondAt / 4 + found), at);
      this.evaluations += found * count;
    }
  }

  /** Squared distances from a row to the centres of these numbers. The array is good until the next call. */
  fromRow(row: number, first: number, end: number): Float32Array {
    const { run, width } = this;
    const into = this.centreAt(this.count);
    this.reserve(into + 4 * (end - first));
    this.bringIn([row], 0, 1);
    run.spread(0, this.centreAt(first), end - first, width, into);
    this.evaluations += end - first;
    return this.floats.subarray(into / 4, into / 4 + end - first);
  }

  /** Squared distances from a point, [dims], to the centres of a list. The array is good until the next call. */
  toListed(point: Float32Array, list: Uint32Array): Float32Array {
    const { run, width } = this;
    const listAt = this.centreAt(this.count);
    const into = listAt + 4 * list.length;
    this.reserve(into + 4 * list.length);
    this.floats.set(point);
    this.words.set(list, listAt / 4);
    run.spreadListed(0, this.centresAt, listAt, list.length, width, into);
    this.evaluations += list.length;
    return this.floats.subarray(into / 4, into / 4 + list.length);
  }

  /**
   * The `kept` least squared distances from each of these rows to others of them, ascending in `best` [rows, kept]. The
   * centres make way for the others, a block at a time.
   */
  async nearestAmong(rows: Uint32Array, kept: number, best: Float32Array, pace: Pace): Promise<void> {
    const { run, width, points } = this;
    for (let firstOther = 0; firstOther < rows.length; firstOther += OTHERS) {
      const others = rows.subarray(firstOther, firstOther + OTHERS);
      this.count = 0;
      for (const row of others) this.addCentres(pointOf(points, row));
      const bestAt = this.centreAt(others.length);
      this.reserve(bestAt + 4 * ROWS * kept);
      for (let first = 0; first < rows.length; first += ROWS) {
        const count = Math.min(ROWS, rows.length - first);
        this.bringIn(rows, first, count);
        this.floats.set(best.subarray(first * kept, (first + count) * kept), bestAt / 4);
        run.neighbours(0, count, first, this.centresAt, others.length, firstOther, width, kept, bestAt);
        best.set(this.floats.subarray(bestAt / 4, bestAt / 4 + count * kept), first * kept);
        await pace.turn();
      }
      this.evaluations += rows.length * others.length;
    }
  }

  /** Adds to `sums` [rows], for each of these rows, Σ 1 / (1 + distance) over others of the pool, a block of them at a time. */
  addCloseness(rows: Uint32Array, others: Uint32Array, sums: Float64Array): void {
    const { run, width, points } = this;
    for (let firstOther = 0; firstOther < others.length; firstOther += OTHERS) {
      const some = others.subarray(firstOther, firstOther + OTHERS);
      this.count = 0;
      for (const row of some) this.addCentres(pointOf(points, row));
      const sumsAt = this.centreAt(some.length + (some.length & 1));
      this.reserve(sumsAt + 8 * ROWS);
      const doubles = new Float64Array(run.memory.buffer, sumsAt, ROWS);
      for (let first = 0; first < rows.length; first += ROWS) {
        const count = Math.min(ROWS, rows.length - first);
        this.bringIn(rows, first, count);
        doubles.set(sums.subarray(first, first + count));
        run.closeness(0, count, this.centresAt, some.length, width, sumsAt);
        sums.set(doubles.subarray(0, count), first);
      }
      this.evaluations += rows.length * some.length;
    }
  }

  /** The leaves of a tree whose poles and anchors are the centres, and the squared distance of each row to its anchor. */
  descend(
    rows: Uint32Array,
    nodes: Int32Array,
    rootPole: number,
    leaves: Uint32Array,
    squaredReach: Float32Array,
  ): void {
    const { run, width } = this;
    const nodesAt = this.centreAt(this.count);
    this.reserve(nodesAt + 4 * nodes.length);
    this.words.set(nodes, nodesAt / 4);
    const [leafAt, reachAt] = this.fields;
    for (let at = 0; at < rows.length; at += ROWS) {
      const count = Math.min(ROWS, rows.length - at);
      this.bringIn(rows, at, count);
      this.evaluations += run.descend(0, count, width, this.centresAt, nodesAt, rootPole, leafAt, reachAt);
      leaves.set(this.words.subarray(leafAt / 4, leafAt / 4 + count), at);
      squaredReach.set(this.floats.subarray(reachAt / 4, reachAt / 4 + count), at);
    }
  }

  close(): void {}

  private centreAt(centre: number): number {
    return this.centresAt + 4 * centre * this.width;
  }

  /** Copies rows, scaled, to the start of the memory or a later place. */
  private bringIn(rows: ArrayLike<number>, first: number, count: number, place = 0): void {
    const { points, width, floats } = this;
    const { data, dims } = points;
    for (let i = 0; i < count; i++) {
      const row = rows[first + i];
      const from = points.at(row);
      const to = (place + i) * width;
      if (points.metric !== "cosine") {
        floats.set(data.subarray(from, from + dims), to);
        continue;
      }
      const scale = scaleOf(points, row);
      for (let d = 0; d < dims; d++) floats[to + d] = data[from + d] * scale;
    }
  }

  private reserve(bytes: number): void {
    const { memory } = this.run;
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.max(Math.ceil(missing / PAGE), memory.buffer.byteLength / PAGE));
    if (this.floats.buffer === memory.buffer && missing <= 0) return;
    this.floats = new Float32Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
  }
}
