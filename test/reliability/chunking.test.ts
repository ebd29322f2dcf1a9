/** However rows come, in whatever pieces, scores and picks are the same to the bit. */
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { batches } from "../../src/batches/index.ts";
import type { Engine } from "../../src/engine.ts";
import { writeNpy } from "../../src/files/npyFiles.ts";
import { keepRows, openRows } from "../../src/node.ts";
import type { Features, PoolData, Predictions, RowSource } from "../../src/index.ts";
import { sourceOf } from "../../src/matrix.ts";
import { strategies } from "../../src/scores/index.ts";
import { openTestEngine } from "../support/engines.ts";
import { short } from "../support/soak.ts";
import { hold } from "./support/hold.ts";
import { anyWorld, embeddingsOf, fineCommitteeOf, givenFor, oneShape, type World } from "./support/worlds.ts";

vi.setConfig({ testTimeout: short(90_000, 4 * 3_600_000) });

const folder = mkdtempSync(join(tmpdir(), "poolwise-chunks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Matrix = Required<Predictions> | Features;

/** Ways for a matrix to come, beside as the array that it is. `cuts` are where pieces end, as shares of the rows. */
const ways: Record<string, (matrix: Matrix, cuts: readonly number[]) => Promise<RowSource>> = {
  "read when asked for": async (matrix) => {
    const { name, rows, cols, passes, read } = source(matrix);
    return { name, rows, cols, passes, read };
  },
  "read later": async (matrix) => {
    const { name, rows, cols, passes, read } = source(matrix);
    return { name, rows, cols, passes, read: async (...range) => (await Promise.resolve(), read(...range)) };
  },
  "chunks as they are made": async (matrix, cuts) => {
    const { cols, passes = 1, name } = source(matrix);
    if (passes > 1) return manyFiles(matrix, cuts);
    async function* chunks() {
      for (const [start, end] of piecesOf(matrix.rows, cuts)) yield valuesOf(matrix, start, end);
    }
    return keepRows(chunks(), { cols, name });
  },
  "many files": (matrix, cuts) => manyFiles(matrix, cuts),
};

/** Loads the same pool by each way in turn. */
async function eachWay(
  { given, embeddings }: { given: PoolData; embeddings?: Features },
  cuts: readonly number[],
  tell: (way: string, data: PoolData) => Promise<void>,
): Promise<void> {
  for (const [way, come] of Object.entries(ways)) {
    const opened: RowSource[] = [];
    const open = async (matrix: Matrix): Promise<RowSource> => {
      opened.push(await come(matrix, cuts));
      return opened.at(-1)!;
    };
    const rows =
      "logits" in given
        ? { logits: await open(given.logits as Required<Predictions>) }
        : { ...given, features: await open((given as { features: Features }).features) };
    await tell(way, { ...rows, ...(embeddings && { embeddings: await open(embeddings) }) } as PoolData);
    for (const one of opened) await one.close?.();
  }
}

describe.each([
  ["cpu", anyWorld, 1],
  ["webgpu, nothing resident", oneShape, 0.1],
] as const)("%s", (kind, worlds, share) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  const cut = fc.record({
    world: worlds,
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
  });

  test("scores", () =>
    hold(
      "scoreChunks",
      cut,
      async ({ world, cuts }) => {
        for (const strategy of strategies) {
          const given = givenFor(strategy, world);
          const score = async (data: PoolData) => {
            using pool = await engine.load(data);
            const blocks = new Float32Array(world.rows).fill(-1);
            await pool.scoreBlocks([strategy.name as never], (first, [scores]) => blocks.set(scores, first));
            const { values } = await pool.score(strategy.name as never);
            expect(blocks, strategy.name).toEqual(values);
            return values;
          };
          const expected = await score(given);
          await eachWay({ given }, cuts, async (way, data) =>
            expect(await score(data), `${strategy.name}, ${way}`).toEqual(expected),
          );
        }
      },
      share,
    ));

  test("picks", () =>
    hold(
      "pickChunks",
      cut,
      async ({ world, cuts }) => {
        const few: World = { ...world, classes: Math.min(world.classes, 9) };
        const given = fineCommitteeOf(few);
        const { embeddings } = embeddingsOf(few);
        for (const rule of batches) {
          const select = async (data: PoolData) => {
            using pool = await engine.load(data);
            return (await pool.select(rule.name, { k: Math.min(6, world.rows), seed: world.seed })).picks;
          };
          const expected = await select({ ...given, embeddings });
          await eachWay({ given, embeddings }, cuts, async (way, data) =>
            expect(await select(data), `${rule.name}, ${way}`).toEqual(expected),
          );
        }
      },
      share,
    ));
});

const source = (matrix: Matrix): RowSource => sourceOf("rows", matrix, "classes" in matrix ? "classes" : "dims");

/** First row of each piece and the first past it. */
function piecesOf(rows: number, cuts: readonly number[]): [start: number, end: number][] {
  const ends = [...new Set(cuts.map((at) => Math.floor(at * rows)).filter((at) => at > 0)), rows];
  const sorted = [...new Set(ends)].sort((a, b) => a - b);
  return sorted.map((end, i) => [i === 0 ? 0 : sorted[i - 1], end]);
}

/** [passes, rows of the piece, cols]. */
function valuesOf(matrix: Matrix, start: number, end: number): Float32Array {
  const { cols, passes = 1, read } = source(matrix);
  const values = new Float32Array(passes * (end - start) * cols);
  void read(start, end - start, values);
  return values;
}

let files = 0;

/** A .npy file for each piece, opened by a pattern. */
async function manyFiles(matrix: Matrix, cuts: readonly number[]): Promise<RowSource> {
  const { cols, passes = 1 } = source(matrix);
  const name = `pool${files++}`;
  for (const [i, [start, end]] of piecesOf(matrix.rows, cuts).entries()) {
    const shape = passes > 1 ? [passes, end - start, cols] : [end - start, cols];
    await writeNpy(join(folder, `${name}-${i}.npy`), shape, [valuesOf(matrix, start, end)]);
  }
  return openRows(join(folder, `${name}-*.npy`));
}
