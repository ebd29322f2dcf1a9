/** The shared parts of the page, each by itself in the gallery. */
import type { Locator, Page } from "playwright";
import { expect } from "vitest";
import { extentAround, projection } from "../../demo/page/parts/scatter/extent.ts";
import { discs, marks } from "./gallery/scene.ts";
import { reading, test } from "./support/page.ts";

const ROWS = 200_000;
const { points, classes } = discs(ROWS);

test("a scatter plot draws 200,000 points in the colours of their classes", async ({ open }) => {
  const page = await openGallery(open);
  expect(await page.locator(".scatter").getAttribute("data-points")).toBe(String(ROWS));
  await page.getByLabel("regions").uncheck();
  const colours = await classColours(page);
  for (const disc of [0, 1, 2]) {
    const [red, green, blue] = await meanColour(page, 3 * disc, 0);
    const nearest = colours.map(([r, g, b]) => Math.hypot(r - red, g - green, b - blue));
    expect(nearest.indexOf(Math.min(...nearest))).toBe(disc);
  }
  expect(await meanColour(page, 1.5, 0.9)).toEqual([255, 255, 255]);
});

test("regions lie behind the points, fainter where they are less sure", async ({ open }) => {
  const page = await openGallery(open);
  const sure = await meanColour(page, 1.5, -3);
  const unsure = await meanColour(page, 1.5, 3);
  expect(Math.min(...unsure)).toBeGreaterThan(Math.min(...sure) + 20);
  await page.getByLabel("regions").uncheck();
  expect(await meanColour(page, 1.5, -3)).toEqual([255, 255, 255]);
});

test("hovering singles out the nearest row, marks first, at any density of pixels", async ({ open }) => {
  for (const deviceScaleFactor of [1, 2]) {
    const page = await openGallery(open, { deviceScaleFactor });
    await hover(page, points[2 * 3002], points[2 * 3002 + 1]);
    expect(await singled(page)).toEqual(["3002", "row 3002, class 2"]);
    await hover(page, 1.5, 0.9);
    expect(await singled(page)).toEqual([null, ""]);
    // Within a pixel's rounding of one row out of many: whichever is named has to be there.
    await hover(page, 3.3, 0.2);
    const row = Number((await singled(page))[0]);
    expect(classes[row]).toBe(1);
    expect(Math.hypot(points[2 * row] - 3.3, points[2 * row + 1] - 0.2)).toBeLessThan(0.02);
    const [width, shown] = await page
      .locator(".scatter canvas")
      .first()
      .evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.clientWidth]);
    expect(width).toBe(Math.round(shown * deviceScaleFactor));
  }
});

test("what is written of a mark stands above and to the right of it", async ({ open }) => {
  const page = await openGallery(open);
  const above = page.locator(".scatter canvas").nth(1);
  const to = projection(extentAround(points), await above.evaluate((canvas: HTMLCanvasElement) => canvas.width));
  const isInkedBeside = (row: number): Promise<boolean> =>
    above.evaluate(
      (canvas: HTMLCanvasElement, [x, y]) =>
        canvas
          .getContext("2d")!
          .getImageData(x + 9, y - 18, 6, 6)
          .data.some((value) => value > 0),
      [Math.round(to.x(points[2 * row])), Math.round(to.y(points[2 * row + 1]))],
    );
  expect(await isInkedBeside(6000)).toBe(true);
  expect(await isInkedBeside(3002)).toBe(false);
});

test("arrow keys go through the marks of a scatter plot, Escape leaves them", async ({ open }) => {
  const page = await openGallery(open);
  const drawing = page.getByRole("img", { name: "Three discs" });
  expect(await drawing.getAttribute("aria-label")).toBe(
    "Three discs: 200,000 points, 2 labelled, 1 pick, 1 next. The left and right arrow keys go through these.",
  );
  await drawing.focus();
  const seen: (string | null)[] = [];
  for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "Escape"]) {
    await page.keyboard.press(key);
    seen.push((await singled(page))[0]);
  }
  expect(seen).toEqual([...[0, 1, 0, 3].map((at) => String(marks[at].row)), null]);
});

test("the legend of a scatter plot counts its marks", async ({ open }) => {
  const page = await openGallery(open);
  expect(await page.locator(".scatter .legend li").allTextContents()).toEqual(["2 labelled", "1 pick", "1 next"]);
  expect(await reading(page, "labelled")).toBe(2);
});

