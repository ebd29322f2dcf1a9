/** What a process holds, once all that can be let go has been. */
import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** In bytes; and files that are open, where the platform tells. */
export interface HeldByProcess {
  readonly heap: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
  readonly files: number;
}

export async function heldByProcess(): Promise<HeldByProcess> {
  // What is let go of late, as ends of workers and promises are, takes some turns.
  for (let time = 0; time < 3; time++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collectGarbage();
  }
  const { heapUsed: heap, external, arrayBuffers, rss } = process.memoryUsage();
  return { heap, external, arrayBuffers, rss, files: openFiles() };
}

function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}

/** The median of each, over some of them. */
export function medians(held: readonly HeldByProcess[]): HeldByProcess {
  const middle = (of: keyof HeldByProcess): number =>
    held.map((one) => one[of]).sort((a, b) => a - b)[held.length >> 1];
  return {
    heap: middle("heap"),
    external: middle("external"),
    arrayBuffers: middle("arrayBuffers"),
    rss: middle("rss"),
    files: middle("files"),
  };
}
