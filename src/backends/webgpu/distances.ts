/** Sweeps on the device, over points that stay there or are brought there by each. */
import {
  TILE,
  TILE_FIELDS,
  widerOf,
  type DistanceError,
  type DistanceKernel,
  type Sweep,
  type SweepSize,
} from "../distances.ts";
import type { DevicePoints } from "./devicePoints.ts";
import { NoRoomError, usage, type Kernel } from "./gpu.ts";
import { sweepProgram } from "./program.ts";
import type { SweepParams } from "./shaders.gen.ts";

/** Lines of what a sweep tells of its rows, and of what comes back. */
const KNOWN_LINES = 7;
const FOUND_LINES = 3;

/** What all parts of a sweep read. */
interface SharedBuffers {
  readonly list: GPUBuffer;
  readonly near: GPUBuffer;
}

/** Centres beside the points of a pool. */
export class DeviceDistances implements DistanceKernel {
  readonly error: DistanceError;
  /** Some 10 MB each of tiles, and of entries. */
  readonly sweepSize: SweepSize = { tiles: 2 ** 13, entries: 2 ** 20, together: 1 };
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

  lower(sweep: Sweep): () => Promise<void> {
    const lowered = this.lowerAll(sweep);
    // Who waits for it is told.
    lowered.catch(() => {});
    return () => lowered;
  }

  close(): void {
    this.centres.destroy();
  }

  private async lowerAll(sweep: Sweep): Promise<void> {
    const { gpu, storage } = this.points;
    const kernel = await gpu.kernel({ code: sweepProgram(storage), entryPoint: "lower_tiles", constants: {} });
    this.sendCentres();
    const list = gpu.filled("list", sweep.list, usage.storage);
    const near = gpu.filled("near", sweep.near, usage.storage);
    // While the device is at one part, the next is brought together.
    let before: Promise<void> = Promise.resolve();
    try {
      for (const [first, end] of this.parts(sweep)) {
        const own = this.lowerOrHalve(kernel, partOf(sweep, first, end), { list, near });
        own.catch(() => {});
        await before;
        before = own;
      }
    } finally {
      await before.finally(() => {
        list.destroy();
        near.destroy();
      });
    }
  }

  /** Where the device has no room for a part, it takes a half after the other. */
  private async lowerOrHalve(kernel: Kernel, part: Sweep, shared: SharedBuffers): Promise<void> {
    const tiles = part.tiles.length / TILE_FIELDS;
    try {
      await this.lowerPart(kernel, part, shared);
    } catch (error) {
      if (!(error instanceof NoRoomError) || tiles === 1) throw error;
      const half = tiles >> 1;
      await this.lowerOrHalve(kernel, partOf(part, 0, half), shared);
      await this.lowerOrHalve(kernel, partOf(part, half, tiles), shared);
    }
  }

  private async lowerPart(kernel: Kernel, part: Sweep, shared: SharedBuffers): Promise<void> {
    const { gpu, tuning, width, stretches, isResident } = this.points;
    const places = part.rows.length;
    const tiles = part.tiles.length / TILE_FIELDS;
    const known = new Uint32Array(KNOWN_LINES * places);
    const rows = isResident ? part.rows : part.rows.map((_, place) => place);
    const lines = [rows, part.least, part.reach, part.enough, part.seen, part.met, part.depth];
    lines.forEach((line, i) => known.set(bitsOf(line), i * places));
    const owned: GPUBuffer[] = [];
    const filled = (label: string, values: Uint32Array): GPUBuffer => {
      const buffer = gpu.filled(label, values, usage.storage);
      owned.push(buffer);
      return buffer;
    };
    try {
      const found = await gpu.buffer("found", FOUND_LINES * places * 4, usage.storage | usage.copySource);
      owned.push(found);
      const read = { ...shared, tiles: filled("tiles", part.tiles), known: filled("known", known) };
      const among = isResident ? stretches : [{ first: 0, rows: places, buffer: filled("points", this.gather(part)) }];
      const batch = gpu.batch();
      for (const stretch of among) {
        const params: SweepParams = {
          width: width / 4,
          first_row: stretch.first,
          rows: stretch.rows,
          first_tile: 0,
          end_tile: tiles,
          places,
          wider: widerOf(this.error),
        };
        const bindings = { params, points: stretch.buffer, centres: this.centres, ...read, found };
        kernel.dispatch(batch, bindings, Math.min(tiles, tuning.maxGroups));
      }
      gpu.submit(batch);
      const [bytes] = await gpu.read([found, FOUND_LINES * places * 4]);
      part.least.set(new Float32Array(bytes, 0, places));
      part.reached.set(new Uint32Array(bytes, 4 * places, places));
      for (const taken of new Uint32Array(bytes, 8 * places, places)) this.evaluations += taken;
    } finally {
      for (const buffer of owned) buffer.destroy();
    }
  }

  /** The points of the rows of a part, place by place, as they are stored. */
  private gather({ tiles, rows }: Sweep): Uint32Array {
    const { points } = this;
    const words = new Uint32Array(rows.length * points.words);
    for (let tile = 0; tile * TILE < rows.length; tile++) {
      const end = tile * TILE + tiles[tile * TILE_FIELDS + 2];
      for (let place = tile * TILE; place < end; place++) points.store(rows[place], words, place * points.words);
    }
    return words;
  }

  /**
   * Tiles, from the first to before the last, that are worked on at a time: all of a list for each row, at worst, and
   * what is on the device for it.
   */
  private *parts({ tiles }: Sweep): Iterable<[first: number, end: number]> {
    const { width, words, tuning, isResident } = this.points;
    const all = tiles.length / TILE_FIELDS;
    const tileBytes = 4 * TILE * (KNOWN_LINES + FOUND_LINES + (isResident ? 0 : words));
    const most = Math.max(1, Math.floor(tuning.sweepBytes / tileBytes));
    let first = 0;
    let products = 0;
    for (let tile = 0; tile < all; tile++) {
      const [begin, end] = tiles.subarray(tile * TILE_FIELDS);
      const own = (end - begin) * TILE * width;
      if (tile > first && (products + own > tuning.chunkProducts || tile - first === most)) {
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

/** Some tiles of a sweep, over the same arrays. */
function partOf({ tiles, list, near, ...lines }: Sweep, first: number, end: number): Sweep {
  const cut = <T extends Uint32Array | Float32Array>(line: T): T => line.subarray(first * TILE, end * TILE) as T;
  return {
    tiles: tiles.subarray(first * TILE_FIELDS, end * TILE_FIELDS),
    list,
    near,
    rows: cut(lines.rows),
    reach: cut(lines.reach),
    enough: cut(lines.enough),
    seen: cut(lines.seen),
    met: cut(lines.met),
    depth: cut(lines.depth),
    least: cut(lines.least),
    reached: cut(lines.reached),
  };
}

const bitsOf = (values: Uint32Array | Float32Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);
