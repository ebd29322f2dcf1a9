/** No memory, on the device or here, shaders that do not compile, workers that die: one line, and the engine goes on. */
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openDevice } from "../../src/backends/webgpu/open.ts";
import { Engine } from "../../src/engine.ts";
import { InputError, openEngine } from "../../src/index.ts";
import { testDevice } from "../support/gpu.ts";
import { bell, makePool, ordinaryHead } from "../support/pools.ts";
import { deaths, dyingWorker } from "./support/dyingWorkers.ts";
import { failingDevice } from "./support/failingDevice.ts";
import { timesOf } from "./support/faultCounts.ts";
import { type Answer, inTime, smallSizes, workNames, works } from "./support/works.ts";

vi.setConfig({ testTimeout: 1_800_000 });

const right = new Map<string, Answer>();
beforeAll(async () => {
  await using cpu = await openEngine({ backend: "cpu", threads: 1 });
  for (const [name, work] of Object.entries(works)) right.set(name, await work(cpu));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** So many of `length` places, evenly spread. */
function* spread(most: number, length: number): Generator<number> {
  const times = Math.min(most, length);
  for (let time = 0; time < times; time++) yield Math.floor(((time + 0.5) * length) / times);
}

/** As many as a worker takes for a call or two. */
const MOST_LOOKS = 40;
/** On a busy machine a worker may begin when some are done. */
const MOST_CALLS = 200;

const noRoom = /^the GPU has no room for [^\n]* \(\d+ bytes\): use fewer rows, or the cpu backend$/;
const noMemory = /^not enough memory \([^\n]*\): use fewer rows, or a machine that has more$/;

describe("a device that has no room for one buffer, any of them: the work is done with less, or fails in one line, and then it is done", () => {
  test.each(workNames)("%s", async (name) => {
    const device = await testDevice();
    const count = failingDevice(device, {});
    await using counted = new Engine(await openDevice(count.device, smallSizes), "test");
    const first = count.buffers();
    expect(await works[name](counted)).toEqual(right.get(name));
    const asked = count.buffers() - first;
    for (const buffer of spread(timesOf("bufferFailures"), asked)) {
      const failing = failingDevice(device, { buffer: first + buffer });
      await using engine = new Engine(await openDevice(failing.device, smallSizes), "test");
      const outcome = await inTime(works[name](engine).catch((error: Error) => error));
      if (outcome instanceof InputError) expect(outcome.message, `buffer ${buffer}`).toMatch(noRoom);
      else expect(outcome, `buffer ${buffer}`).toEqual(right.get(name));
      expect(await works[name](engine), `after buffer ${buffer}`).toEqual(right.get(name));
    }
    device.destroy();
  });
});

describe("memory that there is none of, for any one array: one line, and then the work is done", () => {
  test.each(workNames)("%s", async (name) => {
    let failAt = Infinity;
    let made = 0;
    const check = (): void => {
      if (made++ === failAt) throw new RangeError("Array buffer allocation failed");
    };
    for (const Kind of [Float32Array, Float64Array, Uint32Array, Int32Array, Uint8Array]) {
      const construct = (target: typeof Kind, given: unknown[], as: typeof Kind): object => {
        if (typeof given[0] === "number") check();
        return Reflect.construct(target, given, as);
      };
      vi.stubGlobal(Kind.name, new Proxy(Kind, { construct } as ProxyHandler<typeof Kind>));
    }
    const { grow } = WebAssembly.Memory.prototype;
    vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(function (this: WebAssembly.Memory, pages) {
      check();
      return grow.call(this, pages);
    });
    const begun = async (): Promise<Engine> => {
      const engine = await openEngine({ backend: "cpu", threads: 1 });
      made = 0;
      return engine;
    };
    await using counted = await begun();
    await works[name](counted);
    const all = made;
    for (const at of spread(timesOf("arrayFailures"), all)) {
      await using engine = await begun();
      failAt = at;
      const outcome = await inTime(works[name](engine).catch((error: Error) => error));
      failAt = Infinity;
      expect([at, (outcome as Error).name, (outcome as Error).message]).toEqual([
        at,
        "InputError",
        expect.stringMatching(noMemory),
      ]);
      expect(await works[name](engine), `after ${at} of ${all}`).toEqual(right.get(name));
    }
  });
});

describe("a shader that does not compile", () => {
  const broken = /^[^\n]*shader score_rows does not compile: \d+:\d+ [^\n]*$/;

  test("of the canary: the engine does not open, and says why in one line", async () => {
    const { device } = failingDevice(await testDevice(), { shader: "score_rows" });
    await expect(openDevice(device)).rejects.toThrow(broken);
    device.destroy();
  });

  test.each(["lower_tiles", "multiply"])(
    "%s: what uses it says so in one line, each time, and the rest goes on",
    async (shader) => {
      const { device } = failingDevice(await testDevice(), { shader });
      await using engine = new Engine(await openDevice(device, smallSizes), "test");
      let failed = 0;
      for (let time = 0; time < 2; time++)
        for (const name of workNames) {
          const outcome = await inTime(works[name](engine).catch((error: Error) => error));
          if (outcome instanceof Error) {
            expect(outcome.message, name).toMatch(new RegExp(broken.source.replace("score_rows", shader)));
            failed++;
          } else expect(outcome, name).toEqual(right.get(name));
        }
      expect(failed).toBeGreaterThan(0);
      expect(failed).toBeLessThan(2 * workNames.length);
      device.destroy();
    },
  );
});

describe.each(Object.keys(deaths) as (keyof typeof deaths)[])("a worker that dies %s", (death) => {
  const THREADS = 3;
  const [ROWS, DIMS] = [4096, 16];
  const features = { data: makePool("features", ROWS, DIMS, bell(5, 1)).data, rows: ROWS, dims: DIMS };
  const head = ordinaryHead([DIMS, 64, 8], "relu");
  const ended = /^a worker of the cpu backend ended: [^\n]*: try again, or with threads 1$/;
  const calls = {
    score: async (engine: Engine): Promise<Answer> => {
      using pool = await engine.load({ features, head });
      return Array.from((await pool.score("bald", { passes: 4, dropout: 0.5 })).values);
    },
    select: async (engine: Engine): Promise<Answer> => {
      using pool = await engine.load({ features, head });
      return (await pool.select("hybrid", { k: 40 })).picks.map(({ row }) => row);
    },
  };

  test.each(Object.keys(calls) as (keyof typeof calls)[])(
    "at any moment of a %s: that fails in one line or comes right, and the next comes right",
    async (name) => {
      const call = calls[name];
      await using alone = await openEngine({ backend: "cpu", threads: 1 });
      const expected = await call(alone);
      for (const at of spread(timesOf("workerDeaths"), MOST_LOOKS)) {
        const worker = dyingWorker(at, death);
        await using engine = await openEngine({ backend: "cpu", threads: THREADS });
        for (let time = 0; time < MOST_CALLS && !worker.hasDied; time++) {
          const outcome = await inTime(call(engine).catch((error: Error) => error));
          if (outcome instanceof Error) expect(outcome.message, `look ${at}`).toMatch(ended);
          else expect(outcome, `look ${at}`).toEqual(expected);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        expect(worker.hasDied).toBe(true);
        expect(await inTime(call(engine)), `after look ${at}`).toEqual(expected);
        worker.restore();
      }
    },
  );
});
