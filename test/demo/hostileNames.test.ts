/** What files, columns and values are called is text on the page, never markup. */
import { writeFileSync } from "node:fs";
import type { Page } from "playwright";
import { beforeAll, expect, vi } from "vitest";
import { drawn, give, npyAt, pick, pickedRows, scratchFolder } from "./support/ownPool.ts";
import { test } from "./support/page.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const scratch = scratchFolder();
/** No name of a file has a slash in it. */
const image = '<img src=x onerror="globalThis.ran = 1">';
const script = "<script>globalThis.ran = 1</script>";

beforeAll(async () => {
  const lines = Array.from({ length: 40 }, (_, row) => `${row % 7},${row % 5},${row % 3}`);
  const header = [image, script, "c"].map((name) => `"${name.replaceAll('"', '""')}"`).join(",");
  writeFileSync(scratch(`${image}1.csv`), [header, ...lines, ""].join("\n"));
  writeFileSync(scratch(`${image}2.csv`), [header, ...lines, ""].join("\n"));
  writeFileSync(scratch("value.csv"), `a,b\n1,2\n"${script}",3\n`);
  writeFileSync(scratch(`${image}.xlsx`), "PK");
  writeFileSync(scratch(`${image}.json`), JSON.stringify([script]));
  await npyAt(scratch(`<svg onload=globalThis.ran=1>.npy`), drawn(80, 3, 5), 3);
});

/** That the page says it, has made nothing of it, and has run nothing. */
async function expectInert(page: Page, said: string): Promise<void> {
  expect(await page.locator("body").innerText()).toContain(said);
  expect(await page.locator("img[src=x], [onerror], [onload], body script:not([src])").count()).toBe(0);
  expect(await page.evaluate(() => "ran" in globalThis)).toBe(false);
}

test("names of files and columns", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await give(page, "Predictions", [scratch(`${image}1.csv`), scratch(`${image}2.csv`)]);
  await give(page, "Embeddings", scratch("<svg onload=globalThis.ran=1>.npy"));
  await pick(page, { k: 5, batch: "hybrid" });
  expect(await pickedRows(page)).toHaveLength(5);
  await expectInert(page, `${image}1.csv`);
  await expectInert(page, "<svg onload=globalThis.ran=1>.npy");
});

test.for([
  ["Predictions", `${image}.xlsx`, image],
  ["Predictions", "value.csv", "<script>"],
  ["Labelled rows", `${image}.json`, script],
] as const)("errors of %s: %s", async ([zone, name, said], { openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await give(page, zone, scratch(name));
  expect(await page.getByRole("alert").count()).toBe(1);
  await expectInert(page, said);
});

test("an address that ends in markup", async ({ open }) => {
  const page = await open({ on: "cpu", at: `#${encodeURIComponent(image)}` });
  await page.locator("[id^=panel-][data-state=ready]").first().waitFor();
  expect(await page.evaluate(() => "ran" in globalThis)).toBe(false);
});
