/** Room in the crew's memory: nobody has it twice, and all of it comes back, however a pass ends. */
import { expect, test } from "vitest";
import { Crew } from "../../src/backends/cpu/crew.ts";
import { scan } from "../../src/backends/cpu/scan.ts";
import { knownHead } from "../../src/backends/cpu/scoreJob.ts";
import { BOARD_WORDS } from "../../src/backends/cpu/worker.ts";
import type { PoolInput } from "../../src/backends/backend.ts";
import type { RowSource } from "../../src/matrix.ts";
import { Pace } from "../../src/pace.ts";
import { randomUniform } from "../../src/random.ts";
import { strategyOf } from "../../src/scores/index.ts";
import { ordinaryHead } from "../support/pools.ts";

const BOARD_BYTES = Math.ceil((4 * BOARD_WORDS) / 64) * 64;

/** Takes all of the memory as one and gives it back: memory that is in pieces grows. */
function takeAll(crew: Crew): void {
  const bytes = crew.memory.buffer.byteLength - BOARD_BYTES;
  const at = crew.allocate(bytes);
  expect(at).toBe(BOARD_BYTES);
  crew.free(at, bytes);
  expect(crew.memory.buffer.byteLength).toBe(bytes + BOARD_BYTES);
}

test.each([1, 2])("random stretches never overlap and come back as one, %d threads", async (threads) => {
  for (let seed = 0; seed < 20; seed++) {
    const crew = await Crew.open(threads);
    const held: { at: number; bytes: number }[] = [];
    for (let step = 0; step < 400; step++) {
      const draw = (unit: number): number => randomUniform(seed, 2, step, unit);
      if (held.length > 0 && draw(0) < 0.45) {
        const [{ at, bytes }] = held.splice(Math.floor(draw(1) * held.length), 1);
        crew.free(at, bytes);
        continue;
      }
      const bytes = Math.floor(2 ** (18 * draw(2)));
      const at = crew.allocate(bytes);
      const isFree = held.every((other) => at + bytes <= other.at || other.at + other.bytes <= at);
      const isInside = at >= BOARD_BYTES && at + bytes <= crew.memory.buffer.byteLength;
      expect([at % 64, isFree, isInside]).toEqual([0, true, true]);
      held.push({ at, bytes });
    }
    for (const { at, bytes } of held) crew.free(at, bytes);
    takeAll(crew);
    await crew.close();
  }
});

test("what has been given back is used before memory grows", async () => {
  const crew = await Crew.open(1);
  crew.free(crew.allocate(2 ** 20), 2 ** 20);
  const grown = crew.memory.buffer.byteLength;
  for (let i = 0; i < 50; i++) crew.free(crew.allocate(2 ** 20 - i), 2 ** 20 - i);
  expect(crew.memory.buffer.byteLength).toBe(grown);
});

const [ROWS, COLS] = [2 ** 14, 16];
const reason = new Error("enough");

/** Passes that end in their middle, each in one of many ways. */
test.each([1, 3])("200 passes that fail leave memory as it was, %d threads", async (threads) => {
  const crew = await Crew.open(threads);
  await crew.wake();
  const head = ordinaryHead([COLS, 24, 5], "relu");
  const run = (turn: number): Promise<unknown> => {
    const [atRow, stop] = [Math.floor((ROWS * (turn % 50)) / 49), new AbortController()];
    const way = turn % 4;
    const source: RowSource = {
      name: "rows",
      rows: ROWS,
      cols: COLS,
      ...(way === 3 && { data: new Float32Array(ROWS * COLS) }),
      async read(start, count, into) {
        if (way === 0 && start + count > atRow) throw reason;
        into.fill(1);
      },
    };
    const ofHead = way === 1;
    const input: PoolInput = ofHead ? { kind: "features", source, head } : { kind: "logits", source };
    return scan({
      crew,
      input,
      head: ofHead ? knownHead(head) : undefined,
      strategies: (ofHead ? (["entropy", "egl"] as const) : (["entropy", "margin"] as const)).map(strategyOf),
      options: {
        temperature: 1,
        seed: 0,
        passes: ofHead ? 4 : 1,
        dropout: ofHead ? 0.5 : 0,
        eglLayers: "all",
        pace: new Pace(stop.signal),
        onProgress: (rows) => way === 1 && rows > atRow && stop.abort(reason),
      },
      settles: true,
      tell({ first, values }) {
        if (way >= 2 && first + values[0].length > atRow) throw reason;
      },
    });
  };
  for (let turn = 0; turn < 4; turn++) await run(turn).catch(() => {});
  const bytes = crew.memory.buffer.byteLength;
  takeAll(crew);
  let failed = 0;
  for (let turn = 0; turn < 200; turn++) {
    await run(turn).catch((error: unknown) => {
      expect(error).toBe(reason);
      failed++;
    });
    expect(crew.waiting).toBe(0);
  }
  expect(failed).toBeGreaterThan(190);
  expect(crew.memory.buffer.byteLength).toBe(bytes);
  takeAll(crew);
  await crew.close();
});
