/** Your own pool: what is dropped is scored in the page, and its picks are the library's own. */
import { writeFileSync } from "node:fs";
import { beforeAll, describe, expect, vi } from "vitest";
import { makeSample } from "../../demo/page/pool/sample.ts";
import { openEngine, principalDirections, type SelectOptions } from "../../src/index.ts";
import type { BatchName } from "../../src/batches/index.ts";
import type { PoolData } from "../../src/poolInput.ts";
import {
  column,
  download,
  drawn,
  give,
  npyAt,
  pick,
  pickedRows,
  read,
  rest,
  scratchFolder,
  shapeOf,
} from "./support/ownPool.ts";
import { backends, panelIsReady, reading, test } from "./support/page.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const MILLION = 1_000_000;
const scratch = scratchFolder();
const golden = (name: string): string => new URL(`../golden/${name}`, import.meta.url).pathname;

let million = "";
let small = "";
let places = "";
beforeAll(async () => {
  million = await npyAt(scratch("million.npy"), drawn(MILLION, 10, 31), 10);
  small = await npyAt(scratch("small.npy"), drawn(3000, 4, 32), 4);
  places = await npyAt(scratch("places.npy"), drawn(3000, 6, 33), 6);
});

/** The picks of the library in Node, on its cpu backend. */
async function expected(data: PoolData, batch: BatchName, options: SelectOptions) {
  await using engine = await openEngine({ backend: "cpu" });
  const pool = await engine.load(data);
  return (await pool.select(batch, options)).picks;
}

const rowsOf = (picks: readonly { row: number }[]): number[] => picks.map(({ row }) => row);

