/** What it costs at best to ask something of a GPU and to move bytes to it and back. */
import { usage, type Gpu } from "../../backends/webgpu/gpu.ts";
import type { Transfers } from "../floor.ts";
import { leastSeconds } from "./least.ts";

const nothing = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> none: array<u32>;

@compute @workgroup_size(1)
fn nothing() { if (arrayLength(&none) == 0u) { none[0] = 1u; } }`;

/** Enough that what a transfer costs to begin is small beside it, and little enough for any device. */
const BYTES = 2 ** 25;
const FEW = 16;

export async function gpuTransfers(gpu: Gpu): Promise<Transfers> {
  const { device } = gpu;
  const none = await gpu.buffer("none", BYTES, usage.storage | usage.copySource | usage.copyTarget);
  const kernel = await gpu.kernel({ code: nothing, entryPoint: "nothing", constants: {} });
  const values = new Uint8Array(BYTES).fill(1);
  try {
    const dispatch = await leastSeconds(async () => {
      const batch = gpu.batch();
      kernel.dispatch(batch, { none }, 1);
      gpu.submit(batch);
      await gpu.finished();
    });
    const upload = await leastSeconds(async () => {
      device.queue.writeBuffer(none, 0, values);
      device.queue.submit([]);
      await gpu.finished();
    });
    const map = await leastSeconds(() => gpu.read([none, FEW]));
    const download = await leastSeconds(() => gpu.read([none, BYTES]));
    return { dispatch, map, upload: BYTES / upload, download: BYTES / download };
  } finally {
    none.destroy();
  }
}
