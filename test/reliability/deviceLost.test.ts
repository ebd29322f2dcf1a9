/** A device that goes away at any moment: while it is opened, uploads, compiles, computes or reads back. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDevice } from "../../src/backends/webgpu/open.ts";
import { Engine } from "../../src/engine.ts";
import { openEngine } from "../../src/index.ts";
import { testDevice } from "../support/gpu.ts";
import { timesOf } from "./support/faultCounts.ts";
import { losingDevice } from "./support/losingDevice.ts";
import { type Answer, inTime, smallSizes, type Work, workNames, works } from "./support/works.ts";

const LONG_MS = 3_600_000;
/** How late a browser may tell of the loss. */
const LATE_MS = 50;
const oneLine = /^the GPU device was lost \([^\n]*\): open a new engine and load again$/;

const right = new Map<string, Answer>();
const unheard: unknown[] = [];
const hear = (reason: unknown): void => void unheard.push(reason);
beforeAll(async () => {
  process.on("unhandledRejection", hear);
  await using cpu = await openEngine({ backend: "cpu", threads: 1 });
  for (const [name, work] of Object.entries(works)) right.set(name, await work(cpu));
});
afterAll(() => void process.off("unhandledRejection", hear));

describe("is lost at any of its calls, and the work fails with one line, or had all it needed", () => {
  test.each(workNames)("%s", { timeout: LONG_MS }, async (name) => {
    const { outcome, calls } = await lostAt(Infinity, works[name]);
    expect(outcome).toEqual(right.get(name));
    const { length } = calls;
    const times = Math.min(timesOf("lossPoints"), length);
    let failed = 0;
    for (let time = 0; time < times; time++) {
      const at = Math.floor(((time + 0.5) * length) / times);
      const call = `at ${at} of ${length}: ${calls[at]}`;
      const lost = (await lostAt(at, works[name])).outcome;
      if (!(lost instanceof Error)) expect(lost, call).toEqual(right.get(name));
      else {
        expect([lost.name, lost.message], call).toEqual(["DeviceLostError", expect.stringMatching(oneLine)]);
        failed++;
      }
    }
    expect(failed).toBeGreaterThan(times / 2);
    // Nothing on the host has changed: on another device comes what should have come.
    expect((await lostAt(Infinity, works[name])).outcome).toEqual(right.get(name));
    expect(unheard).toEqual([]);
  });
});

test(
  "calls in flight fail, or had all they needed, and those that come after it fail",
  { timeout: 60_000 },
  async () => {
    const real = await testDevice();
    const engine = new Engine(await openDevice(real, smallSizes), "test");
    const calls = workNames.map((name) => works[name](engine));
    await new Promise((resolve) => setTimeout(resolve, 20));
    real.destroy();
    const outcomes = await inTime(Promise.allSettled(calls));
    outcomes.forEach((outcome, i) => {
      if (outcome.status === "rejected") expect(outcome.reason.message).toMatch(oneLine);
      else expect(outcome.value).toEqual(right.get(workNames[i]));
    });
    expect(outcomes.filter(({ status }) => status === "rejected").length).toBeGreaterThan(workNames.length / 2);
    await expect(works["top-k"](engine)).rejects.toThrow(oneLine);
    await inTime(engine.close());
    await inTime(engine.close());
  },
);

/** Opens an engine on a device that is lost at a call, works on it, and closes it. */
async function lostAt(at: number, work: Work): Promise<{ outcome: Answer | Error; calls: readonly string[] }> {
  const real = await testDevice();
  const { device, calls } = losingDevice(real, at, at % 2 === 0 ? 0 : LATE_MS);
  try {
    return { outcome: await inTime(attempt(device, work)), calls };
  } finally {
    real.destroy();
  }
}

async function attempt(device: GPUDevice, work: Work): Promise<Answer | Error> {
  const opened = await openDevice(device, smallSizes).catch((error: Error) => error);
  if (opened instanceof Error) return opened;
  await using engine = new Engine(opened, "test");
  return await work(engine).catch((error: Error) => error);
}