test("a scatter plot is drawn anew when the theme or its width changes", async ({ open }) => {
  const page = await openGallery(open);
  await page.getByLabel("regions").uncheck();
  await page.getByRole("button", { name: "Theme" }).click();
  expect(await meanColour(page, 1.5, 0.9)).toEqual([20, 23, 28]);
  await page.setViewportSize({ width: 360, height: 740 });
  await expect
    .poll(() =>
      page
        .locator(".scatter canvas")
        .first()
        .evaluate((canvas: HTMLCanvasElement) => canvas.width),
    )
    .toBeLessThan(360);
  expect(await meanColour(page, 1.5, 0.9)).toEqual([20, 23, 28]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

test("controls are found by their labels, and tell what they are set to", async ({ open }) => {
  const page = await openGallery(open);
  const k = page.getByLabel("k", { exact: true });
  await k.fill("12");
  expect(await reading(page, "k")).toBe(12);
  await k.fill("500");
  expect(await reading(page, "k")).toBe(12);
  await k.blur();
  expect(await k.inputValue()).toBe("12");
  await page.getByRole("slider", { name: "ε" }).press("ArrowRight");
  expect(await reading(page, "epsilon")).toBe(0.2);
  expect(await page.locator("[data-name=epsilon]").textContent()).toBe("20.0%");
  await page.getByLabel("batch").selectOption("k-center");
  expect(await page.locator("[data-name=batch]").textContent()).toBe("k-center");
  expect(await page.locator("[data-name=radius]").getAttribute("data-value")).toBeNull();
});

test("curves grow, and are there as numbers", async ({ open }) => {
  const page = await openGallery(open);
  const curves = page.locator(".curves");
  expect(await curves.getAttribute("data-points")).toBe("6");
  await page.getByRole("button", { name: "Step" }).click();
  await expect.poll(() => curves.getAttribute("data-points")).toBe("7");
  const last = Number(await page.locator("[data-curve=entropy]").getAttribute("data-value"));
  expect(last).toBeCloseTo(1 - 0.5 * Math.exp(-2), 12);
  await page.getByText("As numbers").click();
  expect(await curves.locator("tbody tr").last().locator("td").allTextContents()).toEqual(["60", "93.2%", "81.6%"]);
  expect(await curves.locator("canvas").evaluate(isInked)).toBe(true);
});

test("a histogram counts every number once, and nothing that is none", async ({ open }) => {
  const page = await openGallery(open);
  const histogram = page.locator(".histogram");
  expect(await histogram.getAttribute("data-counted")).toBe("999");
  const counts = await histogram.locator("rect").evaluateAll((bars) => bars.map((bar) => Number(bar.dataset.count)));
  expect(counts.reduce((sum, count) => sum + count)).toBe(999);
  expect(counts[0]).toBe(1);
});

const isInked = (canvas: HTMLCanvasElement): boolean =>
  canvas
    .getContext("2d")!
    .getImageData(0, 0, canvas.width, canvas.height)
    .data.some((value) => value > 0);

test("a component hears when it goes away, so that it can free what it holds", async ({ open }) => {
  const page = await openGallery(open);
  await page.getByRole("slider", { name: "ε" }).press("ArrowRight");
  expect(await reading(page, "left")).toBe(0);
  await page.getByLabel("guest").uncheck();
  await expect.poll(() => reading(page, "left")).toBe(1);
});

type Open = (visit: { on: "cpu"; at: string; deviceScaleFactor?: number }) => Promise<Page>;

async function openGallery(open: Open, options: { deviceScaleFactor?: number } = {}): Promise<Page> {
  const page = await open({ on: "cpu", at: `gallery/?points=${ROWS}`, ...options });
  await page.locator(".scatter").waitFor();
  return page;
}

async function hover(page: Page, x: number, y: number): Promise<void> {
  const { left, top, width } = await boxOf(page.locator(".scatter .plot"));
  const to = projection(extentAround(points), width);
  await page.mouse.move(left + to.x(x), top + to.y(y));
}

const singled = async (page: Page): Promise<readonly [row: string | null, text: string | null]> => {
  const tip = page.locator(".scatter .tip");
  return [await tip.getAttribute("data-row"), await tip.textContent()];
};

const boxOf = (plot: Locator): Promise<{ left: number; top: number; width: number }> =>
  plot.evaluate((element) => {
    const { left, top, width } = element.querySelector("canvas")!.getBoundingClientRect();
    return { left, top, width };
  });

/** Of 11 × 11 pixels around a point of the plane. */
async function meanColour(page: Page, x: number, y: number): Promise<number[]> {
  const ground = page.locator(".scatter canvas").first();
  const to = projection(extentAround(points), await ground.evaluate((canvas: HTMLCanvasElement) => canvas.width));
  const corner = [Math.floor(to.x(x)) - 5, Math.floor(to.y(y)) - 5];
  const data = await ground.evaluate(
    (canvas: HTMLCanvasElement, [left, top]) => [...canvas.getContext("2d")!.getImageData(left, top, 11, 11).data],
    corner,
  );
  return [0, 1, 2]
    .map((channel) => data.reduce((sum, value, at) => sum + (at % 4 === channel ? value / 121 : 0), 0))
    .map((mean) => Math.round(mean));
}

const classColours = (page: Page): Promise<number[][]> =>
  page.evaluate(() => {
    const style = getComputedStyle(document.documentElement);
    return [0, 1, 2].map((at) => style.getPropertyValue(`--class-${at}`).match(/\d+/g)!.map(Number));
  });
