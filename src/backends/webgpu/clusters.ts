/**
 * k-means' steps on the device. Rows keep their cluster and their bounds there (Hamerly 2010); of a step come back the
 * rows that float32 cannot decide, and what clusters gain and lose.
 */
import type { Pace } from "../../pace.ts";
import { roundedCentres, unitOf, type Centres, type ClusterKernel } from "../clusters.ts";
import { roundedDown, roundedUp, widerOf } from "../distances.ts";
import { ClusterSums } from "./clusterSums.ts";
import {
  closeBuffers,
  NONE,
  openBuffers,
  ROW_PRODUCTS,
  runInParts,
  stretchesOf,
  type ClusterBuffers,
  type PlaceStretch,
} from "./clusterWork.ts";
import type { DevicePoints } from "./devicePoints.ts";
import { usage } from "./gpu.ts";
import type { AssignParams, SettleParams } from "./shaders.gen.ts";

/** Beyond any distance, and still a float32. */
const FAR = 2 ** 100;
/** Added to what a centre has moved: a device may take what is subnormal for 0. */
const TINY = 2 ** -120;

export class DeviceClusters implements ClusterKernel {
  readonly unit: number;
  private readonly points: DevicePoints;
  private readonly rows: Uint32Array;
  private readonly buffers: ClusterBuffers;
  private readonly stretches: readonly PlaceStretch[];
  private readonly totals: ClusterSums;
  private isFresh = true;

  private constructor(points: DevicePoints, rows: Uint32Array, k: number, buffers: ClusterBuffers) {
    this.points = points;
    this.rows = rows;
    this.buffers = buffers;
    this.unit = unitOf(points.points, rows);
    this.stretches = stretchesOf(points, rows);
    this.totals = new ClusterSums(points, this.stretches, k, this.unit, buffers);
    points.gpu.device.queue.writeBuffer(buffers.rows, 0, rows.slice());
  }

  /** Undefined where the device has no room. `rows` ascend. */
  static async open(points: DevicePoints, rows: Uint32Array, k: number): Promise<DeviceClusters | undefined> {
    const buffers = await openBuffers(points, rows.length, k);
    return buffers && new DeviceClusters(points, rows, k, buffers);
  }

  get sums(): Float64Array {
    return this.totals.sums;
  }

  get sizes(): Float64Array {
    return this.totals.sizes;
  }

  async assign(centres: Centres, pace: Pace): Promise<number> {
    const { gpu } = this.points;
    const { tally, doubts } = this.buffers;
    await this.compare(centres);
    this.isFresh = false;
    const [bytes] = await gpu.read([tally, tally.size]);
    const [doubtful, moved, ...counts] = new Uint32Array(bytes);
    let changed = moved;
    if (doubtful > 0) {
      const [pairs] = await gpu.read([doubts, 8 * doubtful]);
      changed += await this.settle(centres, new Uint32Array(pairs), moved, counts);
    }
    if (changed > 0) await this.totals.update(changed, counts);
    await pace.turn({ stage: "clustering", rows: this.rows.length, of: this.rows.length });
    return changed;
  }

  async own(): Promise<Uint32Array> {
    const [bytes] = await this.points.gpu.read([this.buffers.known, 4 * this.rows.length]);
    return new Uint32Array(bytes);
  }

  close(): void {
    closeBuffers(this.buffers);
  }

  /** Puts rows with their nearest centre, and lists those that are in doubt or change sides. */
  private async compare(centres: Centres): Promise<void> {
    const { points, isFresh } = this;
    const { rows, known, doubts, moves, tally, centres: near, motion } = this.buffers;
    const { gpu, error } = points;
    const { k } = centres;
    const { rounded, shift } = roundedCentres(centres, points.width);
    const moved = centres.moved.map((distance) => roundedUp(distance + TINY));
    const limits = new Float32Array(2 * k);
    for (let c = 0; c < k; c++) limits.set([moved[c], roundedDown(Math.min(centres.half[c], FAR))], 2 * c);
    gpu.device.queue.writeBuffer(near, 0, rounded);
    gpu.device.queue.writeBuffer(motion, 0, limits);
    const batch = gpu.batch();
    batch.encoder.clearBuffer(tally);
    gpu.submit(batch);
    const shared = {
      width: points.width / 4,
      k,
      places: rows.size / 4,
      fresh: Number(isFresh),
      wider: widerOf(error),
      off: roundedUp((error.absolute + shift) * (1 + 2 ** -20)),
      farthest: moved.reduce((most, distance) => Math.max(most, distance)),
    };
    for (const { first_row, points: buffer, first, end } of this.stretches) {
      const work = { first, end, products: k * points.width + ROW_PRODUCTS };
      await runInParts(points, "assign_rows", work, (first_place, end_place) => {
        const params: AssignParams = { ...shared, first_row, first_place, end_place };
        return { params, points: buffer, centres: near, rows, motion, known, doubts, moves, tally };
      });
    }
  }

  /**
   * Decides of rows in float64. `pairs` are their places and the clusters that they were in; those that change sides join
   * the `moved` ones that are listed, and the `counts`. Gives how many do.
   */
  private async settle(centres: Centres, pairs: Uint32Array, moved: number, counts: number[]): Promise<number> {
    const { points, rows, buffers } = this;
    const { gpu } = points;
    const end = pairs.length / 2;
    const answers = new Uint32Array(4 * end);
    const bounds = new Float32Array(answers.buffer);
    const movers: number[] = [];
    for (let i = 0; i < end; i++) {
      const [place, from] = pairs.subarray(2 * i);
      const { nearest, upper, lower } = centres.nearest(rows[place]);
      answers.set([place, nearest], 4 * i);
      bounds.set([roundedUp(upper), roundedDown(Math.min(lower, FAR))], 4 * i + 2);
      if (nearest === from) continue;
      movers.push(place, from);
      counts[2 * nearest]++;
      if (from !== NONE) counts[2 * from + 1]++;
    }
    gpu.device.queue.writeBuffer(buffers.moves, 8 * moved, Uint32Array.from(movers));
    const settled = gpu.filled("answers", answers, usage.storage);
    await runInParts(points, "settle_rows", { first: 0, end, products: ROW_PRODUCTS }, (first, last) => {
      const params: SettleParams = { first, end: last, places: rows.length };
      return { params, answers: settled, known: buffers.known };
    });
    settled.destroy();
    return movers.length / 2;
  }
}