describe.each(backends)("on %s", (on) => {
  test("a million rows out of a file are scored and picked from, with progress", async ({ openPanel }) => {
    const page = await openPanel("pool", { on });
    await give(page, "Predictions", million);
    expect(await shapeOf(page, "Predictions")).toEqual({ rows: "1000000", cols: "10", passes: "1", stored: "float32" });
    await page.evaluate(() => {
      const seen = new Set<string>();
      Object.assign(globalThis, { seen });
      new MutationObserver(() => {
        for (const bar of document.querySelectorAll<HTMLElement>(".work .progress"))
          seen.add(`${bar.dataset.of}: ${bar.nextElementSibling?.textContent}`);
      }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    });
    await pick(page, { k: 50, strategy: "margin" });
    const picks = await expected({ logits: await read(million) }, "top-k", { k: 50, strategy: "margin" });
    expect(await pickedRows(page)).toEqual(rowsOf(picks));
    expect(await reading(page, "rows")).toBe(MILLION);
    const histogram = page.locator(".histogram");
    expect(await histogram.getAttribute("data-counted")).toBe(String(MILLION));
    const bars = await histogram.locator("rect").evaluateAll((all) => all.map(({ dataset }) => Number(dataset.count)));
    expect(bars.reduce((sum, count) => sum + count)).toBe(MILLION);
    expect(await histogram.locator("line").count()).toBe(1);
    expect(await histogram.textContent()).toContain(`pick 50: ${Number(picks[49].score.toPrecision(3))}`);
    const seen = await page.evaluate(() => [...(globalThis as unknown as { seen: Set<string> }).seen]);
    expect(
      seen.some((told) => /^1000000: [\d,]+ a second, [\d.]+ s left$/.test(told)),
      seen.join("; "),
    ).toBe(true);
    expect(await page.getByText("There is no plot").count()).toBe(1);
  });

  test("rules that measure distances work with embeddings beside predictions, and alone", async ({ openPanel }) => {
    const page = await openPanel("pool", { on });
    await give(page, "Embeddings", places);
    await pick(page, { k: 20 });
    const embeddings = await read(places);
    expect(await page.getByLabel("Batch", { exact: true }).inputValue()).toBe("k-center");
    expect(await pickedRows(page)).toEqual(rowsOf(await expected({ embeddings }, "k-center", { k: 20 })));
    expect(await page.locator(".histogram").count()).toBe(0);
    expect(await reading(page, "radius")).toBeGreaterThan(0);

    await give(page, "Predictions", small);
    expect(await page.locator(".results").count()).toBe(0);
    const data = { logits: await read(small), embeddings };
    for (const batch of ["k-center", "hybrid", "badge"] as const) {
      await pick(page, { k: 20, batch, strategy: "entropy", seed: 7 });
      expect(await pickedRows(page), batch).toEqual(
        rowsOf(await expected(data, batch, { k: 20, strategy: "entropy", seed: 7 })),
      );
    }
    expect(await page.locator(".scatter").getAttribute("data-points")).toBe("3000");
    expect(await reading(page, "pick")).toBe(20);
  });

  test("a sample is one click away, and is the same for everyone", async ({ openPanel }) => {
    const page = await openPanel("pool", { on });
    await page.getByLabel("Sample rows").selectOption("100,000");
    await page.getByRole("button", { name: "Use a sample pool" }).click();
    await rest(page);
    await pick(page, { k: 30 });
    const { predictions, embeddings } = await makeSample(100_000);
    const data = { logits: predictions, embeddings };
    expect(await pickedRows(page)).toEqual(rowsOf(await expected(data, "top-k", { k: 30, strategy: "entropy" })));
    const { shares, measuredOn } = await principalDirections(embeddings);
    const plot = page.getByRole("region", { name: "Plot" });
    expect(await plot.getAttribute("data-shares")).toBe([...shares].join(" "));
    expect(Number(await plot.getAttribute("data-measured-on"))).toBe(measuredOn);
    expect(await page.locator(".scatter").getAttribute("data-points")).toBe("100000");
  });
});

test("a file that is dropped is read as one that is chosen", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  const text = Array.from({ length: 200 }, (_, row) => `${row % 7},${(row * row) % 11},0.5`).join("\n");
  const dropped = await page.evaluateHandle((content) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], "dropped.csv"));
    return transfer;
  }, text);
  const zone = page.getByRole("region", { name: "Predictions", exact: true });
  await zone.dispatchEvent("dragover", { dataTransfer: dropped });
  expect(await zone.getAttribute("data-over")).toBe("true");
  await zone.dispatchEvent("drop", { dataTransfer: dropped });
  await zone.locator(".shape").waitFor();
  expect(await zone.getAttribute("data-over")).toBe("false");
  expect(await shapeOf(page, "Predictions")).toEqual({ rows: "200", cols: "3", passes: "1", stored: "text" });
  await pick(page, { k: 5 });
  const data = Float32Array.from(text.split(/[\n,]/), Number);
  const picks = await expected({ logits: { data, rows: 200, classes: 3 } }, "top-k", { k: 5 });
  expect(await pickedRows(page)).toEqual(rowsOf(picks));
});

test.for([
  ["parquet/zstd.parquet", "400", "float64, int32"],
  ["parquet/list-f32.parquet", "50", "float32"],
  ["tables/plain.csv", "50", "text"],
  ["npz/one-compressed.npz", "300", "float32"],
] as const)("%s is read in the page", async ([name, rows, stored], { openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await give(page, "Predictions", golden(name));
  expect(await shapeOf(page, "Predictions")).toMatchObject({ rows, stored });
  await page.getByLabel("Leave out invalid rows").check();
  await rest(page);
  await pick(page, { k: 7, strategy: "least-confidence" });
  const options = { k: 7, strategy: "least-confidence" } as const;
  const picks = await expected({ logits: await read(golden(name)), invalid: "skip" } as PoolData, "top-k", options);
  expect(await pickedRows(page)).toEqual(rowsOf(picks));
});

test("columns of a table are named where not all of them are predictions", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  const lines = Array.from({ length: 60 }, (_, row) => `item ${row},${(row * row) % 13},${row % 5},${row}`);
  writeFileSync(scratch("named.csv"), `id,a,b,c\n${lines.join("\n")}\n`);
  expect(await page.getByLabel("Columns of predictions").count()).toBe(0);
  await give(page, "Predictions", scratch("named.csv"));
  expect(await page.getByRole("alert").textContent()).toMatch(
    /^named\.csv: line 2, column "id" holds "item 0": no number/,
  );
  await page.getByLabel("Columns of predictions").fill("a, b");
  await page.keyboard.press("Enter");
  await rest(page);
  expect(await page.getByRole("alert").count()).toBe(0);
  expect(await shapeOf(page, "Predictions")).toMatchObject({ rows: "60", cols: "2" });
  await pick(page, { k: 4 });
  const logits = await read(`${scratch("named.csv")}:a,b`);
  expect(await pickedRows(page)).toEqual(rowsOf(await expected({ logits }, "top-k", { k: 4 })));
});

