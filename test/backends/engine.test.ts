/** What an engine promises whoever opens it, in Node and in a browser alike. */
import { describe, expect, test } from "vitest";
import { DeviceLostError, InputError, openEngine } from "../../src/index.ts";
import type { PoolData } from "../../src/index.ts";
import { testDevice } from "../support/gpu.ts";
import { bell, makePool } from "../support/pools.ts";

const pool = makePool("bell", 300, 5, bell(1, 2));

describe("which backend", () => {
  test("auto never takes a software adapter, and says why", async () => {
    await using engine = await openEngine();
    expect(engine.backend).toBe("cpu");
    expect(engine.reason).toMatch(/^the only adapter is software \(.+\), slower than the cpu backend$/);
  });

  test("webgpu takes it when asked for", async () => {
    await using engine = await openEngine({ backend: "webgpu" });
    expect(engine.backend).toBe("webgpu");
    expect(engine.reason).toBe("asked for");
    expect(engine.adapter).toMatch(/llvmpipe|swiftshader/i);
    const { picks } = await (await engine.load({ logits: pool })).select("top-k", { k: 3 });
    expect(picks).toHaveLength(3);
  });

  test("an unknown one is refused with the known ones", async () => {
    await expect(openEngine({ backend: "cuda" as never })).rejects.toThrow(
      new InputError('unknown backend "cuda": known are auto, cpu, webgpu'),
    );
  });
});

describe("a device of the caller's own", () => {
  test("is used, and still works after the engine is closed", async () => {
    const device = await testDevice();
    const engine = await openEngine({ device });
    expect(engine.backend).toBe("webgpu");
    const { picks } = await (await engine.load({ logits: pool })).select("top-k", { k: 3 });
    await engine.close();
    await engine.close();
    await using again = await openEngine({ device });
    expect((await (await again.load({ logits: pool })).select("top-k", { k: 3 })).picks).toEqual(picks);
    device.destroy();
  });

  test("refuses a head with a layer that it cannot bind", async () => {
    const device = await testDevice();
    await using engine = await openEngine({ device });
    const inputs = device.limits.maxStorageBufferBindingSize / 2 ** 15;
    const wide = {
      weight: new Float32Array(inputs * 2 ** 13),
      bias: new Float32Array(2 ** 13),
      inputs,
      outputs: 2 ** 13,
    };
    const head = { layers: [wide], activation: "relu" as const, name: "wide.npz" };
    const features = { data: new Float32Array(inputs), rows: 1, dims: inputs };
    await expect(engine.load({ features, head })).rejects.toThrow(
      new InputError("wide.npz: its layers are more than this GPU can bind: use the cpu backend"),
    );
    device.destroy();
  });

  test("does not go with backend cpu", async () => {
    const device = await testDevice();
    await expect(openEngine({ backend: "cpu", device })).rejects.toThrow(InputError);
    device.destroy();
  });
});

describe("losing the device", () => {
  test.each(["before", "while rows are read", "at once"])("rejects with one clear error: %s", async (when) => {
    const device = await testDevice();
    const engine = await openEngine({ device });
    let reads = 0;
    const source = {
      name: "rows",
      rows: 300_000,
      cols: 5,
      async read(_: number, __: number, into: Float32Array) {
        if (when === "while rows are read" && ++reads === 1) device.destroy();
        into.fill(0.5);
      },
    };
    const loaded = await engine.load({ logits: source });
    if (when === "before") device.destroy();
    const work = Promise.allSettled([loaded.score("entropy"), loaded.select("top-k", { k: 5 })]);
    if (when === "at once") device.destroy();
    for (const result of await work) {
      expect(result.status).toBe("rejected");
      const { reason } = result as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(DeviceLostError);
      expect(reason.message).toMatch(/^the GPU device was lost \(.*\): open a new engine and load again$/);
    }
    await engine.close();
  });
});

