/** The digits panel, labelled by keys and buttons in a real Chromium. */
import type { Page } from "playwright";
import { describe, expect } from "vitest";
import type { Settings } from "../../demo/page/digits/settings.ts";
import { short } from "../support/soak.ts";
import { labelInNode, openDigits, rowsAsked } from "./support/digits.ts";
import { countBuffers, grownBytes, held, mayBeLate } from "./support/held.ts";
import { backends, panelIsReady, reading, test } from "./support/page.ts";

const digits = await openDigits();
const { labels: book } = digits.pool;

/** Software that stands in for a GPU takes long for what a GPU does at once. */
const patience = 300_000;
const ROUNDS = { cpu: 24, webgpu: short(8, 24) };
const SOME_LABELS = { cpu: 60, webgpu: short(20, 60) };
/** So many that questions are no longer those of the start. */
const FEW_LABELS = { cpu: 20, webgpu: short(12, 20) };
const MANY_LABELS = { cpu: 200, webgpu: short(20, 200) };

describe.each(backends)("on %s", (on) => {
  test("asks for the rows that the library asks for in Node", { timeout: patience }, async ({ openPanel }) => {
    for (const settings of [{}, { strategy: "entropy", batch: "hybrid", start: "k-center", seed: 7 }] as const) {
      const page = await openPanel("digits", { on });
      await settle(page, settings);
      const asked = [await rowAt(page, 0)];
      for (let round = 1; round <= ROUNDS[on]; round++) {
        await page.keyboard.press(String(book[asked.at(-1)!]));
        asked.push(await rowAt(page, round));
      }
      const inNode = await labelInNode(digits, ROUNDS[on], settings);
      expect(asked).toEqual(rowsAsked(inNode));
      const { accuracy, random } = inNode.rounds.at(-1)!.learnt!;
      expect(await reading(page, "accuracy")).toBe(accuracy);
      expect(await reading(page, "random-accuracy")).toBe(random.accuracy);
    }
  });

  const some = SOME_LABELS[on];
  test(`knows digits after ${some} labels, asked for or by lot`, { timeout: patience }, async ({ openPanel }) => {
    const page = await openPanel("digits", { on });
    await rowAt(page, 0);
    await answerForMe(page, some);
    expect(await reading(page, "labels")).toBe(some);
    expect(await reading(page, "random-labels")).toBe(some);
    const [own, lot] = [await reading(page, "accuracy"), await reading(page, "random-accuracy")];
    expect(Math.min(own, lot)).toBeGreaterThan(some < 60 ? 0.3 : 0.5); // chance is 0.1
    expect(await reading(page, "difference")).toBeCloseTo(own - lot, 12);
    expect(await reading(page, "differ")).toBe(0);
    expect(await page.locator(".curves").getAttribute("data-points")).toBe(String(some));
    const lasts = page.locator("[data-curve]");
    expect(await lasts.evaluateAll((all) => all.map((one) => Number(one.dataset.value)))).toEqual([own, lot]);
  });

  test(
    `holds no more after ${MANY_LABELS[on]} labels than after ${FEW_LABELS[on]}`,
    { timeout: patience },
    async ({ openPanel }) => {
      const page = await openPanel("digits", { on });
      await rowAt(page, 0);
      await page.addInitScript(countBuffers);
      await page.reload();
      await rowAt(page, 0);
      const session = await page.context().newCDPSession(page);
      await answerForMe(page, FEW_LABELS[on]);
      await startAgain(page);
      const early = await held(page, session);
      await answerForMe(page, MANY_LABELS[on]);
      expect(await reading(page, "labels")).toBe(MANY_LABELS[on]);
      const full = await held(page, session);
      expect(early.buffers > 0).toBe(on === "webgpu");
      expect(full.buffers).toBeLessThanOrEqual(early.buffers);
      // Labels with their thumbnails are there to be seen, 4 kB each; the rest is what functions are compiled to.
      await expect.poll(() => grownBytes(page, session, early), mayBeLate).toBeLessThan(2e6);
      await startAgain(page);
      const late = await held(page, session);
      expect(late.promises).toBeLessThanOrEqual(early.promises);
      // The button that said Stop in between is another one now.
      expect(late.nodes).toBeLessThanOrEqual(early.nodes + 10);
      expect(late.listeners).toBeLessThanOrEqual(early.listeners);
      await expect.poll(() => grownBytes(page, session, early), mayBeLate).toBeLessThan(5e5);
    },
  );
});

