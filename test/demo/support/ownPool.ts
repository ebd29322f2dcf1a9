/** The panel of a pool of one's own, as a person works it; and the files that it is given. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright";
import { afterAll } from "vitest";
import { writeNpy } from "../../../src/files/npyFiles.ts";
import { openRows } from "../../../src/files/openRows.ts";
import type { RowSource } from "../../../src/matrix.ts";
import { randomUniform } from "../../../src/random.ts";

type Zone = "Predictions" | "Embeddings" | "Labelled rows";

/** A folder that goes when the test file is through. */
export function scratchFolder(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "poolwise-own-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}

const opened: RowSource[] = [];
afterAll(async () => {
  for (const source of opened.splice(0)) await source.close?.();
});

/** What the library reads of a file in Node; closed when the test file is through. */
export async function read(place: string): Promise<RowSource> {
  const source = await openRows(place);
  opened.push(source);
  return source;
}

/** [rows, cols] of numbers between −4 and 4; another stream is another matrix. */
export const drawn = (rows: number, cols: number, stream: number): Float32Array =>
  Float32Array.from(
    { length: rows * cols },
    (_, i) => 8 * randomUniform(0, stream, Math.floor(i / cols), i % cols) - 4,
  );

export async function npyAt(path: string, values: Float32Array, cols: number): Promise<string> {
  await writeNpy(path, [values.length / cols, cols], [values]);
  return path;
}

/** Chooses files for a zone by its button, and waits until they are read, or refused. */
export async function give(page: Page, zone: Zone, paths: string | string[]): Promise<void> {
  await page.getByLabel(new RegExp(`for ${zone.toLowerCase()}$`)).setInputFiles(paths);
  await rest(page);
}

/** What the zone says that it holds. */
export const shapeOf = (page: Page, zone: Zone): Promise<Record<string, string | undefined>> =>
  page
    .getByRole("region", { name: zone, exact: true })
    .locator(".shape")
    .evaluate((shape: HTMLElement) => ({ ...shape.dataset }));

interface Asked {
  readonly batch?: string;
  readonly strategy?: string;
  readonly k?: number;
  readonly seed?: number;
}

export async function choose(page: Page, { batch, strategy, k, seed }: Asked): Promise<void> {
  if (batch) await page.getByLabel("Batch", { exact: true }).selectOption(batch);
  if (strategy) await page.getByLabel("Strategy", { exact: true }).selectOption(strategy);
  if (k !== undefined) await page.getByLabel("k", { exact: true }).fill(String(k));
  if (seed !== undefined) await page.getByLabel("Seed", { exact: true }).fill(String(seed));
}

/** Picks, and waits until all is found. */
export async function pick(page: Page, asked: Asked = {}): Promise<void> {
  await choose(page, asked);
  await page.getByRole("button", { name: /^Pick / }).click();
  await rest(page);
}

/** Of the work: done, failed or cancelled, and nothing under way. */
export async function rest(page: Page): Promise<string | null> {
  const work = page.locator(".work:not([data-state=working])");
  await work.waitFor({ state: "attached" });
  return work.getAttribute("data-state");
}

/** Column of the table of picks, as text. */
export async function column(page: Page, title: string): Promise<string[]> {
  const titles = await page.locator(".results th").allTextContents();
  return page.locator(`.results tbody td:nth-child(${titles.indexOf(title) + 1})`).allTextContents();
}

export const pickedRows = async (page: Page): Promise<number[]> => (await column(page, "Row")).map(Number);

/** What the download button of that format saves. */
export async function download(page: Page, format: ".csv" | ".json"): Promise<string> {
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: `Download ${format}` }).click();
  const file = await saved;
  if (file.suggestedFilename() !== `picks${format}`) throw new Error(`saved as ${file.suggestedFilename()}`);
  return readFileSync(await file.path(), "utf8");
}
