/** What a page holds: the heap, what the document has, promises, and buffers of a device. */
import type { CDPSession, Page } from "playwright";

/** Runs in the page before its own scripts. */
export function countBuffers(): void {
  const alive = new Map<GPUBuffer, number>();
  Object.assign(globalThis, { buffersAlive: () => [...alive.values()] });
  if (typeof GPUDevice === "undefined") return;
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    alive.set(buffer, descriptor.size);
    return buffer;
  };
  const { destroy } = GPUBuffer.prototype;
  GPUBuffer.prototype.destroy = function () {
    alive.delete(this);
    return destroy.call(this);
  };
}

/** Bytes of each buffer that was made and not destroyed. */
const buffersAlive = (page: Page): Promise<number[]> =>
  page.evaluate(() => (globalThis as unknown as { buffersAlive(): number[] }).buffersAlive());

/** How many there are. */
export const buffersOf = async (page: Page): Promise<number> => (await buffersAlive(page)).length;

/** What the page holds once all that can be let go has been. Heap, arrays and what buffers take are in bytes. */
export async function held(page: Page, session: CDPSession) {
  // Buffers that are written through are given back a moment later.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
  for (let time = 0; time < 3; time++) await session.send("HeapProfiler.collectGarbage");
  const { usedSize: heap, backingStorageSize: arrays } = await session.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners: listeners } = await session.send("Memory.getDOMCounters");
  const buffers = await buffersAlive(page);
  return {
    heap,
    arrays,
    promises: await countPromises(session),
    nodes,
    listeners,
    buffers: buffers.length,
    bufferBytes: buffers.reduce((sum, size) => sum + size, 0),
  };
}

type Held = Awaited<ReturnType<typeof held>>;

/** By how many bytes heap and arrays together are more than before. Work that was cancelled may end, and be let go, late. */
export async function grownBytes(page: Page, session: CDPSession, before: Held): Promise<number> {
  const { heap, arrays } = await held(page, session);
  return heap + arrays - before.heap - before.arrays;
}

/** How a poll waits for what is let go late. */
export const mayBeLate = { timeout: 60_000, interval: 1000 };

/** Promises that something still waits for, or holds. */
async function countPromises(session: CDPSession): Promise<number> {
  const prototype = await session.send("Runtime.evaluate", { expression: "Promise.prototype" });
  const { objects } = await session.send("Runtime.queryObjects", { prototypeObjectId: prototype.result.objectId! });
  const count = await session.send("Runtime.callFunctionOn", {
    objectId: objects.objectId!,
    functionDeclaration: "function () { return this.length; }",
    returnByValue: true,
  });
  await session.send("Runtime.releaseObject", { objectId: objects.objectId! });
  return count.result.value as number;
}
