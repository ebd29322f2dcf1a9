/** The arena in a page: what it shows is what the library does in Node, round by round, and it can go on for long. */
import { openEngine } from "poolwise";
import type { Page } from "playwright";
import { describe, expect } from "vitest";
import { opening, presetNames, presets } from "../../demo/page/arena/presets.ts";
import { Race } from "../../demo/page/arena/race.ts";
import { remedies } from "../../demo/page/arena/remedies.ts";
import { toggled, type Settings } from "../../demo/page/arena/settings.ts";
import { short } from "../support/soak.ts";
import { buffersOf, countBuffers, held, mayBeLate } from "./support/held.ts";
import { backends, panelIsReady, reading, test } from "./support/page.ts";

const ROUNDS = 5;
/** Software that stands in for a GPU takes long for each. */
const MANY_ROUNDS = { cpu: 200, webgpu: short(20, 200) };
const PLAYED = { cpu: presetNames.length, webgpu: short(1, presetNames.length) };

describe.each(backends)("on %s", (on) => {
  test("picks what the library picks in Node for the same seed", async ({ openPanel }) => {
    const page = await openPanel("arena", { on });
    await page.getByLabel("Seed").fill("7");
    expect(await shownRounds(page)).toEqual(await roundsInNode({ ...opening, seed: 7 }));
    await page.getByLabel("Model").selectOption("network");
    await page.getByLabel("Strategy").selectOption("bald");
    await page.getByLabel("ε-greedy").check();
    expect(await shownRounds(page)).toEqual(
      await roundsInNode({ ...opening, seed: 7, model: "network", strategy: "bald", remedies: ["epsilon"] }),
    );
  });

  test.for(presetNames.slice(0, PLAYED[on]))(
    "%s is cured by a switch",
    { timeout: 120_000 },
    async (name, { openPanel }) => {
      const { title, remedy, settings } = presets[name];
      const { label } = remedies[remedy];
      const page = await openPanel("arena", { on });
      await page.getByLabel("Speed").fill("30");
      await page.getByRole("button", { name: title, exact: true }).click();
      const failing = await playedOut(page);
      await page.getByRole("button", { name: `Cure it: ${label}` }).click();
      expect(await page.getByRole("switch", { name: label }).isChecked()).toBe(true);
      const cured = await playedOut(page);
      expect(failing).toEqual(await accuraciesInNode(settings));
      expect(cured).toEqual(await accuraciesInNode(toggled(settings, remedy)));
      expect(meanOf(cured)).toBeGreaterThan(meanOf(failing) + 0.05);
      // The failure stays in sight beside the cure.
      expect(await curve(page, "before the change")).toBe(failing.at(-1));
    },
  );

  test("lets go of everything when it is left in the middle of a race", async ({ openPanel }) => {
    const page = await openPanel("pool", { on });
    await page.addInitScript(countBuffers);
    await page.reload();
    await panelIsReady(page, "pool");
    await page.getByRole("tab", { name: "Arena" }).click();
    await page.getByRole("button", { name: "Play" }).click();
    await playedTo(page, 2);
    expect((await buffersOf(page)) > 0).toBe(on === "webgpu");
    await page.getByRole("tab", { name: "Your own pool" }).click();
    await panelIsReady(page, "pool");
    await expect.poll(() => buffersOf(page), { timeout: 30_000 }).toBe(0);
  });

  test(
    `plays ${MANY_ROUNDS[on]} rounds and holds no more than after a few`,
    { timeout: 600_000 },
    async ({ openPanel }) => {
      const page = await openPanel("arena", { on });
      await page.addInitScript(countBuffers);
      await page.reload();
      await panelIsReady(page, "arena");
      const session = await page.context().newCDPSession(page);
      await page.getByLabel("Speed").fill("30");
      await page.getByLabel("Rows a round (k)").fill("1");
      await page.getByLabel("Budget").fill(String(opening.first + 10));
      await playedOut(page);
      const before = await held(page, session);
      await page.getByLabel("Budget").fill(String(opening.first + MANY_ROUNDS[on]));
      await playedOut(page);
      expect(await reading(page, "round")).toBe(MANY_ROUNDS[on] + 1);
      const after = await held(page, session);
      expect(after.buffers).toBeLessThanOrEqual(before.buffers);
      expect(after.buffers > 0).toBe(on === "webgpu");
      expect(after.promises).toBeLessThanOrEqual(before.promises);
      // A round adds two coordinates a learner to what is kept in arrays.
      const now = async (what: "arrays" | "heap"): Promise<number> => (await held(page, session))[what];
      await expect.poll(() => now("arrays"), mayBeLate).toBeLessThanOrEqual(before.arrays + 20_000);
      // And 1 kB or so to the journals; the rest is what functions that have run often are compiled to.
      await expect.poll(() => now("heap"), mayBeLate).toBeLessThanOrEqual(before.heap + 2_000_000);
      expect(after.nodes).toBeLessThanOrEqual(before.nodes);
      expect(after.listeners).toBeLessThanOrEqual(before.listeners);
    },
  );
});

