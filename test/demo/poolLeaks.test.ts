/** Your own pool: nothing stays behind, neither on the device nor here, however often files are loaded and picked from. */
import type { Page } from "playwright";
import { beforeAll, expect, vi } from "vitest";
import { buffersOf, countBuffers, grownBytes, held, mayBeLate } from "./support/held.ts";
import { short } from "../support/soak.ts";
import { drawn, give, npyAt, pick, rest, scratchFolder } from "./support/ownPool.ts";
import { backends, panelIsReady, test } from "./support/page.ts";

vi.setConfig({ testTimeout: 600_000 });

/** Four rounds of picks each. */
const LOADS = { cpu: short(20, 50), webgpu: short(10, 50) };
/** The predictions of a load are 640 kB, and the scores of its rounds as much. */
const ROWS = 40_000;
/** Either of them, left behind by every load, would be 6.4 MB at least. */
const LEAST_LEAK = 4e6;

const scratch = scratchFolder();
beforeAll(async () => {
  await npyAt(scratch("predictions.npy"), drawn(ROWS, 4, 32), 4);
  await npyAt(scratch("embeddings.npy"), drawn(ROWS, 3, 33), 3);
});

for (const on of backends) {
  test(`${LOADS[on]} loads leave no buffer and no array behind, on ${on}`, async ({ openPanel }) => {
    const page = await openPanel("pool", { on });
    await page.addInitScript(countBuffers);
    await page.reload();
    await panelIsReady(page, "pool");
    for (let i = 0; i < 5; i++) await load(page);
    await clear(page);
    const session = await page.context().newCDPSession(page);
    const before = await held(page, session);
    for (let i = 0; i < LOADS[on]; i++) await load(page);
    if (on === "webgpu") expect(await buffersOf(page)).toBeGreaterThan(before.buffers);
    await clear(page);
    const after = await held(page, session);
    expect(after.buffers).toBe(before.buffers);
    await expect.poll(() => grownBytes(page, session, before), mayBeLate).toBeLessThan(LEAST_LEAK);

    await load(page);
    await page.getByRole("tab", { name: "Arena" }).click();
    await panelIsReady(page, "arena");
    await expect.poll(() => buffersOf(page)).toBe(before.buffers);
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
