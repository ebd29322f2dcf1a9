/** Many changes of what is set, most of them in the midst of work: what the page holds settles. */
import type { Page } from "playwright";
import { expect } from "vitest";
import { set, settled, type Asked } from "./explorer/panel.ts";
import { short } from "../support/soak.ts";
import { countBuffers, grownBytes, held, mayBeLate } from "./support/held.ts";
import { backends, test } from "./support/page.ts";

const home: Required<Asked> = { rows: 500, seed: 1, k: 5, alpha: 0.5, strategy: "entropy" };

/** So many changes to a stretch; what is held after one is compared with what is held after the next. Software is slow. */
const STRETCH = { cpu: short(40, 100), webgpu: short(20, 100) };

/** What V8 keeps of code and feedback varies by itself; a scene of 500 rows alone takes 60 kB. */
const HEAP_SLACK = 1_500_000;

test.for(backends)(
  "on %s: device buffers and heap settle over many changes",
  { timeout: 600_000 },
  async (on, { openPanel }) => {
    const page = await openPanel("explorer", { on });
    await page.addInitScript(countBuffers);
    await page.reload();
    const session = await page.context().newCDPSession(page);
    await changeAll(page, 0, STRETCH[on]);
    const before = await held(page, session);
    await changeAll(page, STRETCH[on], STRETCH[on]);
    const after = await held(page, session);
    if (on === "webgpu") expect(before.buffers).toBeGreaterThan(0);
    expect(after.buffers).toBe(before.buffers);
    expect(after.bufferBytes).toBe(before.bufferBytes);
    await expect.poll(() => grownBytes(page, session, before), mayBeLate).toBeLessThan(HEAP_SLACK);
  },
);

test("on webgpu: no buffer of the panel's pool outlives the panel", { timeout: 120_000 }, async ({ openPanel }) => {
  const page = await openPanel("arena", { on: "webgpu" });
  await page.addInitScript(countBuffers);
  await page.reload();
  const session = await page.context().newCDPSession(page);
  const visit = async (leave: () => Promise<void>): Promise<number> => {
    await page.getByRole("tab", { name: "Batch Explorer" }).click();
    await leave();
    await page.getByRole("tab", { name: "Your own pool" }).click();
    await expect.poll(() => page.locator(".tile").count()).toBe(0);
    return (await held(page, session)).bufferBytes;
  };
  const idle = await visit(async () => {
    await set(page, home);
    await settled(page);
  });
  const inTheMidst = async (): Promise<void> => {
    await set(page, home);
    await page.locator(".tile[data-state=working]").first().waitFor();
  };
  for (let time = 0; time < 3; time++) await expect.poll(() => visit(inTheMidst), { timeout: 30_000 }).toBe(idle);
});

/** Comes back to where it began, and waits there until all is done. */
async function changeAll(page: Page, from: number, count: number): Promise<void> {
  const strategies = ["entropy", "margin", "bald", "vote-entropy"] as const;
  for (let change = from; change < from + count; change++) {
    const all: readonly Asked[] = [
      { k: 1 + (change % 11) },
      { seed: change % 7 },
      { alpha: (change % 21) / 20 },
      { strategy: strategies[Math.floor(change / 5) % 4] },
      { rows: change % 2 ? 500 : 3000 },
    ];
    await set(page, { ...all[change % all.length] });
    if (change % 20 === 0) await settled(page);
    // Otherwise the next one comes in the midst of this one's work, if this one leads to any.
    else await page.waitForFunction(isWorkingOrDone);
  }
  await set(page, home);
  await settled(page);
}

const isWorkingOrDone = (): boolean =>
  document.querySelector(".tile[data-state=working]") !== null ||
  document.querySelector(".tile[data-state=waiting]") === null;
