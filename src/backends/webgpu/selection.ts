/**
 * The k best rows, and those that a float32 kernel cannot tell from them: radix select over the scores on the device,
 * three digits, nothing sorted. Only the rows that may be picked come back, and of more than a crowd of them only the k
 * best: they come some at a time, and float64 settles them as they do.
 */
import type { Selection } from "../backend.ts";
import { BestRows } from "../cpu/bestRows.ts";
import { usage, type Gpu } from "./gpu.ts";
import { selectPrograms } from "./program.ts";
import type { DevicePool, Segment } from "./scoring.ts";
import type { Slack } from "./shaders.gen.ts";

const DIGITS = 3;
const DIGIT_BINS = 2048;
export const HISTOGRAM_BYTES = DIGITS * DIGIT_BINS * 4;
const SELECTION_BYTES = 16;
const WORKGROUP = 256;
/** There is room for so many rows at first, or 4k. */
const FEW = 2 ** 14;
/** Rows that are kept at most beside 2k, and that come back at a time at most. */
export const CROWD = 2 ** 18;

/** Collects over the segments of a pool what may be among the k best: whoever is so is so in its segment, too. */
export class Candidates {
  /** Seconds. */
  readback = 0;
  judging = 0;
  private judged = 0;
  private readonly pool: DevicePool;
  private readonly k: number;
  private readonly judge: Selection["judge"];
  private readonly kept: Uint32Array[] = [];
  /** How many more may be kept. */
  private room: number;
  /** Of those for which there was no room. */
  private readonly best: BestRows;

  constructor(pool: DevicePool, { k, judge }: Selection) {
    this.pool = pool;
    this.k = k;
    this.judge = judge;
    this.room = 2 * k + CROWD;
    this.best = new BestRows(k);
  }

  /** Finishes the selection in a segment, the next one, whose first digit is already counted in `histogram`. */
  async take(segment: Segment, counted: { report: GPUBuffer; histogram: GPUBuffer }, slack: Slack): Promise<void> {
    const { gpu } = this.pool;
    const usages = usage.storage | usage.copySource | usage.copyTarget;
    const selection = gpu.filled("selection", new Uint32Array([0, this.k, 1, 0]), usages);
    try {
      await findThreshold(this.pool, segment, { selection, ...counted }, slack);
      const all = { begin: 0, end: segment.rows };
      const fits = Math.min(segment.rows, CROWD);
      let { count, rows } = await this.collect(segment, selection, all, Math.min(fits, Math.max(4 * this.k, FEW)));
      const isCrowd = count > this.room;
      if (!isCrowd) this.room -= count;
      if (isCrowd || count > fits) return await this.collectParts(segment, selection, isCrowd);
      if (count > rows.length) ({ rows } = await this.collect(segment, selection, all, count));
      this.kept.push(rows);
    } finally {
      selection.destroy();
    }
  }

  /** Rows that were scored in float64 and are not among those found. */
  get settled(): number {
    return this.judged - this.best.sorted().length;
  }

  /** Ascending. */
  found(): Uint32Array {
    const best = Uint32Array.from(this.best.sorted(), ({ row }) => row);
    return joined([...this.kept, best]).sort();
  }

  /** Collects so many at a time at most. Those of a crowd are scored, and the best are kept. */
  private async collectParts(segment: Segment, selection: GPUBuffer, isCrowd: boolean): Promise<void> {
    for (let begin = 0; begin < segment.rows; begin += CROWD) {
      const end = Math.min(begin + CROWD, segment.rows);
      const { rows } = await this.collect(segment, selection, { begin, end }, end - begin);
      if (isCrowd) await this.settle(rows);
      else this.kept.push(rows);
    }
  }

  private async settle(rows: Uint32Array): Promise<void> {
    const started = performance.now();
    await this.judge(rows, (row, score) => this.best.offer(row, score));
    this.judging += (performance.now() - started) / 1000;
    this.judged += rows.length;
  }

  /** Rows of a part of a segment whose keys reach the threshold: how many, and where there is room, these, ascending. */
  private async collect(
    { first, scores, taken }: Segment,
    selection: GPUBuffer,
    part: { begin: number; end: number },
    room: number,
  ): Promise<{ count: number; rows: Uint32Array }> {
    const { gpu, tuning } = this.pool;
    const kernel = await step(gpu, "collect_candidates", { WORKGROUP });
    const candidates = await gpu.buffer("candidates", room * 4, usage.storage | usage.copySource);
    try {
      gpu.device.queue.writeBuffer(selection, 12, new Uint32Array(1));
      const batch = gpu.batch();
      const bindings = { segment: { first_row: first, ...part }, scores, taken, selection, candidates };
      kernel.dispatch(batch, bindings, groupsFor(part.end - part.begin, tuning.maxGroups));
      gpu.submit(batch);
      await gpu.finished();
      const reading = performance.now();
      const [state] = await gpu.read([selection, SELECTION_BYTES]);
      const count = new Uint32Array(state)[3];
      const isThere = count > 0 && count <= room;
      const rows = isThere ? new Uint32Array((await gpu.read([candidates, count * 4]))[0]).sort() : new Uint32Array();
      this.readback += (performance.now() - reading) / 1000;
      return { count, rows };
    } finally {
      candidates.destroy();
    }
  }
}

async function findThreshold(
  { gpu, tuning }: DevicePool,
  { first, rows, scores, taken }: Segment,
  { selection, report, histogram }: { selection: GPUBuffer; report: GPUBuffer; histogram: GPUBuffer },
  slack: Slack,
): Promise<void> {
  const segment = { first_row: first, begin: 0, end: rows };
  for (let digit = 0; digit < DIGITS; digit++) {
    if (digit > 0) {
      const count = await step(gpu, "count_digit", { WORKGROUP, DIGIT: digit });
      const batch = gpu.batch();
      count.dispatch(batch, { segment, scores, taken, selection, histogram }, groupsFor(rows, tuning.maxGroups));
      gpu.submit(batch);
    }
    const find = await step(gpu, "find_digit", { DIGIT: digit });
    const batch = gpu.batch();
    find.dispatch(batch, { slack, selection, report, histogram }, 1);
    gpu.submit(batch);
  }
}

const groupsFor = (rows: number, most: number): number => Math.min(Math.ceil(rows / WORKGROUP), most);

function step(gpu: Gpu, entryPoint: keyof typeof selectPrograms, constants: Record<string, number>) {
  return gpu.kernel({ code: selectPrograms[entryPoint](), entryPoint, constants });
}

function joined(lists: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}
