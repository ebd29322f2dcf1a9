/** Passes over several pools of one engine, at the same time and within each other. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEngine, type Engine, type RowSource } from "../../src/index.ts";
import { arraySource } from "../../src/matrix.ts";
import { digest } from "../support/digest.ts";
import { bell, makePool, ordinaryHead, scoresOf } from "../support/pools.ts";

const [ROWS, CLASSES, DIMS] = [2 ** 18 + 3, 16, 12];
const big = Float32Array.from({ length: ROWS * CLASSES }, (_, i) => 4 * Math.sin(i) * Math.sin(i / 1000));
const small = makePool("small", 5000, 7, bell(1, 3));
const entropies = Float32Array.from(scoresOf(small, "entropy"));
const features = makePool("features", 3000, DIMS, bell(2, 1)).data;
const head = ordinaryHead([DIMS, 24, 5], "gelu");

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ backend: "cpu", threads: 3 });
});
afterAll(() => engine.close());

const bigPool = () => engine.load({ logits: { data: big, rows: ROWS, classes: CLASSES } });
const smallPool = () => engine.load({ logits: { data: small.data, rows: small.rows, classes: small.classes } });

function close(found: Float32Array, right: Float32Array): void {
  expect(found.length).toBe(right.length);
  expect(found.reduce((most, value, i) => Math.max(most, Math.abs(value - right[i])), 0)).toBeLessThan(1e-5);
}

test("many at the same time come to what each comes to alone", async () => {
  const { data: _, ...slow } = arraySource("rows", big, ROWS, CLASSES);
  const works = [
    async () => {
      using pool = await bigPool();
      return (await pool.score(["entropy", "margin"])).map(({ values }) => digest(values));
    },
    async () => {
      using pool = await engine.load({ logits: slow as RowSource });
      return (await pool.select("top-k", { k: 50 })).picks.map(({ row }) => row);
    },
    async () => {
      using pool = await engine.load({ features: { data: features, rows: 3000, dims: DIMS }, head });
      const scores = await pool.score(["bald", "egl"], { passes: 8, dropout: 0.3 });
      return scores.map(({ values }) => digest(values));
    },
    async () => {
      using pool = await smallPool();
      const { values } = await pool.score("entropy");
      close(values, entropies);
      return digest(values);
    },
  ];
  const alone: unknown[] = [];
  for (const work of works) alone.push(await work());
  const all = Array.from({ length: 12 }, (_unused, i) => i % works.length);
  const together = await Promise.all(all.map((i) => works[i]()));
  all.forEach((i, at) => expect(together[at]).toEqual(alone[i]));
});

test("two passes over one pool", async () => {
  using pool = await bigPool();
  const [one, other] = await Promise.all([pool.score("entropy"), pool.score("margin")]);
  const [again, too] = await pool.score(["entropy", "margin"]);
  expect([digest(one.values), digest(other.values)]).toEqual([digest(again.values), digest(too.values)]);
});

test("a pool that is scored while another tells of its blocks", async () => {
  using outer = await bigPool();
  using inner = await smallPool();
  const right = await outer.score("entropy");
  const told = new Float32Array(ROWS);
  let blocks = 0;
  await outer.scoreBlocks(["entropy"], async (first, [own]) => {
    if (blocks++ < 20) close((await inner.score("entropy")).values, entropies);
    // What was told is still there.
    told.set(own, first);
  });
  expect(blocks).toBeGreaterThan(20);
  expect(digest(told)).toEqual(digest(right.values));
});

test("one that fails lets the others go on", async () => {
  const reason = new Error("damaged");
  const broken: RowSource = {
    name: "broken",
    rows: ROWS,
    cols: CLASSES,
    async read(start, _, into) {
      if (start > ROWS / 3) throw reason;
      into.fill(1);
    },
  };
  using pool = await bigPool();
  const right = await pool.score("entropy");
  for (let i = 0; i < 5; i++) {
    using other = await engine.load({ logits: broken });
    const [, failed] = await Promise.all([
      pool.score("entropy").then(({ values }) => expect(digest(values)).toEqual(digest(right.values))),
      other.score("margin").catch((error: unknown) => error),
    ]);
    expect(failed).toBe(reason);
  }
});