test("a file that is dropped beside the zones leaves the page as it is", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  const isKept = await page.locator("main").evaluate((main) => {
    const dropped = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: new DataTransfer() });
    return !main.dispatchEvent(dropped);
  });
  expect(isKept).toBe(true);
});

test("several files are one pool, and each pick says which it is in", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  const parts = [2, 10, 1].map((part) => scratch(`part-${part}.npy`));
  for (const [i, path] of parts.entries()) await npyAt(path, drawn(40, 3, 40 + i), 3);
  await give(page, "Predictions", parts);
  await pick(page, { k: 12 });
  const whole = await read(scratch("part-*.npy"));
  const picks = await expected({ logits: whole }, "top-k", { k: 12 });
  expect(await pickedRows(page)).toEqual(rowsOf(picks));
  const origins = picks.map(({ row }) => whole.origin!(row));
  expect(await column(page, "File")).toEqual(
    origins.map(({ file, fileRow }) => `${file.split("/").at(-1)}, row ${fileRow}`),
  );
});

test("labelled rows are never picked, whether listed or saved before", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await give(page, "Predictions", small);
  await pick(page, { k: 10 });
  const first = await pickedRows(page);
  for (const format of [".json", ".csv"] as const) {
    const saved = { name: `picks${format}`, mimeType: "text/plain", buffer: Buffer.from(await download(page, format)) };
    await page.getByLabel(/for labelled rows$/).setInputFiles(saved);
    await rest(page);
    expect(await shapeOf(page, "Labelled rows")).toEqual({ rows: "10" });
    await pick(page, { k: 10 });
    const options = { k: 10, labelled: first };
    expect(await pickedRows(page)).toEqual(rowsOf(await expected({ logits: await read(small) }, "top-k", options)));
    await page.getByRole("button", { name: "Remove labelled rows" }).click();
    await rest(page);
    await pick(page);
    expect(await pickedRows(page)).toEqual(first);
  }
});

test("a committee has strategies that compare its members, one pass has not", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  const offered = (label: string) => page.getByLabel(label, { exact: true }).locator("option").allTextContents();
  await give(page, "Predictions", small);
  expect(await offered("Strategy")).toEqual(["entropy", "least-confidence", "margin", "random"]);
  expect(await offered("Batch")).toEqual(["power", "top-k"]);
  expect(await page.getByText(/^Picks the k highest/).textContent()).toMatch(
    /Strategies and rules: \d+ more with embeddings, \d+ more with predictions of several passes\.$/,
  );
  const { writeNpy } = await import("../../src/files/npyFiles.ts");
  await writeNpy(scratch("committee.npy"), [3, 1000, 4], [drawn(3000, 4, 32)]);
  await give(page, "Predictions", scratch("committee.npy"));
  expect(await shapeOf(page, "Predictions")).toMatchObject({ passes: "3", rows: "1000", cols: "4" });
  expect(await offered("Strategy")).toContain("bald");
  expect(await offered("Strategy")).not.toContain("egl");
  await pick(page, { k: 5, batch: "batchbald" });
  expect(await page.getByLabel("Strategy", { exact: true }).inputValue()).toBe("bald");
  expect(await page.getByLabel("Strategy", { exact: true }).isDisabled()).toBe(true);
  const picks = await expected({ logits: await read(scratch("committee.npy")) }, "batchbald", { k: 5 });
  expect(await pickedRows(page)).toEqual(rowsOf(picks));
  expect(await reading(page, "jointInformation")).toBeGreaterThan(0);
});

