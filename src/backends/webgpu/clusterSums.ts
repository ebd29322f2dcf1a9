/**
 * Sums of clusters on the device. Rows that change sides are sorted by cluster (a counting sort) and added up in whole
 * numbers of 64 bits, so that no order matters and no float is added atomically.
 */
import { PART, ROW_PRODUCTS, runInParts, type ClusterBuffers, type PlaceStretch } from "./clusterWork.ts";
import type { DevicePoints } from "./devicePoints.ts";
import { usage } from "./gpu.ts";
import type { ScatterParams, SumParams, TotalParams } from "./shaders.gen.ts";

export class ClusterSums {
  /** [k, dims], and [k]. */
  readonly sums: Float64Array;
  readonly sizes: Float64Array;
  private readonly points: DevicePoints;
  private readonly stretches: readonly PlaceStretch[];
  private readonly unit: number;
  private readonly buffers: ClusterBuffers;

  constructor(
    points: DevicePoints,
    stretches: readonly PlaceStretch[],
    k: number,
    unit: number,
    buffers: ClusterBuffers,
  ) {
    this.points = points;
    this.stretches = stretches;
    this.unit = unit;
    this.buffers = buffers;
    this.sums = new Float64Array(k * points.points.dims);
    this.sizes = new Float64Array(k);
  }

  /** Adds the first `changed` of the moves. `counts`, [k, 2]: how many join and how many leave each cluster. */
  async update(changed: number, counts: readonly number[]): Promise<void> {
    const { points, stretches, unit } = this;
    const { rows, known, moves, sorted, subtotals, sums } = this.buffers;
    const { gpu } = points;
    const width = points.width / 4;
    const { begins, partBegins, parts } = this.layOut(counts);
    const count = parts.length / 2;
    const read = {
      next: gpu.filled("next", begins, usage.storage),
      parts: gpu.filled("parts", parts, usage.storage),
      begins: gpu.filled("begins", partBegins, usage.storage),
    };
    try {
      await runInParts(points, "scatter_moves", { first: 0, end: changed, products: ROW_PRODUCTS }, (first, end) => {
        const params: ScatterParams = { first, end };
        return { params, moves, known, next: read.next, sorted };
      });
      const batch = gpu.batch();
      batch.encoder.clearBuffer(subtotals, 0, 32 * width * count);
      gpu.submit(batch);
      for (const { first_row, rows: among, points: buffer } of stretches) {
        const work = { first: 0, end: count, products: PART * points.width, threads: width };
        await runInParts(points, "sum_parts", work, (first_part, end_part) => {
          const params: SumParams = { width, first_row, rows: among, first_part, end_part, unit };
          return { params, points: buffer, rows, sorted, parts: read.parts, subtotals };
        });
      }
      const work = { first: 0, end: this.sizes.length, products: points.width, threads: width };
      await runInParts(points, "total_parts", work, (first, end) => {
        const params: TotalParams = { width, first, end };
        return { params, subtotals, begins: read.begins, sums };
      });
      const [bytes] = await gpu.read([sums, sums.size]);
      this.add(bytes);
    } finally {
      for (const buffer of Object.values(read)) buffer.destroy();
    }
  }

  /** Where the sorted rows of each cluster begin, and its parts; [parts, 2]: begin and end of each. Updates sizes. */
  private layOut(counts: readonly number[]) {
    const { sizes } = this;
    const begins = new Uint32Array(sizes.length);
    const partBegins = new Uint32Array(sizes.length + 1);
    const parts: number[] = [];
    let at = 0;
    for (let c = 0; c < sizes.length; c++) {
      const [joined, left] = [counts[2 * c], counts[2 * c + 1]];
      sizes[c] += joined - left;
      begins[c] = at;
      const end = at + joined + left;
      for (; at < end; at = Math.min(at + PART, end)) parts.push(at, Math.min(at + PART, end));
      partBegins[c + 1] = parts.length / 2;
    }
    return { begins, partBegins, parts: Uint32Array.from(parts) };
  }

  /** Adds what has changed: of each vec4f the four low words, then the four high ones. */
  private add(changes: ArrayBuffer): void {
    const { sums, sizes, points } = this;
    const { dims } = points.points;
    const low = new Uint32Array(changes);
    const high = new Int32Array(changes);
    for (let c = 0; c < sizes.length; c++)
      for (let d = 0; d < dims; d++) {
        const at = 2 * (c * points.width + d - (d % 4)) + (d % 4);
        sums[c * dims + d] += 2 ** 32 * high[at + 4] + low[at];
      }
  }
}
