/**
 * Brings rows to the device in chunks: a source writes straight into mapped memory, and while one chunk is copied and
 * computed on, the next is read. Two or three staging buffers that are used again give back-pressure, which
 * `queue.writeBuffer` does not. What a source has packed crosses over as it is, and becomes float32 there.
 */
import { packedBytes, passesOf, type RowSource } from "../../matrix.ts";
import { Expansion } from "./expand.ts";
import { usage, type Gpu } from "./gpu.ts";
import type { Tuning } from "./tuning.ts";

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
  private readonly tuning: Tuning;
  /** Values a row, of all passes. */
  private readonly width: number;
  /** Bytes that a value takes on its way. */
  private readonly valueBytes: number;
  private readonly resident: Chunk[] = [];
  private residentRows = 0;

  constructor(gpu: Gpu, tuning: Tuning, source: RowSource, chunkRows: number) {
    this.gpu = gpu;
    this.tuning = tuning;
    this.source = source;
    this.chunkRows = chunkRows;
    this.width = passesOf(source) * source.cols;
    this.valueBytes = source.packed ? packedBytes[source.packed.type] : 4;
  }

  /**
   * Every chunk in order of rows. One that is not kept is destroyed once the caller asks for the next, by when it must
   * have submitted what reads it.
   */
  async *chunks(): AsyncGenerator<Chunk & { uploaded: boolean }> {
    for (const chunk of this.resident) yield { ...chunk, uploaded: false };
    let first = this.residentRows;
    if (first === this.source.rows) return;
    const staging: Staging[] = [];
    let expansion: Expansion | undefined;
    try {
      await this.openStaging(first, staging);
      expansion = await this.openExpansion(first);
      for (let turn = 0; first < this.source.rows; turn++) {
        const rows = Math.min(this.chunkRows, this.source.rows - first);
        const chunk = await this.upload(first, rows, staging[turn % staging.length], expansion);
        const keep = this.residentRows === first && (first + rows) * this.width * 4 <= this.tuning.residentBytes;
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
      expansion?.close();
    }
  }

  /** Rows of the largest chunk from that row on. */
  private largestChunk(first: number): number {
    return Math.min(this.chunkRows, this.source.rows - first);
  }

  private async openExpansion(first: number): Promise<Expansion | undefined> {
    const { packed } = this.source;
    const bytes = this.largestChunk(first) * this.width * this.valueBytes;
    return packed && Expansion.open(this.gpu, this.tuning, packed.type, bytes);
  }

  private async openStaging(first: number, staging: Staging[]): Promise<void> {
    const rows = this.largestChunk(first);
    const chunks = Math.ceil((this.source.rows - first) / rows);
    for (let i = 0; i < Math.min(STAGING_BUFFERS, chunks); i++) {
      const buffer = await this.gpu.buffer(
        "staging",
        rows * this.width * this.valueBytes,
        usage.mapWrite | usage.copySource,
      );
      staging.push({ buffer, ready: buffer.mapAsync(MAP_WRITE) });
      staging[i].ready.catch(() => {});
    }
  }

  private async upload(first: number, rows: number, staging: Staging, expansion?: Expansion): Promise<Chunk> {
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
    const target = expansion?.packed ?? buffer;
    batch.encoder.copyBufferToBuffer(staging.buffer, 0, target, 0, wholeWords(values * this.valueBytes));
    expansion?.expand(batch, values, buffer);
    this.gpu.submit(batch);
    staging.ready = staging.buffer.mapAsync(MAP_WRITE);
    // Closing destroys a staging buffer whose map nobody waits for any more.
    staging.ready.catch(() => {});
    return { first, rows, buffer };
  }

  private async fill({ buffer, ready }: Staging, first: number, rows: number): Promise<void> {
    await ready;
    const { source } = this;
    const bytes = rows * this.width * this.valueBytes;
    const mapped = buffer.getMappedRange(0, wholeWords(bytes));
    if (source.packed) await source.packed.read(first, rows, new Uint8Array(mapped, 0, bytes));
    else await source.read(first, rows, new Float32Array(mapped));
  }

  close(): void {
    for (const { buffer } of this.resident) buffer.destroy();
    this.resident.length = 0;
    this.residentRows = 0;
  }
}

/** Copies and mapped ranges are whole words. */
const wholeWords = (bytes: number): number => Math.ceil(bytes / 4) * 4;