test("the table says which class is the likeliest, as temperature has it", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await give(page, "Predictions", small);
  await page.getByLabel("Temperature").fill("2.5");
  await pick(page, { k: 8 });
  const rows = await pickedRows(page);
  const picks = await expected({ logits: await read(small) }, "top-k", { k: 8, temperature: 2.5 });
  expect(rows).toEqual(rowsOf(picks));
  const logits = drawn(3000, 4, 32);
  const beliefs = rows.map((row) => {
    const weights = [...logits.subarray(4 * row, 4 * row + 4)].map((logit) => Math.exp(logit / 2.5));
    const most = Math.max(...weights);
    const share = most / weights.reduce((sum, weight) => sum + weight);
    return [String(weights.indexOf(most)), `${(100 * share).toFixed(1)}%`];
  });
  expect(await column(page, "Likeliest class")).toEqual(beliefs.map(([label]) => label));
  expect(await column(page, "Its probability")).toEqual(beliefs.map(([, share]) => share));
});

test("is worked by keyboard alone", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await page.getByLabel("Sample rows").selectOption("100,000");
  await page.getByLabel(/for predictions$/).focus();
  const focused: (string | undefined)[] = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press("Tab");
    focused.push(
      await page.evaluate(() => {
        const { activeElement: control } = document;
        const label = control instanceof HTMLButtonElement ? control : (control as HTMLInputElement).labels?.[0];
        return label?.textContent;
      }),
    );
  }
  const chosen = ["embeddings", "labelled rows"].map((what) => `Choose a file for ${what}`);
  expect(focused).toEqual([...chosen, "Sample rows", "Use a sample pool"]);
  await page.keyboard.press("Enter");
  await page.getByLabel("k", { exact: true }).waitFor();
  await page.getByLabel("k", { exact: true }).fill("6");
  await page.keyboard.press("Enter");
  await page.locator(".scatter").waitFor();
  expect(await pickedRows(page)).toHaveLength(6);
});

test("what was loaded, asked and picked is there again after another panel was looked at", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  const visitArena = async (): Promise<void> => {
    await page.getByRole("tab", { name: "Arena" }).click();
    await panelIsReady(page, "arena");
    await page.getByRole("tab", { name: "Your own pool" }).click();
    await panelIsReady(page, "pool");
    await page.locator(".results").waitFor();
  };
  await give(page, "Predictions", small);
  await give(page, "Embeddings", places);
  await pick(page, { k: 7, batch: "k-center", seed: 3 });
  const before = await pickedRows(page);
  await visitArena();
  expect(await pickedRows(page)).toEqual(before);
  expect(await shapeOf(page, "Embeddings")).toMatchObject({ rows: "3000", cols: "6" });
  expect(await page.getByLabel("Batch", { exact: true }).inputValue()).toBe("k-center");
  await pick(page, { k: 8 });
  expect((await pickedRows(page)).slice(0, 7)).toEqual(before);

  await page.getByLabel("Sample rows").selectOption("100,000");
  await page.getByRole("button", { name: "Use a sample pool" }).click();
  await rest(page);
  await pick(page, { k: 5, batch: "top-k" });
  const ofSample = await pickedRows(page);
  await visitArena();
  expect(await pickedRows(page)).toEqual(ofSample);
  expect(await shapeOf(page, "Predictions")).toMatchObject({ rows: "100000" });
});
