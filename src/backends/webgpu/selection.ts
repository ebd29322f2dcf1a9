/**
 * The k best rows, and those that a float32 kernel cannot tell from them: radix select over the scores on the device,
 * three digits, nothing sorted. Only the rows that may be picked come back.
 */
import type { Selection } from "../backend.ts";
import { usage, type Gpu } from "./gpu.ts";
import { selectPrograms } from "./program.ts";
import { REPORT_BYTES, type DevicePool, type Scored } from "./scoring.ts";
import type { Slack } from "./shaders.gen.ts";

const DIGITS = 3;
const DIGIT_BINS = 2048;
export const HISTOGRAM_BYTES = DIGITS * DIGIT_BINS * 4;
const SELECTION_BYTES = 16;
const WORKGROUP = 256;

export interface Candidates {
  readonly rows: Uint32Array;
  readonly report: ArrayBuffer;
  /** Seconds. */
  readonly kernel: number;
  readonly readback: number;
}

/** Finishes a selection whose first digit is already counted in `histogram`. */
export async function selectCandidates(
  pool: DevicePool,
  scored: Scored,
  histogram: GPUBuffer,
  { k }: Selection,
  slack: Slack,
): Promise<Candidates> {
  const { gpu, tuning } = pool;
  const started = performance.now();
  const selection = gpu.filled(
    "selection",
    new Uint32Array([0, k, 0, 0]),
    usage.storage | usage.copySource | usage.copyTarget,
  );
  let candidates: GPUBuffer | undefined;
  try {
    const groupsFor = (rows: number): number => Math.min(Math.ceil(rows / WORKGROUP), tuning.maxGroups);
    for (let digit = 0; digit < DIGITS; digit++) {
      if (digit > 0) {
        const count = await step(gpu, "count_digit", { WORKGROUP, DIGIT: digit });
        for (const { first, rows, scores, taken } of scored.segments) {
          const batch = gpu.batch();
          const segment = { rows, first_row: first };
          count.dispatch(batch, { segment, scores, taken, selection, histogram }, groupsFor(rows));
          gpu.submit(batch);
        }
      }
      const find = await step(gpu, "find_digit", { DIGIT: digit });
      const batch = gpu.batch();
      find.dispatch(batch, { slack, selection, report: scored.report, histogram }, 1);
      gpu.submit(batch);
    }

    const collect = await step(gpu, "collect_candidates", { WORKGROUP });
    let room = Math.max(4 * k, 1 << 14);
    for (;;) {
      candidates = await gpu.buffer("candidates", room * 4, usage.storage | usage.copySource);
      for (const { first, rows, scores, taken } of scored.segments) {
        const batch = gpu.batch();
        const segment = { rows, first_row: first };
        collect.dispatch(batch, { segment, scores, taken, selection, candidates }, groupsFor(rows));
        gpu.submit(batch);
      }
      await gpu.finished();
      const kernel = (performance.now() - started) / 1000;
      const reading = performance.now();
      const [state] = await gpu.read([selection, SELECTION_BYTES]);
      const found = new Uint32Array(state)[3];
      if (found > room) {
        // More rows than expected could not be told apart: make room for all of them and collect again.
        candidates.destroy();
        gpu.device.queue.writeBuffer(selection, 12, new Uint32Array(1));
        room = found;
        continue;
      }
      const [report, rows] = await gpu.read([scored.report, REPORT_BYTES], [candidates, found * 4]);
      return { rows: new Uint32Array(rows).sort(), report, kernel, readback: (performance.now() - reading) / 1000 };
    }
  } finally {
    selection.destroy();
    candidates?.destroy();
  }
}

function step(gpu: Gpu, entryPoint: keyof typeof selectPrograms, constants: Record<string, number>) {
  return gpu.kernel({ code: selectPrograms[entryPoint](), entryPoint, constants });
}
