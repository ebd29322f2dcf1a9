/** The compiled modules: small, with no memory of their own where they share one, and alike with and without fusing. */
import { afterEach, expect, test, vi } from "vitest";
import { additionsIn } from "../../src/backends/cpu/scoreJob.ts";
import { modules } from "../../src/backends/cpu/simd.gen.ts";
import { fusedWhereKnown } from "../../src/backends/cpu/simdModule.ts";
import { kernels } from "../../src/backends/cpu/worker.ts";
import { Engine } from "../../src/engine.ts";
import { strategyOf } from "../../src/scores/index.ts";
import { bell, makePool, scoresOf } from "../support/pools.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

const bytesOf = (name: keyof typeof modules): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(modules[name], "base64"));

const DATA_SECTION = 11;

/** Numbers of the sections, in their order. */
function sectionsIn(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 8; at < bytes.length;) {
    found.push(bytes[at++]);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    at += size;
  }
  return found;
}

test("all of them together are under 100 kB", () => {
  const names = Object.keys(modules) as (keyof typeof modules)[];
  expect(names.length).toBeGreaterThan(2);
  expect(names.reduce((sum, name) => sum + bytesOf(name).length, 0)).toBeLessThan(100_000);
});

test.each(["score", "scoreFused", "distances", "distancesFused"] as const)(
  "%s brings no data: every instance would write it anew",
  (name) => {
    expect(sectionsIn(bytesOf(name))).not.toContain(DATA_SECTION);
  },
);

test.each([
  ["score", ["score", "scratchBytes"]],
  ["distances", kernels.filter((name) => name !== "score")],
] as const)("%s imports the memory and nothing else, and has its kernels", async (plain, expected) => {
  for (const name of [plain, fusedWhereKnown(plain)] as const) {
    const module = await WebAssembly.compile(bytesOf(name));
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
    const exported = WebAssembly.Module.exports(module).map((one) => one.name);
    expect(exported).toEqual(expect.arrayContaining([...expected]));
  }
});

test("the fused one is taken where the engine knows it", () => {
  expect(fusedWhereKnown("score") === "scoreFused").toBe(WebAssembly.validate(bytesOf("scoreFused")));
});

test.for([...new Set(["score", fusedWhereKnown("score")])])("%s is within the bound", async (name) => {
  if (name === "score") vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
  vi.resetModules();
  const taken = await import("../../src/backends/cpu/simdModule.ts");
  const { cpuBackend } = await import("../../src/backends/cpu/cpu.ts");
  expect(taken.fusedWhereKnown("score")).toBe(name);
  await using engine = new Engine(await cpuBackend(2, () => "test"), "test");
  for (const classes of [2, 7, 100, 1000]) {
    const pool = makePool("pool", 400, classes, bell(classes, 4));
    using loaded = await engine.load({ logits: { data: pool.data, rows: pool.rows, classes } });
    for (const strategy of ["entropy", "margin", "least-confidence"] as const) {
      const { values } = await loaded.score(strategy);
      const right = scoresOf(pool, strategy);
      const worst = values.reduce((most, value, row) => Math.max(most, Math.abs(value - right[row])), 0);
      expect(worst).toBeLessThanOrEqual(strategyOf(strategy).bound(classes, additionsIn(classes, 1), 1));
    }
  }
});
