/** Distances in float32 on this machine's vector units: `simd/distances.ts`, and the memory it works in. */
import {
  distanceError,
  TILE,
  TILE_FIELDS,
  widerOf,
  type DistanceError,
  type DistanceKernel,
  type PointData,
  type Sweep,
  type SweepSize,
} from "../distances.ts";
import { Crew } from "./crew.ts";
import { CrewCall } from "./crewCall.ts";
import { CrewRoom } from "./crewRoom.ts";
import { PointRows } from "./pointRows.ts";
import { loweringFields } from "./simd.gen.ts";
import { placesOf, structBytes } from "./structs.ts";

/** Values of the rows of one call: they stay in the cache of a core. */
const CALL_VALUES = 2 ** 18;
/** Tiles of one call at most. */
const TILES = 64;
/** Entries of lists of one call, from which on it has enough. */
const ENTRIES = 2 ** 17;
/** Numbers a row of a tile, beside its point. */
const ROW_FIELDS = 7;
/** Values of a sum that has four chains in `simd/distances.ts`. */
const SHORT = 128;
/** Products from which on workers are worth starting. */
const WORTH_WORKERS = 2 ** 25;

const lowering = placesOf(loweringFields);

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
  readonly points: PointData;
  readonly crew: Crew;
  /** Values a point: dims rounded up to a vector. */
  readonly width: number;
  /** Of `widerOf`. */
  readonly wider: number;
  readonly rows: PointRows;
  private readonly others: SimdDistances[] = [];
  private readonly centres: CrewRoom;
  /** Of what this thread does alone. */
  private readonly scratch: CrewRoom;
  private hasWoken = false;

  private constructor(points: PointData, crew: Crew) {
    this.points = points;
    this.crew = crew;
    this.width = 4 * Math.ceil(points.dims / 4);
    // Sums have sixteen chains, or four for up to 128 values, and what these come to is added up.
    const inFours = Math.min(this.width, SHORT) / 4 + 2 + Math.ceil(this.width / SHORT);
    this.error = distanceError(points.dims, Math.max(this.width / 16 + 6, inFours), points.metric);
    this.wider = widerOf(this.error);
    this.rows = new PointRows(points, crew, this.width);
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
    for (let first = 0; first < values.length; first += dims) {
      const at = this.centreAt(this.count++) / 4;
      this.crew.floats.set(values.subarray(first, first + dims), at);
      // What was here before is no part of it.
      this.crew.floats.fill(0, at + dims, at + this.width);
    }
  }

  /** Adds rows of the pool. */
  addRows(rows: Uint32Array): void {
    this.centres.reserve(4 * this.width * (this.count + rows.length));
    this.rows.copy(rows, 0, rows.length, this.centreAt(this.count));
    this.count += rows.length;
  }

  /** Takes points, [count, dims], for all centres so far. */
  replaceCentres(values: Float32Array): void {
    this.count = 0;
    this.addCentres(values);
  }

  /** A copy of a centre, [dims]. */
  centre(number: number): Float32Array {
    const at = this.centreAt(number) / 4;
    return this.crew.floats.slice(at, at + this.points.dims);
  }

  /** The mean of the centres of these numbers, [dims]. */
  meanOf(list: Uint32Array): Float32Array {
    const { floats } = this.crew;
    const mean = new Float32Array(this.points.dims);
    for (const number of list) {
      const at = this.centreAt(number) / 4;
      for (let d = 0; d < mean.length; d++) mean[d] += floats[at + d] / list.length;
    }
    return mean;
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
      this.rows.copy(rows, tile * TILE, tiles[tile * TILE_FIELDS + 2], rowsAt + 4 * tile * TILE * width);
    const leastAt = rowsAt + rowBytes;
    const reachAt = crew.write(fields.least, leastAt);
    const enoughAt = crew.write(fields.reach, reachAt);
    const seenAt = crew.write(fields.enough, enoughAt);
    const metAt = crew.write(fields.seen, seenAt);
    const depthAt = crew.write(fields.met, metAt);
    const reachedAt = crew.write(fields.depth, depthAt);
    const tilesAt = reachedAt + fieldBytes;
    const listAt = crew.write(tiles, tilesAt);
    const nearAt = crew.write(list, listAt);
    crew.write(near, nearAt);
    call.post("lower", loweringFields, {
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
        fields.least.set(this.crew.floats.subarray(leastAt / 4, leastAt / 4 + places));
        reached.set(this.crew.words.subarray(reachedAt / 4, reachedAt / 4 + places));
        this.evaluations += this.crew.words[call.at / 4 + lowering.taken];
        await this.wakeIfWorth();
      } finally {
        await call.close();
      }
    };
  }

  /** Squared distances from a row to the centres of these numbers. The array is good until the next call. */
  fromRow(row: number, first: number, end: number): Float32Array {
    const { width } = this;
    this.scratch.reserve(4 * (width + end - first));
    const { at } = this.scratch;
    this.rows.copy([row], 0, 1, at);
    this.crew.exports.spread(at, this.centreAt(first), end - first, width, at + 4 * width);
    this.evaluations += end - first;
    return this.crew.floats.subarray(at / 4 + width, at / 4 + width + end - first);
  }

  /** Squared distances from a point, [dims], to the centres of a list. The array is good until the next call. */
  toListed(point: Float32Array, list: Uint32Array): Float32Array {
    const { width } = this;
    this.scratch.reserve(4 * (width + 2 * list.length));
    const { at } = this.scratch;
    this.crew.floats.set(point, at / 4);
    this.crew.floats.fill(0, at / 4 + point.length, at / 4 + width);
    const listAt = at + 4 * width;
    const into = this.crew.write(list, listAt);
    this.crew.exports.spreadListed(at, this.centres.at, listAt, list.length, width, into);
    this.evaluations += list.length;
    return this.crew.floats.subarray(into / 4, into / 4 + list.length);
  }

  close(): void {
    for (const other of this.others) other.close();
    this.centres.close();
    this.scratch.close();
  }

  /** Workers take part once the work has proved to be worth it. */
  async wakeIfWorth(): Promise<void> {
    if (this.hasWoken || this.evaluations * this.width < WORTH_WORKERS) return;
    this.hasWoken = true;
    await this.crew.wake();
  }

  /** Where centres are. */
  get centresAt(): number {
    return this.centres.at;
  }

  private centreAt(centre: number): number {
    return this.centres.at + 4 * centre * this.width;
  }
}
