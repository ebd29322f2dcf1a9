/** The points of a pool on the device: as they are stored there, and how far that moves them. */
import { InputError } from "../../errors.ts";
import { FEATURE_LIMIT } from "../../matrix.ts";
import { Pace } from "../../pace.ts";
import type { PointStorage } from "../../vectors.ts";
import { distanceError, scaleOf, type DistanceError, type PointData } from "../distances.ts";
import { usage, type Gpu } from "./gpu.ts";
import { storePoint, wordsAPoint } from "./pointStorage.ts";
import type { Tuning } from "./tuning.ts";

/** Bytes uploaded at a time, and how many such pieces before the device is waited for. */
const PIECE_BYTES = 2 ** 22;
const PIECES_UNDERWAY = 8;
/** Rows measured at a time. */
const ROWS_A_TURN = 4096;

/** A stretch of the pool's points in one buffer. */
interface PointStretch {
  readonly first: number;
  readonly rows: number;
  /** [rows, words], as they are stored. */
  readonly buffer: GPUBuffer;
}

/** The points of a pool on the device, as far as one binding reaches in each buffer; or none, where they do not fit. */
export class DevicePoints {
  readonly gpu: Gpu;
  readonly tuning: Tuning;
  readonly points: PointData;
  readonly storage: PointStorage;
  /** Values a point: dims rounded up to a vec4f. */
  readonly width: number;
  /** Words a point takes as it is stored. */
  readonly words: number;
  /** Without any, rows are brought to the device by each sweep anew. */
  readonly stretches: PointStretch[] = [];
  /** How far a point is from where it should be, at most. */
  private moved = 0;
  private readonly scaled: Float32Array;

  private constructor(gpu: Gpu, tuning: Tuning, points: PointData, storage: PointStorage) {
    this.gpu = gpu;
    this.tuning = tuning;
    this.points = points;
    this.storage = storage;
    this.width = 4 * Math.ceil(points.dims / 4);
    this.words = wordsAPoint(storage, this.width);
    this.scaled = new Float32Array(this.width);
  }

  /** Uploads them, where the device has room for all. */
  static async open(
    gpu: Gpu,
    tuning: Tuning,
    points: PointData,
    storage: PointStorage = "float32",
  ): Promise<DevicePoints> {
    const all = new DevicePoints(gpu, tuning, points, storage);
    try {
      if (!(await all.upload())) {
        all.close();
        if (storage !== "float32") await all.measure();
      }
      if (all.moved === Infinity)
        throw new InputError(`embeddings reach beyond ±65504, the largest float16: store them as int8 or float32`);
    } catch (error) {
      all.close();
      throw error;
    }
    return all;
  }

  /** On the device. */
  get bytes(): number {
    return this.stretches.reduce((sum, { rows }) => sum + 4 * rows * this.words, 0);
  }

  get isResident(): boolean {
    return this.stretches.length > 0;
  }

  /** Of a distance to them: four products of a dot and one sum for each vec4f, and what storing has moved. */
  get error(): DistanceError {
    const { points, width, moved } = this;
    const { relative, absolute } = distanceError(points.dims, width / 4 + 4, points.metric);
    return { relative, absolute: absolute + moved };
  }

  /** Writes a row as it is stored to word `to`. */
  store(row: number, words: Uint32Array, to: number): void {
    const { points, scaled, storage } = this;
    const scale = scaleOf(points, row);
    const first = points.at(row);
    const { data, dims } = points;
    let largest = 0;
    for (let d = 0; d < dims; d++) {
      scaled[d] = data[first + d] * scale;
      largest = Math.max(largest, Math.abs(scaled[d]));
    }
    const moved = storePoint[storage](scaled, words, to);
    // A row that is no point is never asked for.
    if (largest < FEATURE_LIMIT) this.moved = Math.max(this.moved, moved);
  }

  close(): void {
    for (const { buffer } of this.stretches) buffer.destroy();
    this.stretches.length = 0;
  }

  /** Whether all of them had room, and left some. */
  private async upload(): Promise<boolean> {
    const { gpu, tuning, points, words, stretches } = this;
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
    const bytes = 4 * words;
    if (points.rows * bytes > tuning.allPointBytes) return false;
    const most = Math.floor(Math.min(tuning.pointBytes, maxStorageBufferBindingSize, maxBufferSize) / bytes);
    if (most === 0) return false;
    for (let first = 0; first < points.rows; first += most) {
      const rows = Math.min(most, points.rows - first);
      const buffer = await gpu.tryBuffer("points", rows * bytes, usage.storage | usage.copyTarget);
      if (!buffer) return false;
      stretches.push({ first, rows, buffer });
      await this.fill(stretches[stretches.length - 1]);
    }
    const spare = await gpu.tryBuffer("spare", tuning.sweepBytes, usage.storage);
    spare?.destroy();
    return spare !== undefined;
  }

  private async fill({ first, rows, buffer }: PointStretch): Promise<void> {
    const { gpu, words } = this;
    const step = Math.max(1, Math.floor(PIECE_BYTES / 4 / words));
    const piece = new Uint32Array(Math.min(step, rows) * words);
    for (let at = 0, underway = 1; at < rows; at += step, underway++) {
      const count = Math.min(step, rows - at);
      for (let i = 0; i < count; i++) this.store(first + at + i, piece, i * words);
      gpu.device.queue.writeBuffer(buffer, at * words * 4, piece, 0, count * words);
      if (underway % PIECES_UNDERWAY === 0) await gpu.finished();
    }
  }

  /** How far points will be moved that are not stored yet. */
  private async measure(): Promise<void> {
    const words = new Uint32Array(this.words);
    // Others may come to wait for the same points: no signal of one call ends it.
    const pace = new Pace();
    for (let row = 0; row < this.points.rows; row++) {
      this.store(row, words, 0);
      if (row % ROWS_A_TURN === 0) await pace.turn();
    }
  }
}