describe("what comes through the door", () => {
  const data = new Float32Array(12);
  const layer = { weight: new Float32Array(6), bias: new Float32Array(2), inputs: 3, outputs: 2 };
  const refused: [what: string, data: unknown, message: RegExp][] = [
    ["sizes that disagree", { logits: { data, rows: 5, classes: 2 } }, /^logits: 5 × 2 needs 10 values, data has 12$/],
    ["no rows", { logits: { data: new Float32Array(0), rows: 0, classes: 2 } }, /^logits: rows must be .* got 0$/],
    ["a float64 array", { logits: { data: new Float64Array(12), rows: 6, classes: 2 } }, /must be a Float32Array/],
    [
      "two things at once",
      { logits: pool, probabilities: pool },
      /^load: logits and probabilities are both given: load one of them$/,
    ],
    ["undefined", undefined, /give one of logits/],
    ["a head of another make", { features: { data, rows: 3, dims: 4 }, head: {} }, /^head: a head is/],
    ["nothing", {}, /give one of logits, probabilities, features, scores, or embeddings/],
    ["nothing at all", { logits: undefined }, /^logits: expected/],
    [
      "a head for other dims",
      { features: { data, rows: 3, dims: 4 }, head: { layers: [layer], activation: "relu" } },
      /^head: layer 0: weight \[2, 3\] does not fit: features have 4 dims$/,
    ],
    [
      "a head of plain lists",
      { features: { data, rows: 4, dims: 3 }, head: { layers: [{ ...layer, bias: [0, 1] }], activation: "relu" } },
      /^head: layer 0 must be \{ weight, bias, inputs, outputs \} with Float32Arrays$/,
    ],
    [
      "a head with NaN",
      {
        features: { data, rows: 4, dims: 3 },
        head: { layers: [{ ...layer, bias: new Float32Array([0, NaN]) }], activation: "relu" },
      },
      /^head: layer 0 holds NaN at position 1$/,
    ],
    [
      "another policy",
      { logits: { data, rows: 6, classes: 2 }, invalid: "ignore" },
      /^invalid must be error or skip, got ignore$/,
    ],
  ];
  test.each(refused)("%s is refused", async (_, given, message) => {
    await using engine = await openEngine({ backend: "cpu" });
    await expect(engine.load(given as PoolData)).rejects.toThrow(InputError);
    await expect(engine.load(given as PoolData)).rejects.toThrow(message);
  });

  const badCalls: [options: object, message: RegExp][] = [
    [{ k: 0 }, /^k must be a whole number of at least 1, got 0$/],
    [{ k: 1.5 }, /^k must be/],
    [{ k: 301 }, /^k = 301 is more than the 300 rows left of 300: ask for at most 300$/],
    [
      { k: 1, strategy: "guess" },
      /^unknown strategy "guess": known are bald, consensus-entropy, egl, entropy, kl-divergence, least-confidence, margin, max-kl, mean-std, random, variation-ratio, vote-entropy$/,
    ],
    [{ k: 1, labelled: [300] }, /^labelled row 300 is not in the pool: rows are 0 to 299$/],
    [{ k: 1, labelled: [0.5] }, /^labelled row 0.5 is not in the pool/],
    [{ k: 1, temperature: 0 }, /^temperature must be/],
    [{ k: 1, seed: -1 }, /^seed must be/],
    [{ k: 1, labelled: 5 }, /^labelled must be a list of rows$/],
    [null as never, /^options must be an object, got null$/],
    [undefined as never, /^select: say how many rows: \{ k \}$/],
  ];
  test.each(badCalls)("select with %o is refused", async (options, message) => {
    await using engine = await openEngine({ backend: "cpu" });
    const loaded = await engine.load({ logits: pool });
    await expect(loaded.select("top-k", options as never)).rejects.toThrow(InputError);
    await expect(loaded.select("top-k", options as never)).rejects.toThrow(message);
  });

  test("scores of nothing, or by no options, are refused", async () => {
    await using engine = await openEngine({ backend: "cpu" });
    const loaded = await engine.load({ logits: pool });
    for (const names of [[], null, undefined])
      await expect(loaded.score(names as never)).rejects.toThrow(new InputError("score: name at least one strategy"));
    await expect(loaded.score("entropy", null as never)).rejects.toThrow("options must be an object, got null");
  });

  test("an unknown batch is refused with the known ones", async () => {
    await using engine = await openEngine({ backend: "cpu" });
    const loaded = await engine.load({ logits: pool });
    await expect(loaded.select("best" as never, { k: 1 })).rejects.toThrow(
      /^unknown batch "best": known are badge, batchbald, cluster-margin, hybrid, k-center, kmeans, power, ranked, top-k, typiclust$/,
    );
  });

  test("a closed pool or engine says so", async () => {
    const engine = await openEngine({ backend: "cpu" });
    const loaded = await engine.load({ logits: pool });
    loaded.close();
    await expect(loaded.score("entropy")).rejects.toThrow("the pool is closed: load it again");
    await engine.close();
    await expect(engine.load({ logits: pool })).rejects.toThrow("the engine is closed: open a new one");
  });
});