test("plays, pauses, steps and resets", async ({ openPanel }) => {
  const page = await openPanel("arena", { on: "cpu" });
  await state(page, "paused");
  const first = await picks(page);
  expect(await page.locator('output[data-name="asked-accuracy"]').getAttribute("data-value")).toBeNull();
  await page.getByRole("button", { name: "Step" }).click();
  await round(page, 1);
  expect(await reading(page, "labels")).toBe(opening.first);
  expect(await page.locator('[data-learner=asked] output[data-name="labelled"]').getAttribute("data-value")).toBe("10");
  await page.getByRole("button", { name: "Play" }).click();
  await state(page, "playing");
  expect(await page.getByRole("button", { name: "Step" }).isDisabled()).toBe(true);
  await playedTo(page, 3);
  await page.getByRole("button", { name: "Pause" }).click();
  await state(page, "paused");
  await page.getByRole("button", { name: "Reset" }).click();
  await round(page, 0);
  await state(page, "paused");
  expect(await picks(page)).toEqual(first);
});

test("begins anew at any change of the settings, and says what the curves show", async ({ openPanel }) => {
  const page = await openPanel("arena", { on: "cpu" });
  for (const change of [
    () => page.getByLabel("Blobs").fill("3"),
    () => page.getByLabel("Batch").selectOption("k-center"),
    () => page.getByLabel("Noise: outliers").fill("0.1"),
    () => page.getByLabel("Rows", { exact: true }).selectOption("10,000"),
  ]) {
    await state(page, "paused");
    await page.getByRole("button", { name: "Step" }).click();
    await round(page, 1);
    await change();
    await round(page, 0);
  }
  expect(await page.locator(".scatter").first().getAttribute("data-points")).toBe("10000");
  // k-center goes by distances alone: neither a strategy nor density has anything to do.
  expect(await page.getByLabel("Strategy").isDisabled()).toBe(true);
  expect(await page.getByLabel("Density").isDisabled()).toBe(true);
  expect(await curve(page, "k-center")).toBeUndefined();
});

test("offers strategies that compare passes with the models that have them", async ({ openPanel }) => {
  const page = await openPanel("arena", { on: "cpu" });
  const offered = () => page.getByLabel("Strategy").locator("option").allTextContents();
  expect(await offered()).not.toContain("bald");
  expect(await offered()).toContain("egl");
  await page.getByLabel("Model").selectOption("committee");
  await page.getByLabel("Strategy").selectOption("bald");
  expect(await offered()).not.toContain("egl");
  await page.getByLabel("Model").selectOption("logistic");
  expect(await page.getByLabel("Strategy").inputValue()).toBe("margin");
});

test("ends where the budget is spent, and says so", async ({ openPanel }) => {
  const page = await openPanel("arena", { on: "cpu" });
  await page.getByLabel("Budget").fill("18");
  await playedOut(page);
  expect(await reading(page, "labels")).toBe(18);
  expect(await page.getByRole("log").textContent()).toBe("The race is over: 18 labels: the budget is spent.");
  expect(await page.getByRole("button", { name: "Play" }).isDisabled()).toBe(true);
});

