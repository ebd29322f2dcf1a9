/** What data calls things is text in a report, never markup. */
import { chromium, type Browser } from "playwright";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { reportPage } from "../../src/cli/simulate/report.ts";
import { runsOf, simulate, type SimulationPlan } from "../../src/loop/simulate.ts";
import { summarise } from "../../src/loop/summary.ts";
import { makeBlobs } from "../support/blobs.ts";
import { chromiumLaunchOptions } from "../support/chromium.ts";
import { openReference } from "../support/engines.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch(chromiumLaunchOptions({ webgpu: false }));
});
afterAll(() => browser?.close());

const hostile = `"'></title></style></td><img src=x onerror="globalThis.ran = 1"><script>globalThis.ran = 1</script>`;

test.each([undefined, [2, 2] as const])("names, titles and texts, of images %s", async (image) => {
  const { features, labels } = makeBlobs(1, 60, 2, 4, 3);
  const plan: SimulationPlan = {
    k: 4,
    rounds: 2,
    testShare: 0.3,
    model: "logistic",
    strategies: ["margin"],
    batches: ["top-k"],
    seeds: 1,
  };
  const engine = await openReference();
  const results = [];
  for (const key of runsOf(plan)) results.push(await simulate(engine, { features, labels, classes: 2 }, plan, key));
  const shown = { features, image, names: [hostile, hostile], texts: Array<string>(60).fill(hostile) };
  const told = results.map((result) => ({
    ...result,
    picks: result.picks.map((pick) => ({ ...pick, reason: hostile })),
  }));
  const html = reportPage(hostile, plan, summarise(results), told, shown);

  const page = await browser.newPage();
  await page.setContent(html, { waitUntil: "load" });
  expect(await page.locator("h1").textContent()).toBe(hostile);
  expect(await page.locator("script, [onerror], img[src=x]").count()).toBe(0);
  expect(await page.evaluate(() => "ran" in globalThis)).toBe(false);
  await page.close();
});
