/** Your own pool: nothing stays behind, neither on the device nor here, however often files are loaded and picked from. */
import type { Page } from "playwright";
import { beforeAll, expect, vi } from "vitest";
import { drawn, give, npyAt, pick, rest, scratchFolder } from "./support/ownPool.ts";
import { backends, panelIsReady, test } from "./support/page.ts";

vi.setConfig({ testTimeout: 300_000 });

/** Four rounds of picks each. */
const LOADS = 50;
/** The predictions of a load are 128 kB, and the scores of its rounds as much. */
const ROWS = 8000;
/** Either of them, left behind by every load, would be 6.4 MB. */
const LEAST_LEAK = 4e6;

const scratch = scratchFolder();
beforeAll(async () => {
  await npyAt(scratch("predictions.npy"), drawn(ROWS, 4, 32), 4);
  await npyAt(scratch("embeddings.npy"), drawn(ROWS, 3, 33), 3);
});

for (const on of backends) {
  test(`${LOADS} loads leave no buffer and no array behind, on ${on}`, async ({ openPanel }) => {
    const page = await openPanel("pool", { on });
    await page.addInitScript(countBuffers);
    await page.reload();
    await panelIsReady(page, "pool");
    for (let i = 0; i < 5; i++) await load(page);
    await clear(page);
    const before = { buffers: await buffers(page), heap: await heap(page) };
    for (let i = 0; i < LOADS; i++) await load(page);
    if (on === "webgpu") expect(await buffers(page)).toBeGreaterThan(before.buffers);
    await clear(page);
    expect(await buffers(page)).toBe(before.buffers);
    expect((await heap(page)) - before.heap).toBeLessThan(LEAST_LEAK);

    await load(page);
    await page.getByRole("tab", { name: "Arena" }).click();
    await panelIsReady(page, "arena");
    await expect.poll(() => buffers(page)).toBe(before.buffers);
  });
}

async function load(page: Page): Promise<void> {
  await give(page, "Predictions", scratch("predictions.npy"));
  await give(page, "Embeddings", scratch("embeddings.npy"));
  for (const batch of ["top-k", "k-center", "power", "top-k"]) await pick(page, { k: 5, batch });
  await page.locator(".scatter").waitFor();
}

async function clear(page: Page): Promise<void> {
  for (const zone of ["predictions", "embeddings"]) {
    await page.getByRole("button", { name: `Remove ${zone}` }).click();
    await rest(page);
  }
}

/** Runs in the page before its own scripts: `buffersAlive` is how many buffers were made and not destroyed. */
function countBuffers(): void {
  const alive = new Set<object>();
  Object.defineProperty(globalThis, "buffersAlive", { get: () => alive.size });
  if (!("GPUDevice" in globalThis)) return;
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (this: GPUDevice, descriptor: GPUBufferDescriptor) {
    const buffer = createBuffer.call(this, descriptor);
    alive.add(buffer);
    return buffer;
  };
  const { destroy } = GPUBuffer.prototype;
  GPUBuffer.prototype.destroy = function (this: GPUBuffer) {
    alive.delete(this);
    return destroy.call(this);
  };
}

const buffers = (page: Page): Promise<number> =>
  page.evaluate(() => (globalThis as unknown as { buffersAlive: number }).buffersAlive);

/** Bytes that are in use once what is not was collected: of objects, and of the arrays' own memory. */
async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, ...others } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize + ((others as { backingStorageSize?: number }).backingStorageSize ?? 0);
}
