/** Distances on the device: points that stay there, and sweeps over them. */
import {
  distanceError,
  scaleOf,
  TILE,
  TILE_FIELDS,
  widerOf,
  type DistanceError,
  type DistanceKernel,
  type PointData,
  type Sweep,
} from "../distances.ts";
import { usage, type Gpu } from "./gpu.ts";
import { distancePrograms } from "./program.ts";
import type { SweepParams } from "./shaders.gen.ts";
import type { Tuning } from "./tuning.ts";

/** Bytes uploaded at a time, and how many such pieces before the device is waited for. */
const PIECE_BYTES = 2 ** 22;
const PIECES_UNDERWAY = 8;
/** Lines of what a sweep tells of its rows, and of what comes back. */
const KNOWN_LINES = 7;
const FOUND_LINES = 3;

/** A stretch of the pool's points in one buffer. */
interface PointStretch {
  readonly first: number;
  readonly rows: number;
  /** [rows, width], vec4f. */
  readonly buffer: GPUBuffer;
}

/** The points of a pool on the device, as far as one binding reaches in each buffer. */
export class DevicePoints {
  readonly gpu: Gpu;
  readonly tuning: Tuning;
  readonly points: PointData;
  /** Values a point: dims rounded up to a vec4f. */
  readonly width: number;
  /** Of a distance to them. */
  readonly error: DistanceError;
  readonly stretches: readonly PointStretch[];

  private constructor(gpu: Gpu, tuning: Tuning, points: PointData, stretches: readonly PointStretch[]) {
    this.gpu = gpu;
    this.tuning = tuning;
    this.points = points;
    this.width = widthOf(points);
    // Four products of a dot and one sum for each vec4f.
    this.error = distanceError(points.dims, this.width / 4 + 4, points.metric);
    this.stretches = stretches;
  }

  /** Undefined where the device has no room for them. */
  static async upload(gpu: Gpu, tuning: Tuning, points: PointData): Promise<DevicePoints | undefined> {
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
    const bytes = 4 * widthOf(points);
    const rows = points.data.length / points.dims;
    const most = Math.floor(Math.min(tuning.pointBytes, maxStorageBufferBindingSize, maxBufferSize) / bytes);
    const stretches: PointStretch[] = [];
    const all = new DevicePoints(gpu, tuning, points, stretches);
    try {
      for (let first = 0; first < rows; first += most) {
        const count = Math.min(most, rows - first);
        const buffer = most > 0 && (await gpu.tryBuffer("points", count * bytes, usage.storage | usage.copyTarget));
        if (!buffer) {
          all.close();
          return undefined;
        }
        stretches.push({ first, rows: count, buffer });
        await all.fill(stretches[stretches.length - 1]);
      }
    } catch (error) {
      all.close();
      throw error;
    }
    return all;
  }

  close(): void {
    for (const { buffer } of this.stretches) buffer.destroy();
  }

  private async fill({ first, rows, buffer }: PointStretch): Promise<void> {
    const { gpu, points, width } = this;
    const step = Math.max(1, Math.floor(PIECE_BYTES / 4 / width));
    const piece = new Float32Array(Math.min(step, rows) * width);
    for (let at = 0, underway = 1; at < rows; at += step, underway++) {
      const count = Math.min(step, rows - at);
      for (let i = 0; i < count; i++) copyPoint(points, first + at + i, piece, i * width);
      gpu.device.queue.writeBuffer(buffer, at * width * 4, piece, 0, count * width);
      if (underway % PIECES_UNDERWAY === 0) await gpu.finished();
    }
  }
}

const widthOf = ({ dims }: PointData): number => 4 * Math.ceil(dims / 4);

function copyPoint(points: PointData, row: number, into: Float32Array, to: number): void {
  const { data, dims } = points;
  const scale = scaleOf(points, row);
  for (let d = 0; d < dims; d++) into[to + d] = data[row * dims + d] * scale;
}

/** Centres beside the points of a pool. */
export class DeviceDistances implements DistanceKernel {
  readonly error: DistanceError;
  evaluations = 0;
  private readonly points: DevicePoints;
  private readonly centres: GPUBuffer;
  /** Centres on the device. */
  private count = 0;
  /** Values that the device does not have yet. */
  private waiting: Float32Array[] = [];

