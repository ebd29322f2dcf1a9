/** The panel of batch rules as a person works it, and the library's own answers to hold it to. */
import type { Locator, Page } from "playwright";
import { batches, openEngine, type StrategyName } from "poolwise";
import { makeScene, type Scene } from "../../../demo/page/explorer/scene.ts";

export interface Asked {
  readonly rows?: number;
  readonly seed?: number;
  readonly k?: number;
  readonly alpha?: number;
  readonly strategy?: StrategyName;
}

export async function set(page: Page, { rows, seed, k, alpha, strategy }: Asked): Promise<void> {
  const controls = page.getByRole("group", { name: "Settings" });
  if (rows !== undefined) await controls.getByLabel("rows in the pool").selectOption(rows.toLocaleString("en"));
  if (seed !== undefined) await controls.getByLabel("seed").fill(String(seed));
  if (k !== undefined) await controls.getByLabel("batch size k").fill(String(k));
  if (alpha !== undefined) await controls.getByLabel("α").fill(String(alpha));
  if (strategy !== undefined) await controls.getByLabel("strategy").selectOption(strategy);
}

export const tileOf = (page: Page, rule: string): Locator => page.locator(`.tile[data-rule="${rule}"]`);

/** Waits until every rule has picked for what is set. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    (rules) => document.querySelectorAll('.tile[data-state="done"]').length === rules,
    batches.length,
    { timeout: 120_000 },
  );
}

/** Rows in order of pick, as the list of a tile has them. */
export async function picksOf(page: Page, rule: string): Promise<number[]> {
  const tile = tileOf(page, rule);
  if (!(await tile.locator("details[open]").count())) await tile.getByText("Every pick, and why").click();
  const items = tile.locator("ol > li");
  await items.first().waitFor();
  return items.evaluateAll((all) => all.map((item) => Number(item.dataset.row)));
}

export async function measureOf(page: Page, rule: string, name: string): Promise<number> {
  return Number(await tileOf(page, rule).locator(`output[data-name=${name}]`).getAttribute("data-value"));
}

/** What the library picks in Node, on the cpu backend, of the pool that the page has for this seed. */
export async function pickInNode(given: Required<Asked>) {
  const scene = await makeScene(given);
  await using engine = await openEngine({ backend: "cpu" });
  const { logits, points, rows, labelled } = scene;
  const pool = await engine.load({ logits, embeddings: { data: points, rows, dims: 2 } });
  const picks: Record<string, number[]> = {};
  for (const { name, strategy: own } of batches) {
    const { seed, k, alpha } = given;
    const strategy = own ? undefined : given.strategy;
    picks[name] = (await pool.select(name, { seed, k, alpha, strategy, labelled })).picks.map(({ row }) => row);
  }
  const { values } = await pool.score(given.strategy, { seed: given.seed });
  return { scene, picks, scores: values };
}

/** Every distance taken, in float64. */
export function bruteForce({ points, rows, labelled }: Scene, picks: readonly number[]) {
  const distance = (a: number, b: number): number => {
    const [dx, dy] = [points[2 * a] - points[2 * b], points[2 * a + 1] - points[2 * b + 1]];
    return Math.sqrt(dx * dx + dy * dy);
  };
  const centres = [...labelled, ...picks];
  let radius = 0;
  for (let row = 0; row < rows; row++)
    radius = Math.max(radius, Math.min(...centres.map((centre) => distance(row, centre))));
  let redundant = 0;
  for (const [at, row] of picks.entries())
    if (Math.min(...picks.filter((_, other) => other !== at).map((other) => distance(row, other))) <= 0.2) redundant++;
  return { radius, redundancy: redundant / picks.length };
}
