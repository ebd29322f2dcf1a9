/** The panel of batch rules: its picks and numbers against the library's in Node, and why each row was picked. */
import type { Page } from "playwright";
import { batches, batchNames } from "poolwise";
import { describe, expect } from "vitest";
import { projection } from "../../demo/page/parts/scatter/extent.ts";
import { bruteForce, measureOf, pickInNode, picksOf, set, settled, tileOf } from "./explorer/panel.ts";
import { backends, test } from "./support/page.ts";

const patient = { timeout: 240_000 };
const given = { rows: 500, seed: 7, k: 12, alpha: 0.5, strategy: "margin" } as const;

describe.each(backends)("on %s", (on) => {
  test("every rule picks what the library picks in Node, and its numbers are right", patient, async ({ openPanel }) => {
    const page = await openPanel("explorer", { on });
    await set(page, given);
    await settled(page);
    const { scene, picks, scores } = await pickInNode(given);
    expect(await shownRules(page)).toEqual(expect.arrayContaining([...batchNames]));
    for (const rule of batchNames) {
      const shown = await picksOf(page, rule);
      expect(shown, rule).toEqual(picks[rule]);
      const { radius, redundancy } = bruteForce(scene, shown);
      expect(await measureOf(page, rule, "radius"), rule).toBe(radius);
      expect(await measureOf(page, rule, "redundancy"), rule).toBe(redundancy);
      const meanScore = shown.reduce((sum, row) => sum + scores[row], 0) / shown.length;
      expect(await measureOf(page, rule, "meanScore"), rule).toBeCloseTo(meanScore, 5);
      expect(await measureOf(page, rule, "milliseconds"), rule).toBeGreaterThan(0);
      const tile = tileOf(page, rule);
      expect(await tile.locator("[data-name=pick]").getAttribute("data-value")).toBe(String(given.k));
      expect(await tile.locator("[data-name=labelled]").getAttribute("data-value")).toBe(String(scene.labelled.length));
    }
    expect(await measureOf(page, "top-k", "redundancy")).toBeGreaterThan(
      await measureOf(page, "k-center", "redundancy"),
    );
  });

  test("α is the way from distance alone to score alone, and acts on hybrid alone", patient, async ({ openPanel }) => {
    const page = await openPanel("explorer", { on });
    await set(page, { ...given, alpha: 0 });
    await settled(page);
    expect(await picksOf(page, "hybrid")).toEqual(await picksOf(page, "k-center"));
    const others = batchNames.filter((name) => name !== "hybrid");
    const times = () => Promise.all(others.map((name) => measureOf(page, name, "milliseconds")));
    const before = await times();
    await set(page, { alpha: 1 });
    await settled(page);
    expect(await picksOf(page, "hybrid")).toEqual(await picksOf(page, "top-k"));
    expect(await picksOf(page, "hybrid")).not.toEqual(await picksOf(page, "k-center"));
    // Had any been picked anew, it would have taken another time.
    expect(await times()).toEqual(before);
    expect(await page.getByText("Acts on hybrid alone.").count()).toBe(1);
  });
});

test("top-k, k-center and hybrid come first, larger than the others, and every rule of the registry has a tile", async ({
  openPanel,
}) => {
  const page = await openPanel("explorer", { on: "cpu" });
  const rules = await shownRules(page);
  expect(rules.slice(0, 3)).toEqual(["top-k", "k-center", "hybrid"]);
  expect([...rules].sort()).toEqual([...batchNames]);
  const widths = await page.locator(".tile").evaluateAll((tiles) => tiles.map((tile) => tile.clientWidth));
  expect(Math.min(...widths.slice(0, 3))).toBeGreaterThan(1.2 * Math.max(...widths.slice(3)));
  for (const { name, about } of batches)
    expect((await tileOf(page, name).textContent())!.toLowerCase()).toContain(about.toLowerCase());
});

test("hovering a pick says why it was picked, and so do the arrow keys", async ({ openPanel }) => {
  const page = await openPanel("explorer", { on: "cpu" });
  await set(page, given);
  await settled(page);
  const { scene, picks, scores } = await pickInNode(given);
  for (const rule of ["top-k", "k-center", "badge"]) {
    const why = tileOf(page, rule).locator("[data-name=why]");
    expect(await why.textContent()).toContain("arrow keys");
    const [first] = picks[rule];
    await hover(page, rule, scene.points, scene.extent, first);
    await expect.poll(() => why.getAttribute("data-row"), { message: rule, timeout: 30_000 }).toBe(String(first));
    expect(await why.textContent()).toMatch(new RegExp(`^Pick 1, row ${first}\\. .+ Its margin is `));
    await page.mouse.move(0, 0);
    await expect.poll(() => why.getAttribute("data-row"), { timeout: 30_000 }).toBeNull();
    await tileOf(page, rule).getByRole("img").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await expect
      .poll(() => why.getAttribute("data-row"), { message: rule, timeout: 30_000 })
      .toBe(String(picks[rule][1]));
    expect(await why.textContent()).toMatch(/^Pick 2, /);
  }
  const [first] = picks["k-center"];
  const [reason, ...later] = await tileReasons(page, "k-center");
  const away = Number(/: (\S+) from the nearest\./.exec(reason)![1]);
  expect(away).toBeCloseTo(bruteForce(scene, []).radius, 2);
  // What the rule went by, and what the page finds by itself, are the same distance to labels and earlier picks.
  for (const other of later) expect(other).toMatch(/: (\S+) from the nearest\. .+ before it is \1 away\.$/);
  const rank = 1 + scores.filter((score) => score > scores[first]).length;
  expect(reason).toContain(`rank ${rank} of 500 rows`);
});