  private constructor(points: DevicePoints, centres: GPUBuffer) {
    this.points = points;
    this.centres = centres;
    this.error = points.error;
  }

  /** For so many centres at most; undefined where they do not fit one binding, or the device has no room for them. */
  static async open(points: DevicePoints, mostCentres: number): Promise<DeviceDistances | undefined> {
    const { gpu, width } = points;
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
    const bytes = 4 * width * Math.max(1, mostCentres);
    if (bytes > Math.min(maxStorageBufferBindingSize, maxBufferSize)) return undefined;
    const centres = await gpu.tryBuffer("centres", bytes, usage.storage | usage.copyTarget);
    return centres && new DeviceDistances(points, centres);
  }

  addCentres(values: Float32Array): void {
    const { dims } = this.points.points;
    for (let first = 0; first < values.length; first += dims) {
      const padded = new Float32Array(this.points.width);
      padded.set(values.subarray(first, first + dims));
      this.waiting.push(padded);
    }
  }

  async lower(sweep: Sweep): Promise<void> {
    const { gpu, tuning, stretches, width } = this.points;
    const { centres } = this;
    const places = sweep.rows.length;
    const kernel = await gpu.kernel({ code: distancePrograms.lower_tiles(), entryPoint: "lower_tiles", constants: {} });
    this.sendCentres();
    const known = new Uint32Array(KNOWN_LINES * places);
    const lines = [sweep.rows, sweep.least, sweep.reach, sweep.enough, sweep.seen, sweep.met, sweep.depth];
    lines.forEach((line, i) => known.set(bitsOf(line), i * places));
    const owned: GPUBuffer[] = [];
    const filled = (label: string, values: Uint32Array | Float32Array): GPUBuffer => {
      const buffer = gpu.filled(label, values, usage.storage);
      owned.push(buffer);
      return buffer;
    };
    try {
      const read = {
        tiles: filled("tiles", sweep.tiles),
        list: filled("list", sweep.list),
        near: filled("near", sweep.near),
        known: filled("known", known),
      };
      const found = await gpu.buffer("found", FOUND_LINES * places * 4, usage.storage | usage.copySource);
      owned.push(found);
      for (const [first_tile, end_tile] of this.parts(sweep)) {
        const batch = gpu.batch();
        for (const { first, rows, buffer } of stretches) {
          const params: SweepParams = {
            width: width / 4,
            first_row: first,
            rows,
            first_tile,
            end_tile,
            places,
            wider: widerOf(this.error),
          };
          const groups = Math.min(end_tile - first_tile, tuning.maxGroups);
          kernel.dispatch(batch, { params, points: buffer, centres, ...read, found }, groups);
        }
        gpu.submit(batch);
      }
      const [bytes] = await gpu.read([found, FOUND_LINES * places * 4]);
      sweep.least.set(new Float32Array(bytes, 0, places));
      sweep.reached.set(new Uint32Array(bytes, 4 * places, places));
      for (const taken of new Uint32Array(bytes, 8 * places, places)) this.evaluations += taken;
    } finally {
      for (const buffer of owned) buffer.destroy();
    }
  }

  close(): void {
    this.centres.destroy();
  }

  /** Tiles, from the first to before the last, that one submit may cost: all of a list for each row, at worst. */
  private *parts({ tiles }: Sweep): Iterable<[first: number, end: number]> {
    const { width, tuning } = this.points;
    const all = tiles.length / TILE_FIELDS;
    let first = 0;
    let products = 0;
    for (let tile = 0; tile < all; tile++) {
      const [begin, end] = tiles.subarray(tile * TILE_FIELDS);
      const own = (end - begin) * TILE * width;
      if (tile > first && products + own > tuning.chunkProducts) {
        yield [first, tile];
        first = tile;
        products = 0;
      }
      products += own;
    }
    yield [first, all];
  }

  /** Brings the centres that came since the last sweep to the device. */
  private sendCentres(): void {
    const { points, centres, waiting, count } = this;
    const { gpu, width } = points;
    const values = new Float32Array(waiting.length * width);
    waiting.forEach((point, i) => values.set(point, i * width));
    gpu.device.queue.writeBuffer(centres, count * width * 4, values);
    this.count += waiting.length;
    this.waiting = [];
  }
}

const bitsOf = (values: Uint32Array | Float32Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);
