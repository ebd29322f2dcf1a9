/** Where memory cannot be shared one thread does everything, and comes to the same. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { openEngine, type Engine } from "../../src/index.ts";
import { digest } from "../support/digest.ts";
import { bell, makePool } from "../support/pools.ts";
import { startedWorkers } from "../support/workers.ts";

const [ROWS, CLASSES] = [2 ** 18 + 5, 16];
const data = Float32Array.from({ length: ROWS * CLASSES }, (_, i) => 3 * Math.sin(i * i));
/** As many classes as there are kernels for: memory grows for them. */
const wide = makePool("wide", 5, 2 ** 17, bell(1, 2));

afterEach(() => vi.unstubAllGlobals());

async function workOf(engine: Engine): Promise<string[]> {
  using first = await engine.load({ logits: { data, rows: ROWS, classes: CLASSES } });
  using second = await engine.load({ logits: { data: wide.data, rows: wide.rows, classes: wide.classes } });
  const scores = await first.score(["entropy", "margin"]);
  let inner: Float32Array | undefined;
  const told = new Float32Array(ROWS);
  // Memory grows while a block is being told of.
  await first.scoreBlocks(["margin"], async (at, [own]) => {
    inner ??= (await second.score("entropy")).values;
    told.set(own, at);
  });
  const [a, b] = await Promise.all([first.score("least-confidence"), second.score("entropy")]);
  const all = [...scores.map(({ values }) => values), told, inner!, a.values, b.values];
  return all.map(digest);
}

describe.each([
  ["there is no SharedArrayBuffer", "SharedArrayBuffer", undefined],
  ["the page is not cross-origin isolated", "crossOriginIsolated", false],
])("%s", (_, name, value) => {
  test("one thread, no worker, the same scores", async () => {
    await using plain = await openEngine({ backend: "cpu", threads: 3 });
    expect(plain.threads).toBe(3);
    const right = await workOf(plain);
    vi.stubGlobal(name, value);
    const workers = startedWorkers();
    await using engine = await openEngine({ backend: "cpu", threads: 3 });
    expect(engine.threads).toBe(1);
    expect(await workOf(engine)).toEqual(right);
    expect(workers.length).toBe(0);
  });
});

test("a page that is isolated has threads", async () => {
  vi.stubGlobal("crossOriginIsolated", true);
  await using engine = await openEngine({ backend: "cpu", threads: 3 });
  expect(engine.threads).toBe(3);
});
