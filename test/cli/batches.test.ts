/** `poolwise select --batch`: embeddings from a file, beside predictions or alone. */
import { describe, expect, test } from "vitest";
import { kCenterOracle } from "../support/batchOracle.ts";
import { bell, makePool } from "../support/pools.ts";
import { commandLine } from "./commandLine.ts";
import { array } from "./npy.ts";
import { refusing, type Mistake } from "./refusal.ts";

const cli = commandLine();
const { done, file } = cli;
const rows = 50;
const points = makePool("points", rows, 3, bell(41, 1));
file("e.npy", array([...points.data], [rows, 3]));
file("p.npy", array([...makePool("logits", rows, 4, bell(42, 1)).data], [rows, 4]));
file("few.npy", array([1, 2, 3, 4, 5, 6], [2, 3]));

const rowsOf = (picks: { row: number }[]) => picks.map(({ row }) => row);

describe("embeddings", () => {
  test("alone are enough for k-center, which tells what it took", async () => {
    const { stdout } = await done("select --embeddings e.npy --batch k-center -k 6 --out - --quiet --backend cpu");
    const told = JSON.parse(stdout);
    const asLists = Array.from({ length: rows }, (_, row) => [...points.data.subarray(3 * row, 3 * row + 3)]);
    const { rows: picks, radius } = kCenterOracle({ points: asLists, labelled: [], k: 6 });
    expect(told.picks.map(({ row }: { row: number }) => row)).toEqual(picks);
    expect(told.radius).toBeCloseTo(radius, 9);
    expect(told.evaluationShare).toBe(told.evaluations / (rows * 6));
    expect(told.strategy).toBeUndefined();
  });

  test("beside predictions, with options for a rule", async () => {
    const both = "select p.npy --embeddings e.npy --batch hybrid -k 4 --quiet --backend cpu --out -";
    const picksOf = async (more: string) => JSON.parse((await done(`${both} ${more}`.trim())).stdout).picks;
    const [plain, cosine, scores] = await Promise.all([picksOf(""), picksOf("--metric cosine"), picksOf("--alpha 1")]);
    expect(plain).not.toEqual(cosine);
    expect(plain).not.toEqual(scores);
    const top = JSON.parse((await done("select p.npy -k 4 --quiet --backend cpu --out -")).stdout).picks;
    expect(rowsOf(scores)).toEqual(rowsOf(top));
  });

  const mistakes: Mistake[] = [
    [
      "without scores",
      "--embeddings e.npy",
      /top-k ranks by scores, and embeddings have none: give PREDICTIONS, --features with --model, or --scores$/m,
    ],
    ["missing", "p.npy --batch k-center", /p\.npy: k-center measures distances: give --embeddings$/m],
    ["of another pool", "p.npy --embeddings few.npy", /few\.npy: 2 rows beside p\.npy with 50/],
    ["with a strategy and nothing to score", "--embeddings e.npy --batch k-center --strategy entropy", /no scores/],
    ["weighed beyond 1", "p.npy --embeddings e.npy --alpha 1.5", /--alpha must be a number from 0 to 1, got "1.5"/],
  ];
  const refuses = refusing(cli);
  test.each(mistakes)("%s are refused", (what, args, ...says) =>
    refuses(what, `select ${String(args)} -k 1 --out OUT/p.csv --backend cpu`, ...says),
  );
});