test("each rule has a reason of its own, for every pick", async ({ openPanel }) => {
  const page = await openPanel("explorer", { on: "cpu" });
  await set(page, given);
  await settled(page);
  const openings = new Set<string>();
  for (const rule of batchNames) {
    const reasons = await tileReasons(page, rule);
    expect(reasons).toHaveLength(given.k);
    for (const reason of reasons) expect(reason).not.toMatch(/NaN|undefined|Infinity/);
    openings.add(reasons[1].split(". ")[1].slice(0, 30));
  }
  expect(openings.size).toBe(batchNames.length);
  expect((await tileReasons(page, "batchbald"))[3]).toMatch(/adds \S+ nats .*to what the batch tells of the model/);
});

test("a change shows what does not hold any more, ends the work at hand, and the last one counts", async ({
  openPanel,
}) => {
  const page = await openPanel("explorer", { on: "cpu" });
  await set(page, given);
  await settled(page);
  await set(page, { k: 30 });
  expect(await statesOf(page)).not.toContain("done");
  expect(await page.locator("tr[data-state=done]").count()).toBe(0);
  await page.locator(".tile[data-state=working]").first().waitFor();
  for (const k of [29, 25, 17, 9]) await set(page, { k });
  await settled(page);
  const { picks } = await pickInNode({ ...given, k: 9 });
  for (const rule of batchNames) expect(await picksOf(page, rule), rule).toEqual(picks[rule]);
});

test("the table has the numbers of the tiles, in the order of any of them", async ({ openPanel }) => {
  const page = await openPanel("explorer", { on: "cpu" });
  await set(page, given);
  await settled(page);
  const table = page.getByRole("region", { name: "All rules in numbers" });
  const rules = () => table.locator("tbody th").allTextContents();
  const values = (name: string) =>
    table.locator(`td[data-name=${name}]`).evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.value)));
  expect(await rules()).toEqual(await shownRules(page));
  expect(await values("radius")).toEqual(
    await Promise.all((await rules()).map((rule) => measureOf(page, rule, "radius"))),
  );
  await table.getByRole("button", { name: "covering radius" }).press("Enter");
  const ascending = [...(await values("radius"))].sort((a, b) => a - b);
  expect(await values("radius")).toEqual(ascending);
  expect(await table.locator("th[aria-sort=ascending]").textContent()).toContain("covering radius");
  await table.getByRole("button", { name: "covering radius" }).click();
  expect(await values("radius")).toEqual(ascending.toReversed());
});

test(
  "a hundred thousand rows are drawn and picked from, while the page stays at one's command",
  patient,
  async ({ openPanel }) => {
    const page = await openPanel("explorer", { on: "cpu" });
    const drawn = await page.evaluateHandle(() => {
      const sizes = new Set<string | undefined>();
      const tile = document.querySelector(".tile[data-rule=typiclust]")!;
      const look = () => sizes.add(tile.querySelector<HTMLElement>(".scatter")?.dataset.points);
      new MutationObserver(look).observe(tile, { subtree: true, childList: true, attributes: true });
      return sizes;
    });
    await set(page, { rows: 100_000, k: 5 });
    await page.locator(".tile[data-rule=hybrid][data-state=done]").waitFor({ timeout: 120_000 });
    expect(await tileOf(page, "hybrid").locator(".scatter").getAttribute("data-points")).toBe("100000");
    // In the midst of the rest, which is left at that.
    await set(page, { rows: 500 });
    await settled(page);
    expect(await drawn.evaluate((sizes) => [...sizes])).toContain("500");
    expect(await drawn.evaluate((sizes) => [...sizes])).not.toContain("100000");
  },
);

test("a device that is lost is told of in one line", patient, async ({ openPanel }) => {
  const page = await openPanel("explorer", { on: "webgpu" });
  await page.addInitScript(() => {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...asked) {
      const device = await requestDevice.apply(this, asked);
      addEventListener("lose", () => device.destroy());
      return device;
    };
  });
  await page.reload();
  await set(page, given);
  await settled(page);
  await page.evaluate(() => dispatchEvent(new Event("lose")));
  await set(page, { k: 9 });
  expect(await page.getByRole("alert").textContent()).toMatch(/Reload this page to go on\.$/);
});

const shownRules = (page: Page): Promise<string[]> =>
  page.locator(".tile").evaluateAll((tiles) => tiles.map((tile) => (tile as HTMLElement).dataset.rule!));

const statesOf = (page: Page): Promise<string[]> =>
  page.locator(".tile").evaluateAll((tiles) => tiles.map((tile) => (tile as HTMLElement).dataset.state!));

async function tileReasons(page: Page, rule: string): Promise<string[]> {
  await picksOf(page, rule);
  return tileOf(page, rule).locator("ol > li").allTextContents();
}

async function hover(
  page: Page,
  rule: string,
  points: Float32Array,
  extent: Parameters<typeof projection>[0],
  row: number,
): Promise<void> {
  const canvas = tileOf(page, rule).locator("canvas").first();
  await canvas.scrollIntoViewIfNeeded();
  const { x, y, width } = (await canvas.boundingBox())!;
  const to = projection(extent, width);
  await page.mouse.move(x + to.x(points[2 * row]), y + to.y(points[2 * row + 1]));
}
