/** One table of picks for every engine: rows to the last, scores as `equalPicks.ts` says. */
import { afterAll, expect, test, vi } from "vitest";
import { cpuBackend } from "../../src/backends/cpu/cpu.ts";
import { Engine } from "../../src/engine.ts";
import golden from "../golden/picks.json" with { type: "json" };
import { openTestEngine } from "../support/engines.ts";
import { differences, picksOf, type Extent, type PickTable } from "../support/equalPicks.ts";
import { isSoak } from "../support/soak.ts";

vi.setConfig({ testTimeout: isSoak ? 3_600_000 : 300_000 });

const table = golden as unknown as PickTable;
const opened: Engine[] = [];
afterAll(() => Promise.all(opened.map((engine) => engine.close())));

const cpu = async (threads: number): Promise<Engine> => new Engine(await cpuBackend(threads, () => "test"), "test");
const device = () => openTestEngine("webgpu, frames for software");

test.each<[string, () => Promise<Engine>, Extent]>([
  ["cpu, one thread", () => cpu(1), "all"],
  ["cpu, two threads", () => cpu(2), "all"],
  ["webgpu", device, isSoak ? "all" : "each once"],
])("%s picks what the table has", async (_, open, extent) => {
  const engine = await open();
  opened.push(engine);
  const all: string[] = [];
  for (const seed of extent === "all" ? [0, 1] : [0]) {
    const found = await picksOf(engine, seed, extent);
    expect(differences(found, table)).toEqual([]);
    all.push(...Object.keys(found));
  }
  if (extent === "all") expect(all.sort()).toEqual(Object.keys(table).sort());
  else expect(all.length).toBeGreaterThan(10);
});
