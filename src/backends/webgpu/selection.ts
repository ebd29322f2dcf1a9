/**
 * The k best rows, and those that a float32 kernel cannot tell from them: radix select over the scores on the device,
 * three digits, nothing sorted. Only the rows that may be picked come back.
 */
import type { Selection } from "../backend.ts";
import { usage, type Gpu } from "./gpu.ts";
import { selectPrograms } from "./program.ts";
import type { DevicePool, Segment } from "./scoring.ts";
import type { Slack } from "./shaders.gen.ts";

const DIGITS = 3;
const DIGIT_BINS = 2048;
export const HISTOGRAM_BYTES = DIGITS * DIGIT_BINS * 4;
const SELECTION_BYTES = 16;
const WORKGROUP = 256;

export interface Candidates {
  /** In no order. */
  readonly rows: Uint32Array;
  /** Seconds. */
  readonly kernel: number;
  readonly readback: number;
}

/** Finishes a selection in a segment, whose first digit is already counted in `histogram`. */
export async function selectCandidates(
  pool: DevicePool,
  { first, rows, scores, taken }: Segment,
  { report, histogram }: { report: GPUBuffer; histogram: GPUBuffer },
  { k }: Selection,
  slack: Slack,
): Promise<Candidates> {
  const { gpu, tuning } = pool;
  const started = performance.now();
  const selection = gpu.filled(
    "selection",
    new Uint32Array([0, k, 1, 0]),
    usage.storage | usage.copySource | usage.copyTarget,
  );
  let candidates: GPUBuffer | undefined;
  try {
    const groups = Math.min(Math.ceil(rows / WORKGROUP), tuning.maxGroups);
    const segment = { rows, first_row: first };
    for (let digit = 0; digit < DIGITS; digit++) {
      if (digit > 0) {
        const count = await step(gpu, "count_digit", { WORKGROUP, DIGIT: digit });
        const batch = gpu.batch();
        count.dispatch(batch, { segment, scores, taken, selection, histogram }, groups);
        gpu.submit(batch);
      }
      const find = await step(gpu, "find_digit", { DIGIT: digit });
      const batch = gpu.batch();
      find.dispatch(batch, { slack, selection, report, histogram }, 1);
      gpu.submit(batch);
    }

    const collect = await step(gpu, "collect_candidates", { WORKGROUP });
    let room = Math.max(4 * k, 1 << 14);
    for (;;) {
      candidates = await gpu.buffer("candidates", room * 4, usage.storage | usage.copySource);
      const batch = gpu.batch();
      collect.dispatch(batch, { segment, scores, taken, selection, candidates }, groups);
      gpu.submit(batch);
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
      const picked = found > 0 ? new Uint32Array((await gpu.read([candidates, found * 4]))[0]) : new Uint32Array();
      return { rows: picked, kernel, readback: (performance.now() - reading) / 1000 };
    }
  } finally {
    selection.destroy();
    candidates?.destroy();
  }
}

function step(gpu: Gpu, entryPoint: keyof typeof selectPrograms, constants: Record<string, number>) {
  return gpu.kernel({ code: selectPrograms[entryPoint](), entryPoint, constants });
}
