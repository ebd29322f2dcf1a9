/**
 * The same picks on both software devices in one process, and on the cpu: those of the table, and in the long form those of
 * the textbook for many seeds. `test/backends/equalPicks.test.ts` holds Chromium to the table.
 */
import { create } from "webgpu";
import { afterAll, expect, test, vi } from "vitest";
import { cpuBackend } from "../../src/backends/cpu/cpu.ts";
import { openDevice } from "../../src/backends/webgpu/open.ts";
import { Engine } from "../../src/engine.ts";
import golden from "../golden/picks.json" with { type: "json" };
import { openReference, openTestEngine } from "../support/engines.ts";
import { differences, picksOf, type PickTable } from "../support/equalPicks.ts";
import { isSoak } from "../support/soak.ts";
import { useSwiftShader } from "../support/swiftshader.ts";
import { SEEDS } from "./support/propertyCounts.ts";

vi.setConfig({ testTimeout: isSoak ? 4 * 3_600_000 : 300_000 });

const table = golden as unknown as PickTable;
const opened: Engine[] = [];
afterAll(() => Promise.all(opened.map((engine) => engine.close())));

/** Kept for the life of the module: Dawn aborts the process when its GPU object is collected while a device lives. */
let gpu: GPU | undefined;

async function swiftShader(): Promise<Engine> {
  useSwiftShader();
  gpu = create([]);
  const adapter = await gpu.requestAdapter();
  expect(adapter?.info.architecture).toBe("swiftshader");
  return new Engine(
    await openDevice(await adapter!.requestDevice(), { adapterClass: "software", maxGroups: 8 }),
    "test",
  );
}
const cpu = async (threads: number): Promise<Engine> => new Engine(await cpuBackend(threads, () => "test"), "test");

const device = () => openTestEngine("webgpu, frames for software");

// The machine's own device before the other: what a process loads of Vulkan it keeps.
const engines: [string, () => Promise<Engine>, seeds: number][] = isSoak
  ? [
      ["cpu, one thread", () => cpu(1), SEEDS.cpu],
      ["cpu, two threads", () => cpu(2), SEEDS.cpu],
      ["webgpu", device, SEEDS.device],
      ["SwiftShader", swiftShader, SEEDS.device],
    ]
  : [["SwiftShader", swiftShader, 1]];

test.each(engines)("%s picks the same", async (_, open, seeds) => {
  const engine = await open();
  opened.push(engine);
  for (let seed = 0; seed < seeds; seed++) {
    const expected = isSoak ? await picksOf(await openReference(), seed) : table;
    const found = await picksOf(engine, seed, isSoak ? "all" : "each once");
    expect(differences(found, expected)).toEqual([]);
    if (isSoak) expect(Object.keys(found)).toEqual(Object.keys(expected));
    else expect(Object.keys(found).length).toBeGreaterThan(10);
  }
});
