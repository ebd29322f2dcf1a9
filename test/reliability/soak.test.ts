/** Many calls and many engines in one process: nothing stays behind, and a process ends by itself. */
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { openDevice } from "../../src/backends/webgpu/open.ts";
import { Engine } from "../../src/engine.ts";
import { openEngine } from "../../src/index.ts";
import { ended, fromSource, root } from "../cli/commandLine.ts";
import { scratchFolder } from "../files/scratch.ts";
import { testDevice } from "../support/gpu.ts";
import { meteredDevice } from "../support/meteredDevice.ts";
import { bell, makePool } from "../support/pools.ts";
import { alive, startedWorkers } from "../support/workers.ts";
import { timesOf } from "./support/faultCounts.ts";
import { heldByProcess, medians, type HeldByProcess } from "./support/memory.ts";
import { smallSizes } from "./support/works.ts";

vi.setConfig({ testTimeout: 3_600_000 });

const [ROWS, CLASSES] = [2000, 4];
const logits = { data: makePool("logits", ROWS, CLASSES, bell(1, 2)).data, rows: ROWS, classes: CLASSES };
const embeddings = { data: makePool("embeddings", ROWS, 3, bell(3, 1)).data, rows: ROWS, dims: 3 };

/** Looks at what is held: the first are of a process that warms up. */
const LOOKS = 20;
/**
 * What V8 keeps of code and feedback varies by itself. A pool of 2000 rows is 56 kB: one left behind by each call would be
 * more, were there but ten calls in a quarter.
 */
const SLACK = { heap: 2e6, external: 5e5, arrayBuffers: 2e5 };
/** The allocator keeps what was freed; of what is lost a call takes a kilobyte at least. */
const RSS_SLACK = 24e6;

/** Does something many times, and compares what is held in the third quarter of it with what is held in the last. */
async function flat(times: number, work: (time: number) => Promise<void>): Promise<void> {
  const held: HeldByProcess[] = [];
  for (let look = 0, time = 0; look < LOOKS; look++) {
    for (; time < ((look + 1) * times) / LOOKS; time++) await work(time);
    held.push(await heldByProcess());
  }
  const quarter = LOOKS / 4;
  const [earlier, late] = [medians(held.slice(2 * quarter, 3 * quarter)), medians(held.slice(3 * quarter))];
  for (const of of ["heap", "external", "arrayBuffers"] as const)
    expect(late[of] - earlier[of], `${of}: ${held.map((one) => one[of]).join(" ")}`).toBeLessThan(SLACK[of]);
  expect(late.rss - earlier.rss, `rss: ${held.map(({ rss }) => rss).join(" ")}`).toBeLessThan(RSS_SLACK);
  expect(late.files).toBeLessThanOrEqual(earlier.files);
}

/** A score and a select, of each kind in turn, and now and then a pool of its own. */
async function call(engine: Engine, time: number): Promise<void> {
  using pool = await engine.load({ logits, embeddings });
  const batch = (["top-k", "k-center", "hybrid"] as const)[time % 3];
  expect((await pool.score("entropy")).values.length).toBe(ROWS);
  expect((await pool.select(batch, { k: 2, seed: time })).picks.length).toBe(2);
}

describe("score and select, time after time: memory stays flat", () => {
  test.each([1, 2])(`${timesOf("cpuCalls")} calls on the cpu, threads %i`, async (threads) => {
    await using engine = await openEngine({ backend: "cpu", threads });
    await flat(timesOf("cpuCalls") / 2, (time) => call(engine, time));
  });

  test(`${timesOf("deviceCalls")} calls on a device, whose buffers are all given back`, async () => {
    const real = await testDevice();
    const meter = meteredDevice(real);
    const engine = new Engine(await openDevice(meter.device, smallSizes), "test");
    const before = meter.live();
    await flat(timesOf("deviceCalls") / 2, async (time) => {
      await call(engine, time);
      expect(meter.live()).toBe(before);
    });
    expect(meter.peak()).toBeGreaterThan(before);
    await engine.close();
    real.destroy();
  });
});

describe("engines, opened and closed: nothing stays behind", () => {
  test(`${timesOf("cpuEngines")} on the cpu, with threads that work`, async () => {
    const workers = startedWorkers();
    // Enough for workers to begin.
    const many = { data: new Float32Array(2 ** 18 * 17), rows: 2 ** 18, classes: 17 };
    await flat(timesOf("cpuEngines"), async (time) => {
      const engine = await openEngine({ backend: "cpu", threads: 2 });
      using pool = await engine.load({ logits: time % 10 === 0 ? many : logits });
      await pool.score("margin");
      await engine.close();
    });
    expect(workers.length).toBe(Math.ceil(timesOf("cpuEngines") / 10));
    expect(alive(workers)).toBe(0);
  });

  test(`${timesOf("deviceEngines")} on devices of their own`, async () => {
    await flat(timesOf("deviceEngines"), async (time) => {
      await using engine = await openEngine({ backend: "webgpu" });
      if (time % 10 === 0) await call(engine, time);
    });
  });
});

describe("a process ends by itself", () => {
  const scratch = scratchFolder();
  const library = JSON.stringify(pathToFileURL(`${root}/src/index.ts`).href);
  test.each([
    ["cpu", "and is closed", "await engine.close();"],
    ["cpu", "and is not", ""],
    ["webgpu", "and is closed", "await engine.close();"],
    ["webgpu", "and is not", ""],
  ])("when an engine has worked, on %s, %s", async (backend, _, last) => {
    const script = `
      import { openEngine } from ${library};
      const engine = await openEngine({ backend: "${backend}", threads: 2 });
      const [rows, classes] = [2 ** 18, 17];
      const pool = await engine.load({ logits: { data: new Float32Array(rows * classes), rows, classes } });
      console.log((await pool.score("margin")).values[rows - 1]);
      ${last}`;
    const child = spawn(process.execPath, [...fromSource, scratch("process.mjs", script)], { cwd: root });
    expect(await ended(child)).toEqual({ code: 0, stdout: "1\n", stderr: "" });
  });
});
