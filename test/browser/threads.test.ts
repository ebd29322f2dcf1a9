/** The CPU backend in a page that is cross-origin isolated, and in one that is not. */
import { afterEach, expect, test, vi } from "vitest";
import { openEngine, type Engine } from "../../src/index.ts";
import { bell, makePool, scoresOf } from "../support/pools.ts";

const [ROWS, CLASSES] = [2 ** 18 + 5, 16];
const data = Float32Array.from({ length: ROWS * CLASSES }, (_, i) => 3 * Math.sin(i * i));
const small = makePool("small", 1000, 7, bell(1, 3));
const right = scoresOf(small, "entropy");

afterEach(() => vi.unstubAllGlobals());

/** Workers that are started from now on, and how many of them have been stopped. */
function watchedWorkers(script?: string): { started: number; stopped: number } {
  const count = { started: 0, stopped: 0 };
  vi.stubGlobal(
    "Worker",
    class extends Worker {
      constructor(url: string) {
        super(script ?? url);
        count.started++;
      }

      override terminate(): void {
        count.stopped++;
        super.terminate();
      }
    },
  );
  return count;
}

async function workOf(engine: Engine): Promise<{ scores: Float32Array[]; rows: number[] }> {
  using pool = await engine.load({ logits: { data, rows: ROWS, classes: CLASSES } });
  const scores = await pool.score(["entropy", "margin"]);
  const { picks } = await pool.select("top-k", { k: 100 });
  return { scores: scores.map(({ values }) => values), rows: picks.map(({ row }) => row) };
}

async function expectRight(engine: Engine): Promise<void> {
  using pool = await engine.load({ logits: { data: small.data, rows: small.rows, classes: small.classes } });
  const { values } = await pool.score("entropy");
  expect(values.reduce((most, value, row) => Math.max(most, Math.abs(value - right[row])), 0)).toBeLessThan(1e-5);
}

const areSame = (a: Float32Array, b: Float32Array): boolean => a.every((value, i) => value === b[i]);

test("isolated: workers that end with the engine, and the bits of one thread", async () => {
  expect(crossOriginIsolated).toBe(true);
  const workers = watchedWorkers();
  await using one = await openEngine({ backend: "cpu", threads: 1 });
  const alone = await workOf(one);
  expect(workers.started).toBe(0);
  const engine = await openEngine({ backend: "cpu", threads: 3 });
  expect(engine.threads).toBe(3);
  await expectRight(engine);
  expect(workers.started).toBe(0);
  const together = await workOf(engine);
  await expectRight(engine);
  expect(workers).toEqual({ started: 2, stopped: 0 });
  expect(together.rows).toEqual(alone.rows);
  expect(together.scores.map((own, i) => areSame(own, alone.scores[i]))).toEqual([true, true]);
  await engine.close();
  expect(workers).toEqual({ started: 2, stopped: 2 });
});

test.each([
  ["crossOriginIsolated", false],
  ["SharedArrayBuffer", undefined],
])("%s %s: one thread, and right", async (name, value) => {
  vi.stubGlobal(name, value);
  const workers = watchedWorkers();
  await using engine = await openEngine({ backend: "cpu" });
  expect(engine.threads).toBe(1);
  expect(engine.adapter).toMatch(/^1 thread on \d+ cores?$/);
  await workOf(engine);
  await expectRight(engine);
  expect(workers.started).toBe(0);
});

test("workers that cannot start: this thread does without, and nothing fails", async () => {
  await using engine = await openEngine({ backend: "cpu", threads: 3 });
  const workers = watchedWorkers("data:text/javascript,throw new Error('not here')");
  expect((await workOf(engine)).rows.length).toBe(100);
  await expect.poll(() => workers.stopped).toBeGreaterThan(1);
  vi.unstubAllGlobals();
  const after = await workOf(engine);
  await expectRight(engine);
  expect(after.rows.length).toBe(100);
});
