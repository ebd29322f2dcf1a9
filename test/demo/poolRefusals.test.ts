/** Your own pool: what is refused, in the library's one line, and what is cancelled. */
import { writeFileSync } from "node:fs";
import type { Page } from "playwright";
import { beforeAll, expect, vi } from "vitest";
import { openEngine } from "../../src/index.ts";
import { choose, drawn, give, npyAt, pick, pickedRows, read, rest, scratchFolder, shapeOf } from "./support/ownPool.ts";
import { backends, test } from "./support/page.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const scratch = scratchFolder();
let good = "";
let nan = "";
beforeAll(async () => {
  good = await npyAt(scratch("good.npy"), drawn(500, 4, 32), 4);
  const values = drawn(500, 4, 32);
  values[4 * 123 + 2] = NaN;
  nan = await npyAt(scratch("nan.npy"), values, 4);
  await npyAt(scratch("short.npy"), drawn(499, 6, 33), 6);
  await npyAt(scratch("places.npy"), drawn(500, 6, 33), 6);
  writeFileSync(scratch("magic.npy"), "this is no array");
  writeFileSync(scratch("ragged.csv"), "1,2,3\n4,5\n");
  writeFileSync(scratch("pool.xlsx"), "PK");
  writeFileSync(scratch("rows.json"), '{"rows": 3}');
  writeFileSync(scratch("beyond.json"), "[3, 500]");
  writeFileSync(scratch("half.json"), "[1.5]");
});

/** What the library says in Node, where a file is called by its path, as the page calls it: by its name. */
async function saidByLibrary(path: string, work: () => Promise<unknown>): Promise<string> {
  const error: unknown = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return (error as Error).message.replaceAll(path, path.split("/").at(-1)!);
}

const alert = (page: Page): Promise<string | null> => page.getByRole("alert").textContent();

test.for(["magic.npy", "ragged.csv", "pool.xlsx"])(
  "%s is refused, and changes nothing",
  async (name, { openPanel }) => {
    const page = await openPanel("pool", { on: "cpu" });
    await give(page, "Predictions", good);
    await pick(page, { k: 5 });
    const before = await pickedRows(page);
    const path = scratch(name);
    await give(page, "Predictions", path);
    expect(await alert(page)).toBe(await saidByLibrary(path, () => read(path)));
    expect(await shapeOf(page, "Predictions")).toMatchObject({ rows: "500" });
    expect(await pickedRows(page)).toEqual(before);
    await pick(page, { k: 6 });
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(await pickedRows(page)).toHaveLength(6);
  },
);

test("predictions and embeddings that do not fit are refused until they do", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await give(page, "Predictions", good);
  await give(page, "Embeddings", scratch("short.npy"));
  expect(await alert(page)).toBe("short.npy: 499 rows beside good.npy with 500: a pool has one of each for every row");
  expect(await page.getByRole("button", { name: /^Pick / }).count()).toBe(0);
  await give(page, "Embeddings", scratch("places.npy"));
  expect(await page.getByRole("alert").count()).toBe(0);
  await pick(page, { k: 5, batch: "k-center" });
  expect(await pickedRows(page)).toHaveLength(5);
});

test("labelled rows that are none are refused", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await give(page, "Predictions", good);
  await give(page, "Labelled rows", scratch("rows.json"));
  expect(await alert(page)).toBe('rows.json: holds neither an array of rows nor a selection with "picks"');
  await give(page, "Labelled rows", scratch("half.json"));
  expect(await alert(page)).toBe("half.json: index 0 holds 1.5; a row is a whole number from 0 to 16777215 here");
  await give(page, "Labelled rows", scratch("beyond.json"));
  await pick(page);
  expect(await alert(page)).toBe("labelled row 500 is not in the pool: rows are 0 to 499");
});

for (const on of backends) {
  test(`a row with NaN is named, or left out where that is asked for, on ${on}`, async ({ openPanel }) => {
    const page = await openPanel("pool", { on });
    await give(page, "Predictions", nan);
    await pick(page, { k: 5 });
    await using engine = await openEngine({ backend: "cpu" });
    const pool = await engine.load({ logits: await read(nan) });
    expect(await alert(page)).toBe(await saidByLibrary(nan, () => pool.score("entropy")));
    expect(await alert(page)).toMatch(/^nan\.npy: row 123/);
    await page.getByLabel("Leave out invalid rows").check();
    await rest(page);
    await pick(page, { k: 500 });
    expect(await alert(page)).toContain("500 is more than the 499 rows left of 500 (1 invalid)");
    await pick(page, { k: 499 });
    expect(await pickedRows(page)).not.toContain(123);
    expect(await page.locator(".histogram").getAttribute("data-counted")).toBe("499");
    expect(await page.locator("[data-name=invalid]").getAttribute("data-value")).toBe("1");
  });

  test(`work that is cancelled ends, and leaves what was there, on ${on}`, async ({ openPanel }) => {
    const page = await openPanel("pool", { on });
    await page.getByLabel("Sample rows").selectOption("100,000");
    await page.getByRole("button", { name: "Use a sample pool" }).click();
    await rest(page);
    await pick(page, { k: 9 });
    const before = await pickedRows(page);
    await choose(page, { batch: "k-center", k: 50_000 });
    await page.getByRole("button", { name: /^Pick / }).click();
    await page.getByText(/^Picking: /).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(await rest(page)).toBe("cancelled");
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(await pickedRows(page)).toEqual(before);
    await pick(page, { batch: "top-k", k: 9 });
    expect(await pickedRows(page)).toEqual(before);
  });
}

test("predictions of one class are refused", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await give(page, "Predictions", await npyAt(scratch("single.npy"), drawn(500, 1, 34), 1));
  expect(await alert(page)).toBe(
    "single.npy: one column is one class, of which a model is always sure: a column for each",
  );
});