test("keys and buttons label alike, whatever has the focus", async ({ openPanel }) => {
  const page = await openPanel("digits", { on: "cpu" });
  const first = await rowAt(page, 0);
  await page.keyboard.press("4");
  const second = await rowAt(page, 1);
  await page.getByRole("button", { name: "7", exact: true }).click();
  const third = await rowAt(page, 2);
  await page.getByRole("button", { name: "7", exact: true }).press("0");
  await rowAt(page, 3);
  expect(await labelled(page)).toEqual([
    [first, 4],
    [second, 7],
    [third, 0],
  ]);
  const differing = [first, second, third].filter((row, at) => book[row] !== [4, 7, 0][at]);
  expect(await reading(page, "differ")).toBe(differing.length);
  expect(await page.locator(".book").count()).toBe(differing.length);
});

test("digits that are typed into a field are no answers", async ({ openPanel }) => {
  const page = await openPanel("digits", { on: "cpu" });
  const before = await rowAt(page, 0);
  const seed = page.getByLabel("Seed");
  await seed.focus();
  await seed.press("2");
  await expect.poll(() => page.locator(".asked").getAttribute("data-row")).not.toBe(String(before));
  expect(await rounds(page)).toBe(0);
});

test("undo gives the state before, as often as there are answers", async ({ openPanel }) => {
  const page = await openPanel("digits", { on: "cpu" });
  await answerTruly(page, 12);
  const before = await stateOf(page);
  await page.keyboard.press(String((book[before.row] + 1) % 10));
  await rowAt(page, 13);
  await page.keyboard.press("?");
  await rowAt(page, 14);
  expect(await stateOf(page)).not.toEqual(before);
  await page.keyboard.press("Backspace");
  await rowAt(page, 13);
  await page.getByRole("button", { name: "Undo" }).click();
  await rowAt(page, 12);
  expect(await stateOf(page)).toEqual(before);
  for (let round = 11; round >= 0; round--) {
    await page.keyboard.press("Backspace");
    await rowAt(page, round);
  }
  expect(await page.getByRole("button", { name: "Undo" }).isDisabled()).toBe(true);
  expect(await reading(page, "labels")).toBe(0);
});

test("a row that one cannot tell is not asked for again, and is no label", async ({ openPanel }) => {
  const page = await openPanel("digits", { on: "cpu" });
  const asked = [await rowAt(page, 0)];
  for (let round = 1; round <= 30; round++) {
    if (round % 3 === 0) await page.getByRole("button", { name: "I can’t tell" }).click();
    else await page.keyboard.press(String(book[asked.at(-1)!]));
    asked.push(await rowAt(page, round));
  }
  expect(new Set(asked).size).toBe(31);
  expect(await reading(page, "skipped")).toBe(10);
  expect(await reading(page, "labels")).toBe(20);
  expect(await reading(page, "random-labels")).toBe(20);
});

test("what the model thinks is told after the answer, or before it if one asks", async ({ openPanel }) => {
  const page = await openPanel("digits", { on: "cpu" });
  await answerTruly(page, 12);
  const row = await rowAt(page, 12);
  const beliefs = page.locator(".beliefs");
  expect(await beliefs.getAttribute("data-row")).not.toBe(String(row));
  await page.getByLabel("Tell me before I answer").check();
  expect(await beliefs.getAttribute("data-row")).toBe(String(row));
  const told = await probabilities(page);
  expect(told.length).toBe(10);
  expect(told.reduce((sum, p) => sum + p)).toBeCloseTo(1, 5);
  const { question } = await labelInNode(digits, 12);
  expect(told).toEqual([...question.beliefs!]);
  await page.getByLabel("Tell me before I answer").uncheck();
  await page.keyboard.press("5");
  await rowAt(page, 13);
  expect(await beliefs.getAttribute("data-row")).toBe(String(row));
  expect(await probabilities(page)).toEqual(told);
  expect(await beliefs.textContent()).toContain("You said 5.");
});

test("the picture says which row it is, and not what it shows", async ({ openPanel }) => {
  const page = await openPanel("digits", { on: "cpu" });
  const row = await rowAt(page, 0);
  const picture = page.getByRole("img", { name: `the digit to label, row ${row}`, exact: true });
  const inked = await picture.evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return [...data].filter((_, at) => at % 4 === 3);
  });
  expect(inked).toEqual([...digits.pool.pixels.subarray(row * 784, (row + 1) * 784)]);
});

test("answers for a person, and stops when told to", async ({ openPanel }) => {
  const page = await openPanel("digits", { on: "cpu" });
  await rowAt(page, 0);
  await page.getByRole("button", { name: "Answer 50 for me" }).click();
  await expect.poll(() => rounds(page)).toBeGreaterThan(2);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.locator(".asked[data-state=person]").waitFor();
  const given = await rounds(page);
  expect(given).toBeLessThan(50);
  expect((await labelled(page)).every(([row, label]) => book[row] === label)).toBe(true);
  await page.keyboard.press("1");
  await rowAt(page, given + 1);
});

