/**
 * Brings rows to the device in chunks: a source writes straight into mapped memory, and while one chunk is copied and
 * computed on, the next is read. Two or three staging buffers that are used again give back-pressure, which
 * `queue.writeBuffer` does not.
 */
import { passesOf, type RowSource } from "../../matrix.ts";
import { usage, type Gpu } from "./gpu.ts";

const STAGING_BUFFERS = 3;
const MAP_WRITE = 2;

export interface Chunk {
  /** First row, in the pool. */
  readonly first: number;
  readonly rows: number;
  /** [passes, rows, cols]. */
  readonly buffer: GPUBuffer;
}

interface Staging {
  readonly buffer: GPUBuffer;
  /** Resolves when the buffer is mapped again: the device is done with what it held. */
  ready: Promise<void>;
}

/** The resident part of a pool, and the rest that is read anew for every pass. */
export class ChunkedRows {
  private readonly gpu: Gpu;
  private readonly source: RowSource;
  private readonly chunkRows: number;
  private readonly residentLimit: number;
  /** Values a row, of all passes. */
  private readonly width: number;
  private readonly resident: Chunk[] = [];
  private residentRows = 0;

  /** Of the source at most `residentLimit` bytes stay on the device between passes. */
  constructor(gpu: Gpu, source: RowSource, chunkRows: number, residentLimit: number) {
    this.gpu = gpu;
    this.source = source;
    this.chunkRows = chunkRows;
    this.residentLimit = residentLimit;
    this.width = passesOf(source) * source.cols;
  }

  /**
   * Every chunk in order of rows. One that is not kept is destroyed once the caller asks for the next, by when it must
   * have submitted what reads it.
   */
  async *chunks(): AsyncGenerator<Chunk & { uploaded: boolean }> {
    // Taken together before anything is awaited: another pass over the same pool may be uploading meanwhile.
    const resident = [...this.resident];
    let first = this.residentRows;
    for (const chunk of resident) yield { ...chunk, uploaded: false };
    if (first === this.source.rows) return;
    const staging: Staging[] = [];
    try {
      await this.openStaging(first, staging);
      for (let turn = 0; first < this.source.rows; turn++) {
        const rows = Math.min(this.chunkRows, this.source.rows - first);
        const chunk = await this.upload(first, rows, staging[turn % staging.length]);
        const keep = this.residentRows === first && (first + rows) * this.width * 4 <= this.residentLimit;
        if (keep) {
          this.resident.push(chunk);
          this.residentRows += rows;
        }
        try {
          yield { ...chunk, uploaded: true };
        } finally {
          if (!keep) chunk.buffer.destroy();
        }
        first += rows;
      }
    } finally {
      for (const { buffer } of staging) buffer.destroy();
    }
  }

  private async openStaging(first: number, staging: Staging[]): Promise<void> {
    const rows = Math.min(this.chunkRows, this.source.rows - first);
    const chunks = Math.ceil((this.source.rows - first) / rows);
    for (let i = 0; i < Math.min(STAGING_BUFFERS, chunks); i++) {
      const buffer = await this.gpu.buffer("staging", rows * this.width * 4, usage.mapWrite | usage.copySource);
      staging.push({ buffer, ready: buffer.mapAsync(MAP_WRITE) });
      staging[i].ready.catch(() => {});
    }
  }

  private async upload(first: number, rows: number, staging: Staging): Promise<Chunk> {
    const values = rows * this.width;
    const buffer = await this.gpu.buffer(this.source.name, values * 4, usage.storage | usage.copyTarget);
    try {
      // Guarded to the end: losing the device takes the mapped memory from under whoever is writing to it.
      await this.gpu.guard(this.fill(staging, first, rows));
    } catch (error) {
      buffer.destroy();
      throw error;
    }
    staging.buffer.unmap();
    const batch = this.gpu.batch();
    batch.encoder.copyBufferToBuffer(staging.buffer, 0, buffer, 0, values * 4);
    this.gpu.submit(batch);
    staging.ready = staging.buffer.mapAsync(MAP_WRITE);
    // Closing destroys a staging buffer whose map nobody waits for any more.
    staging.ready.catch(() => {});
    return { first, rows, buffer };
  }

  private async fill({ buffer, ready }: Staging, first: number, rows: number): Promise<void> {
    await ready;
    await this.source.read(first, rows, new Float32Array(buffer.getMappedRange(0, rows * this.width * 4)));
  }

  close(): void {
    for (const { buffer } of this.resident) buffer.destroy();
    this.resident.length = 0;
    this.residentRows = 0;
  }
}
