/** What a page holds: the heap, what the document has, promises, and buffers of a device. */
import type { CDPSession, Page } from "playwright";

/** Runs in the page before its own scripts. */
export function countBuffers(): void {
  const alive = new Set<GPUBuffer>();
  Object.assign(globalThis, { buffersAlive: () => alive.size });
  if (typeof GPUDevice === "undefined") return;
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    alive.add(buffer);
    return buffer;
  };
  const { destroy } = GPUBuffer.prototype;
  GPUBuffer.prototype.destroy = function () {
    alive.delete(this);
    return destroy.call(this);
  };
}

export const buffersAlive = (page: Page): Promise<number> =>
  page.evaluate(() => (globalThis as unknown as { buffersAlive(): number }).buffersAlive());

/** What the page holds once all that can be let go has been. */
export async function held(page: Page, session: CDPSession) {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize: heap, backingStorageSize: arrays } = await session.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
  return {
    heap,
    arrays,
    promises: await countPromises(session),
    nodes,
    listeners: jsEventListeners,
    buffers: await buffersAlive(page),
  };
}

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
