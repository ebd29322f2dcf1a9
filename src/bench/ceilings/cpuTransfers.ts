/** What it costs at best to call kernels of the CPU backend, and to move bytes into their memory and out of it. */
import { Crew } from "../../backends/cpu/crew.ts";
import type { Transfers } from "../floor.ts";
import { leastSeconds } from "./least.ts";

/** Larger than a cache. */
const BYTES = 2 ** 26;
const FEW = 16;
/** More than the struct that a kernel is called with: of zeros, it has nothing to do. */
const CALL_BYTES = 256;

/** A dispatch is a call that does nothing for every thread, through the queue that they share. */
export async function cpuTransfers(threads: number): Promise<Transfers> {
  const crew = await Crew.open(threads);
  try {
    await crew.wake();
    const call = crew.allocate(CALL_BYTES);
    crew.write(new Uint32Array(CALL_BYTES / 4), call);
    const room = crew.allocate(BYTES);
    const values = new Float32Array(BYTES / 4).fill(1);
    const out = new Float32Array(BYTES / 4);
    const taken = (bytes: number): void => out.set(crew.floats.subarray(room / 4, (room + bytes) / 4));
    const dispatch = await leastSeconds(async () => {
      const calls = Array.from({ length: threads }, () => crew.post("order", call));
      for (const each of calls) await crew.finished(each);
    });
    const upload = await leastSeconds(async () => crew.write(values, room));
    const map = await leastSeconds(async () => taken(FEW));
    const download = await leastSeconds(async () => taken(BYTES));
    return { dispatch, map, upload: BYTES / upload, download: BYTES / download };
  } finally {
    await crew.close();
  }
}