test("is worked by keyboard", async ({ openPanel }) => {
  const page = await openPanel("arena", { on: "cpu" });
  await state(page, "paused");
  await page.getByRole("button", { name: "Cold start" }).focus();
  await page.keyboard.press("Enter");
  const plays = page.getByRole("button", { name: "Play" });
  for (let tabs = 0; tabs < 5 && !(await plays.evaluate((button) => button === document.activeElement)); tabs++)
    await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await round(page, 1);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Space");
  await playedTo(page, 3);
  await page.keyboard.press("Space");
  await state(page, "paused");
});

test("fits a phone while it races", async ({ openPanel }) => {
  const page = await openPanel("arena", { on: "cpu", viewport: { width: 360, height: 740 } });
  await page.getByRole("button", { name: "Step" }).click();
  await round(page, 1);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

/** Rows that both ask for, and accuracies. */
type ShownRound = readonly [asked: string, atRandom: string, accuracy: number | undefined, byLot: number | undefined];

async function shownRounds(page: Page): Promise<ShownRound[]> {
  const found: ShownRound[] = [];
  for (let at = 0; at < ROUNDS; at++) {
    if (at > 0) await page.getByRole("button", { name: "Step" }).click();
    await round(page, at);
    found.push([
      ...(await picks(page)),
      at ? await reading(page, "asked-accuracy") : undefined,
      at ? await reading(page, "random-accuracy") : undefined,
    ]);
  }
  return found;
}

async function roundsInNode(settings: Settings): Promise<ShownRound[]> {
  await using engine = await openEngine({ backend: "cpu", threads: 1 });
  const race = await Race.open(engine, settings);
  const found: ShownRound[] = [];
  for (let at = 0; at < ROUNDS; at++) {
    const [asked, atRandom] = await race.next();
    const [rows, others] = [asked, atRandom].map((one) => one.picks.map(({ row }) => row).join(" "));
    found.push([rows, others, asked.metrics.accuracy, atRandom.metrics.accuracy]);
  }
  return found;
}

async function accuraciesInNode(settings: Settings): Promise<number[]> {
  await using engine = await openEngine({ backend: "cpu", threads: 1 });
  const race = await Race.open(engine, settings);
  const found: number[] = [];
  for (let isOver = false; !isOver;) {
    const [{ metrics, stop }] = await race.next();
    if (metrics.accuracy !== undefined) found.push(metrics.accuracy);
    isOver = stop !== undefined;
  }
  return found;
}

/** Plays to the end, and gives the accuracies of the learner that asks, as the page shows them when it is done. */
async function playedOut(page: Page): Promise<number[]> {
  await state(page, "paused");
  await round(page, 0);
  await page.evaluate(() => {
    const shown: number[] = [];
    const read = (): void => {
      const value = document.querySelector('output[data-name="asked-accuracy"]')?.getAttribute("data-value");
      const at = document.querySelector('output[data-name="round"]')?.getAttribute("data-value");
      if (value) shown[Number(at)] = Number(value);
    };
    new MutationObserver(read).observe(document.querySelector("main")!, {
      subtree: true,
      attributes: true,
      childList: true,
    });
    Object.assign(globalThis, { shown });
  });
  await page.getByRole("button", { name: "Play" }).click();
  await page.locator("[data-state=over]").waitFor({ timeout: 500_000 });
  return page.evaluate(() => (globalThis as unknown as { shown: number[] }).shown.filter((value) => value !== null));
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const state = (page: Page, name: string): Promise<void> => page.locator(`main [data-state=${name}]`).first().waitFor();

const round = (page: Page, at: number): Promise<void> =>
  page.locator(`output[data-name="round"][data-value="${at}"]`).waitFor();

/** That round, or one after it: of a race that is playing, a round may be over before it is looked for. */
async function playedTo(page: Page, at: number): Promise<void> {
  await expect.poll(() => reading(page, "round"), { timeout: 60_000 }).toBeGreaterThanOrEqual(at);
}

const picks = async (page: Page): Promise<[string, string]> => [
  (await page.locator('output[data-name="asked-picks"]').getAttribute("data-value"))!,
  (await page.locator('output[data-name="random-picks"]').getAttribute("data-value"))!,
];

/** The last value of a curve. */
async function curve(page: Page, name: string): Promise<number | undefined> {
  const value = await page.locator(`output[data-curve="${name}"]`).getAttribute("data-value");
  return value === null ? undefined : Number(value);
}