test("how to ask is settled until one starts again", async ({ openPanel }) => {
  const page = await openPanel("digits", { on: "cpu" });
  const first = await rowAt(page, 0);
  await answerTruly(page, 3);
  for (const field of ["Strategy", "Batch", "Start", "Seed"])
    expect(await page.getByLabel(field, { exact: true }).isDisabled()).toBe(true);
  await startAgain(page);
  expect(await rowAt(page, 0)).toBe(first);
  expect(await reading(page, "labels")).toBe(0);
  await page.getByLabel("Batch").selectOption("k-center");
  expect(await page.getByLabel("Strategy").isDisabled()).toBe(true);
});

test("labels are still there when one comes back from another panel", async ({ openPanel }) => {
  const page = await openPanel("digits", { on: "cpu" });
  await answerTruly(page, 12);
  const before = await stateOf(page);
  await page.getByRole("tab", { name: "Arena" }).click();
  await panelIsReady(page, "arena");
  await page.goBack();
  expect(await rowAt(page, 12)).toBe(before.row);
  expect(await stateOf(page)).toEqual(before);
  await page.keyboard.press(String(book[before.row]));
  expect(await rowAt(page, 13)).toBe(rowsAsked(await labelInNode(digits, 13)).at(-1));
});

test("has keys for thumbs, and fits a phone when there is much to show", async ({ openPanel }) => {
  const page = await openPanel("digits", { on: "cpu", viewport: { width: 360, height: 740 } });
  await rowAt(page, 0);
  const keys = await page.locator(".keypad button").evaluateAll((all) =>
    all.map((key) => {
      const { width, height, bottom } = key.getBoundingClientRect();
      return { side: Math.min(width, height), bottom };
    }),
  );
  expect(keys.length).toBe(10);
  expect(Math.min(...keys.map(({ side }) => side))).toBeGreaterThanOrEqual(44);
  expect(Math.max(...keys.map(({ bottom }) => bottom))).toBeLessThanOrEqual(740);
  await answerForMe(page, 50);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

/** The row that is asked for once so many rounds are over. */
async function rowAt(page: Page, round: number): Promise<number> {
  const asked = page.locator(`.asked[data-rounds="${round}"][data-state=person]`);
  return Number(await asked.getAttribute("data-row"));
}

const rounds = async (page: Page): Promise<number> => Number(await page.locator(".asked").getAttribute("data-rounds"));

/** By fifties, and what is left one by one. */
async function answerForMe(page: Page, times: number): Promise<void> {
  const begun = await rounds(page);
  for (let done = 0; done < times;) {
    const some = times - done < 50 ? 1 : 50;
    const button = some === 1 ? "Answer for me" : "Answer 50 for me";
    await page.getByRole("button", { name: button, exact: true }).click();
    done += some;
    await page.locator(`.asked[data-rounds="${begun + done}"][data-state=person]`).waitFor({ timeout: patience });
  }
}

async function startAgain(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Start again" }).click();
  await rowAt(page, 0);
}

async function answerTruly(page: Page, times: number): Promise<void> {
  for (let round = 0; round < times; round++) await page.keyboard.press(String(book[await rowAt(page, round)]));
  await rowAt(page, times);
}

async function settle(page: Page, { strategy, batch, start, seed }: Partial<Settings>): Promise<void> {
  await rowAt(page, 0);
  for (const [label, name] of [
    ["Strategy", strategy],
    ["Batch", batch],
    ["Start", start],
  ])
    if (name) await page.getByLabel(label!, { exact: true }).selectOption(name);
  if (seed !== undefined) await page.getByLabel("Seed").fill(String(seed));
  await page.locator("h2").click(); // out of the seed, where digits are no answers
}

/** Rows and their labels, the oldest first. */
const labelled = async (page: Page): Promise<[row: number, label: number][]> =>
  (
    await page
      .locator(".labelled-rows li")
      .evaluateAll((all) => all.map((one): [number, number] => [Number(one.dataset.row), Number(one.dataset.label)]))
  ).toReversed();

const probabilities = (page: Page): Promise<number[]> =>
  page.locator("[data-belief]").evaluateAll((all) => all.map((one) => Number(one.dataset.value)));

/** All that a person sees of a run. */
async function stateOf(page: Page) {
  const numbers = page.locator("output[data-name], output[data-curve]");
  return {
    row: Number(await page.locator(".asked").getAttribute("data-row")),
    labelled: await labelled(page),
    numbers: await numbers.evaluateAll((all) => all.map((one) => one.dataset.value)),
    beliefs: await probabilities(page),
  };
}
