/** Your own pool: what is downloaded is what `poolwise select --out` writes of the same files. */
import { readFileSync } from "node:fs";
import { beforeAll, expect } from "vitest";
import { writeNpy } from "../../src/files/npyFiles.ts";
import { commandLine } from "../cli/commandLine.ts";
import { choose, download, drawn, give, npyAt, pick, scratchFolder } from "./support/ownPool.ts";
import { test } from "./support/page.ts";

const { done, file } = commandLine();
const scratch = scratchFolder();
beforeAll(async () => {
  await npyAt(scratch("predictions.npy"), drawn(3000, 4, 32), 4);
  await npyAt(scratch("embeddings.npy"), drawn(3000, 6, 33), 6);
  await writeNpy(scratch("committee.npy"), [3, 1000, 4], [drawn(3000, 4, 32)]);
});

const cases = [
  { batch: "top-k", strategy: "margin", predictions: "predictions.npy", embeddings: undefined },
  { batch: "k-center", strategy: "entropy", predictions: "predictions.npy", embeddings: "embeddings.npy" },
  { batch: "hybrid", strategy: "entropy", predictions: "predictions.npy", embeddings: "embeddings.npy" },
  { batch: "batchbald", strategy: undefined, predictions: "committee.npy", embeddings: undefined },
] as const;

test.for(cases)("by $batch of $predictions", async ({ batch, strategy, predictions, embeddings }, { openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await give(page, "Predictions", scratch(predictions));
  if (embeddings) await give(page, "Embeddings", scratch(embeddings));
  await choose(page, { batch, strategy, k: 25, seed: 3 });
  await page.getByLabel("Temperature").fill("1.5");
  await pick(page);
  const args = ["select", scratch(predictions), "--batch", batch, "-k", "25", "--seed", "3", "--temperature", "1.5"];
  if (strategy) args.push("--strategy", strategy);
  if (embeddings) args.push("--embeddings", scratch(embeddings));
  for (const format of [".csv", ".json"] as const) {
    await done([...args, "--backend", "cpu", "--out", file(`picks${format}`)]);
    expect(rounded(await download(page, format))).toBe(rounded(readFileSync(file(`picks${format}`), "utf8")));
  }
});

test("picks that were drawn, and scores that were weighed, say so", async ({ openPanel }) => {
  const page = await openPanel("pool", { on: "cpu" });
  await give(page, "Predictions", scratch("predictions.npy"));
  await give(page, "Embeddings", scratch("embeddings.npy"));
  await page.getByLabel("Density β").fill("2");
  await page.getByRole("slider", { name: "Exploration ε" }).press("End");
  await pick(page, { k: 12 });
  const out = file("explored.csv");
  const files = [scratch("predictions.npy"), "--embeddings", scratch("embeddings.npy")];
  await done(["select", ...files, "--density", "2", "--epsilon", "1", "-k", "12", "--backend", "cpu", "--out", out]);
  expect(rounded(await download(page, ".csv"))).toBe(rounded(readFileSync(out, "utf8")));
});

/** Fractions to ten digits: Math.exp and Math.log are not the same to the last bit in every browser. */
const rounded = (text: string): string => text.replace(/\d+\.\d+(e-\d+)?/g, (number) => Number(number).toFixed(10));
