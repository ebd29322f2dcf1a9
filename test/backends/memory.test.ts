/** Picks are the same whatever memory there is, and however points are stored: a budget only says how they are come by. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  InputError,
  openEngine,
  type Batch,
  type BatchName,
  type Engine,
  type EngineOptions,
  type MemoryBudget,
  type PointStorage,
  type Pool,
  type RowSource,
  type Whereabouts,
} from "../../src/index.ts";
import { tunings, tuningWithin } from "../../src/backends/webgpu/tuning.ts";
import { testDevice } from "../support/gpu.ts";
import { meteredDevice } from "../support/meteredDevice.ts";
import { bell, makePool, ordinaryHead } from "../support/pools.ts";

const ROWS = 30_000;
const DIMS = 12;
const CLASSES = 3;
const K = 12;

const logits = makePool("logits", ROWS, CLASSES, bell(81, 2)).data;
/** Clouds, and rows that are there twice. */
const embeddings = makePool("points", ROWS, DIMS, (row, d) => {
  const own = row % 7 === 0 ? 11 : row;
  return bell(82, 9)(own % 40, d) + bell(83, 1)(own, d);
}).data;
/** More than a stretch of scores that a small budget has room for. */
const MANY = 10 * ROWS;
const many = new Float32Array(MANY * CLASSES);
for (let i = 0; i < MANY; i += ROWS) many.set(logits, i * CLASSES);
const manyPoints = new Float32Array(MANY * 2).map((_, i) => bell(86, 3)(i >> 1, i & 1));
const head = ordinaryHead([DIMS, 16, CLASSES], "relu");

type Work = readonly [name: string, batch: BatchName, load: (pool: Engine) => Promise<Pool>];
const predicted = (engine: Engine, storage?: PointStorage): Promise<Pool> =>
  engine.load({
    logits: { data: logits, rows: ROWS, classes: CLASSES },
    embeddings: { data: embeddings, rows: ROWS, dims: DIMS },
    storage,
  });
const under = (engine: Engine): Promise<Pool> =>
  engine.load({ features: { data: embeddings, rows: ROWS, dims: DIMS }, head });
const work: readonly Work[] = [
  ["top-k of logits", "top-k", predicted],
  ["top-k under a head", "top-k", under],
  ["k-center", "k-center", predicted],
  ["hybrid", "hybrid", under],
  ["kmeans", "kmeans", predicted],
  ["cluster-margin", "cluster-margin", predicted],
];

const pick = async (engine: Engine, [, batch, load]: Work): Promise<Batch> => {
  using pool = await load(engine);
  return await pool.select(batch, { k: K, labelled: [3, 5, 14] });
};

const expected = new Map<string, Batch["picks"]>();
let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
  await using engine = await openEngine({ backend: "cpu" });
  for (const one of work) expected.set(one[0], (await pick(engine, one)).picks);
});
afterAll(() => device.destroy());

describe.each([16, 24, 64])("a device budget of %i MiB", (mebibytes) => {
  const bytes = mebibytes * 2 ** 20;

  test.each(work)("is kept, with the same picks: %s", async (...one) => {
    const meter = meteredDevice(device);
    await using engine = await openEngine({ device: meter.device, memory: { device: bytes } });
    using pool = await one[2](engine);
    const needs = pool.memoryFor({ batch: one[1] });
    expect(needs.device).toBeGreaterThan(0);
    expect(needs.device).toBeLessThanOrEqual(bytes);
    expect((await pick(engine, one)).picks).toEqual(expected.get(one[0]));
    expect(meter.peak()).toBeLessThanOrEqual(needs.device);
    expect(meter.refused()).toBe(0);
  });
});

test.each([16e6, Infinity])(
  "rows that float32 cannot tell apart take no more than others, of %d bytes",
  async (bytes) => {
    const [rows, k] = [4_000_000, 3];
    const meter = meteredDevice(device);
    await using engine = await openEngine({ device: meter.device, memory: { device: bytes } });
    using pool = await engine.load({ scores: new Float32Array(rows) });
    const needs = pool.memoryFor({ batch: "top-k" });
    const { picks, refereed } = await pool.select("top-k", { k });
    expect(picks.map(({ row }) => row)).toEqual([0, 1, 2]);
    expect(refereed).toBe(rows);
    expect(meter.peak()).toBeLessThanOrEqual(needs.device);
  },
);

test.each([
  { rows: 450_001, k: 300_000, bytes: 16e6 },
  { rows: 2_000_000, k: 1_900_000, bytes: Infinity },
])("$k of $rows rows take no more of a device than a few do", async ({ rows, k, bytes }) => {
  const meter = meteredDevice(device);
  await using engine = await openEngine({ device: meter.device, memory: { device: bytes } });
  using pool = await engine.load({ scores: Float32Array.from({ length: rows }, (_, row) => (row * 7919) % rows) });
  const needs = pool.memoryFor({ batch: "top-k" });
  const { picks } = await pool.select("top-k", { k });
  expect(picks.findIndex(({ score }, i) => score !== rows - 1 - i)).toBe(-1);
  expect(meter.peak()).toBeLessThanOrEqual(needs.device);
});

describe.each([0.75, 2, 4])("a device that has %d MiB and does not say so", (mebibytes) => {
  test.each(work)("is worked in smaller pieces, with the same picks: %s", async (...one) => {
    const meter = meteredDevice(device, mebibytes * 2 ** 20);
    await using engine = await openEngine({ device: meter.device });
    expect((await pick(engine, one)).picks).toEqual(expected.get(one[0]));
    if (mebibytes < 1) expect(meter.refused()).toBeGreaterThan(0);
    // The pool goes on as it is, and lets go of all it had.
    expect((await pick(engine, one)).picks).toEqual(expected.get(one[0]));
  });
});

test("scores are the same where there is hardly any room, of several calls at a time", async () => {
  const roomy = await openEngine({ device });
  using at = await predicted(roomy);
  const all = await at.score(["entropy", "margin", "least-confidence"]);
  const meter = meteredDevice(device, 2 ** 19);
  await using engine = await openEngine({ device: meter.device });
  using pool = await predicted(engine);
  const names = ["entropy", "margin", "least-confidence"] as const;
  const several = await Promise.all(names.map((name) => pool.score(name)));
  several.forEach(({ values }, i) => expect(values).toEqual(all[i].values));
  expect(meter.refused()).toBeGreaterThan(0);
  await roomy.close();
});

describe("scores in blocks", () => {
  const both = ["entropy", "egl", "margin"] as const;
  const options = { passes: 3, dropout: 0.5 };
  /** Every row once, in order, and what `score` gives. */
  const gathered = async (pool: Pool): Promise<Float32Array[]> => {
    const found = both.map(() => new Float32Array(ROWS));
    let told = 0;
    const { invalid } = await pool.scoreBlocks(
      both,
      async (first, scores) => {
        expect(first).toBe(told);
        told += scores[0].length;
        await new Promise((resolve) => setTimeout(resolve));
        scores.forEach((own, i) => found[i].set(own, first));
      },
      options,
    );
    expect([told, invalid]).toEqual([ROWS, 0]);
    return found;
  };
  const kinds: [string, () => EngineOptions][] = [
    ["cpu", () => ({ backend: "cpu" })],
    ["a device", () => ({ device })],
    ["a device within 16 MB", () => ({ device, memory: { device: 16e6 } })],
    ["a device that runs out", () => ({ device: meteredDevice(device, 1.5 * 2 ** 20).device })],
  ];
  test.each(kinds)("are those at once: %s", async (_, optionsOf) => {
    await using engine = await openEngine(optionsOf());
    using pool = await under(engine);
    const whole = await pool.score(both, options);
    using again = await under(engine);
    const found = await gathered(again);
    found.forEach((own, i) => expect(own).toEqual(whole[i].values));
  });

  test("a pass that is made again goes on where it was", async () => {
    let fails = 3;
    const real = await openEngine({ device });
    using whole = await predicted(real);
    const { values } = await whole.score("entropy");
    // Runs out once there is something to tell of.
    const starved = new Proxy(device, {
      get(target, name) {
        if (name === "createBuffer")
          return (descriptor: GPUBufferDescriptor): GPUBuffer => {
            if (told > 0 && fails > 0 && descriptor.mappedAtCreation) {
              fails--;
              throw new RangeError("no memory to map");
            }
            return target.createBuffer(descriptor);
          };
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    let told = 0;
    await using engine = await openEngine({ device: starved, memory: { device: 16e6 / 8 + 16e6 } });
    using pool = await engine.load({ logits: { data: many, rows: MANY, classes: CLASSES } });
    const found = new Float32Array(MANY);
    await pool.scoreBlocks(["entropy"], (first, [scores]) => {
      expect(first).toBe(told);
      told += scores.length;
      found.set(scores, first);
    });
    expect([told, fails]).toEqual([MANY, 0]);
    expect(found.subarray(0, ROWS)).toEqual(values);
    expect(found.subarray(-ROWS)).toEqual(values);
    await real.close();
  });

  test("what is told of, fails: so does the call, and the pool goes on", async () => {
    for (const [, optionsOf] of kinds) {
      await using engine = await openEngine(optionsOf());
      using pool = await predicted(engine);
      const full = new Error("the disk is full");
      const fail = (): never => {
        throw full;
      };
      await expect(pool.scoreBlocks(["entropy"], fail)).rejects.toBe(full);
      expect((await pool.score("entropy")).values).toHaveLength(ROWS);
    }
  });
});

test("a device with no room for anything says so", async () => {
  const meter = meteredDevice(device, 2 ** 14);
  await using engine = await openEngine({ device: meter.device });
  using pool = await predicted(engine);
  await expect(pool.score("entropy")).rejects.toThrow(/^the GPU has no room for .* or the cpu backend$/);
});

describe.each(["float16", "int8"] as const)("points stored as %s", (storage) => {
  test.each(["k-center", "hybrid", "badge", "kmeans", "cluster-margin", "typiclust"] as const)(
    "are picked as they are: %s",
    async (batch) => {
      const options = { k: K, labelled: [3, 5, 14], ...(batch !== "badge" && { metric: "cosine" as const }) };
      const asked = batch === "typiclust" ? { ...options, k: 4 } : options;
      await using cpu = await openEngine({ backend: "cpu" });
      using exact = await predicted(cpu);
      const { picks } = await exact.select(batch, asked);
      await using engine = await openEngine({ device });
      using pool = await predicted(engine, storage);
      expect((await pool.select(batch, asked)).picks).toEqual(picks);
    },
  );

  test("and brought there by each sweep", async () => {
    await using engine = await openEngine({ device, memory: { device: 2 ** 24 } });
    using pool = await predicted(engine, storage);
    const { picks } = await pool.select("k-center", { k: K, labelled: [3, 5, 14] });
    expect(picks).toEqual(expected.get("k-center"));
  });
});

test("says where embeddings were", async () => {
  expect(await whereabouts({ device })).toEqual({ host: "held", device: "resident" });
  expect(await whereabouts({ device: meteredDevice(device, 2 ** 20).device })).toEqual({
    host: "held",
    device: "streamed",
  });
  expect(await whereabouts({ backend: "cpu" })).toEqual({ host: "held" });
});

async function whereabouts(options: EngineOptions): Promise<Whereabouts | undefined> {
  await using engine = await openEngine(options);
  using pool = await predicted(engine);
  expect((await pool.select("top-k", { k: 2 })).embeddings).toBeUndefined();
  return (await pool.select("k-center", { k: 2 })).embeddings;
}

test("a budget is shared out in full, and no share is above what would be taken without one", () => {
  for (const tuning of Object.values(tunings)) {
    expect(tuningWithin(tuning, Infinity)).toEqual({ ...tuning, room: Infinity });
    const { residentBytes, allPointBytes, scratchBytes, clusterBytes, chunkBytes, segmentBytes, sweepBytes } =
      tuningWithin(tuning, 2 ** 24);
    const most =
      residentBytes + allPointBytes + scratchBytes + clusterBytes + 5 * chunkBytes + segmentBytes + 2 * sweepBytes;
    expect(most).toBeLessThanOrEqual(2 ** 24);
    expect(most).toBeGreaterThan(2 ** 24 * 0.9);
  }
});

describe("embeddings that memory does not hold", () => {
  const [rows, dims] = [200_000, 32];
  const data = makePool("points", rows, dims, (row, d) => bell(84, 6)(row % 100, d) + bell(85, 1)(row, d)).data;
  let reads = 0;
  let closed = 0;
  // What the process has changes with every collection: pages must not depend on when one comes.
  beforeAll(() => {
    const { process } = globalThis;
    const usage = process?.memoryUsage?.();
    if (usage) vi.spyOn(process, "memoryUsage").mockReturnValue(usage);
  });
  afterAll(() => void vi.restoreAllMocks());
  const source: RowSource = {
    name: "far.npy",
    rows,
    cols: dims,
    async read(start, count, into) {
      into.set(data.subarray(start * dims, (start + count) * dims));
    },
    async direct() {
      return {
        read(start, count, into) {
          reads++;
          into.set(data.subarray(start * dims, (start + count) * dims));
        },
        async close() {
          closed++;
        },
      };
    },
  };

  test.each(["k-center", "kmeans"] as const)("are paged in, with the same picks: %s", async (batch) => {
    await using roomy = await openEngine({ backend: "cpu" });
    using held = await roomy.load({ embeddings: { data, rows, dims } });
    const { picks } = await held.select(batch, { k: 8 });
    const needs = held.memoryFor({ batch });
    await using engine = await openEngine({ backend: "cpu", memory: { host: needs.host + 20e6 } });
    using pool = await engine.load({ embeddings: source });
    expect(pool.memoryFor({ batch })).toMatchObject({ embeddings: "paged" });
    [reads, closed] = [0, 0];
    const found = await pool.select(batch, { k: 8 });
    expect(found.picks).toEqual(picks);
    expect(found.embeddings).toEqual({ host: "paged" });
    expect(reads).toBeGreaterThan(rows / 128);
    pool.close();
    await Promise.resolve();
    expect(closed).toBe(1);
  });

  test("work that needs more than its budget all the same is refused before it begins", async () => {
    await using engine = await openEngine({ backend: "cpu", memory: { host: 1e6 } });
    using pool = await engine.load({ embeddings: source });
    reads = 0;
    const refusal = /^k-center needs about \d[\d,]* MB of memory, and may take 1 MB: give it more \(memory\.host\)$/;
    await expect(pool.select("k-center", { k: 8 })).rejects.toThrow(refusal);
    expect(() => pool.memoryFor({ batch: "k-center" })).toThrow(refusal);
    expect(reads).toBe(0);
    using scored = await engine.load({ logits: { data: logits, rows: ROWS, classes: CLASSES } });
    await expect(scored.score("entropy")).rejects.toThrow(/^scores of all rows need about .* \(memory\.host\)$/);
  });
});

describe("closing a pool that is at work", () => {
  test.each([0, 1, 3, 10, 30, 100])("ends its calls, and nothing is left on the device: after %i ms", async (after) => {
    const meter = meteredDevice(device);
    await using engine = await openEngine({ device: meter.device });
    const before = meter.live();
    const pool = await engine.load({
      logits: { data: many, rows: MANY, classes: CLASSES },
      embeddings: { data: manyPoints, rows: MANY, dims: 2 },
    });
    const calls = Promise.allSettled([
      pool.select("k-center", { k: 50 }),
      pool.score("entropy"),
      pool.select("hybrid", { k: 50, metric: "cosine" }),
    ]);
    await new Promise((resolve) => setTimeout(resolve, after));
    pool.close();
    for (const call of await calls)
      if (call.status === "rejected")
        expect(call.reason).toEqual(new InputError("the pool was closed while it was at work: load it again"));
    await pool.released;
    expect(meter.live()).toBe(before);
    await expect(pool.score("entropy")).rejects.toThrow("the pool is closed: load it again");
  });

  test("and its engine, too, which waits for them", async () => {
    const engine = await openEngine({ device });
    const pool = await engine.load({ embeddings: { data: manyPoints, rows: MANY, dims: 2 } });
    const call = pool.select("k-center", { k: 50 }).catch((error: unknown) => error);
    await engine.close();
    expect(await call).toEqual(new InputError("the pool was closed while it was at work: load it again"));
  });
});

describe("what is asked of a pool that gives scores away", () => {
  test.each(["cpu", "device"])("is refused until it has: %s", async (name) => {
    await using engine = await openEngine(name === "cpu" ? { backend: "cpu" } : { device });
    using pool = await predicted(engine);
    const refusal = "the pool is giving scores away (scoreBlocks): ask it again when that has come back";
    await pool.scoreBlocks(["entropy"], async () => {
      await expect(pool.select("top-k", { k: 2 })).rejects.toThrow(refusal);
      await expect(pool.score("margin")).rejects.toThrow(refusal);
      await expect(pool.scoreBlocks(["margin"], () => {})).rejects.toThrow(refusal);
    });
    expect((await pool.select("top-k", { k: 2 })).picks).toHaveLength(2);
  });
});

test("points of two metrics share a budget", async () => {
  const meter = meteredDevice(device);
  await using engine = await openEngine({ device: meter.device, memory: { device: 16e6 } });
  using pool = await engine.load({ embeddings: { data: manyPoints, rows: MANY, dims: 2 } });
  const before = meter.live();
  const wheres = [];
  for (const metric of ["euclidean", "squared", "cosine"] as const)
    wheres.push((await pool.select("k-center", { k: 3, metric })).embeddings?.device);
  // A point takes four values of the 4 MB that all may have.
  expect(wheres).toEqual(["streamed", "streamed", "streamed"]);
  using few = await engine.load({ embeddings: { data: manyPoints.subarray(0, 300_000), rows: 150_000, dims: 2 } });
  for (const metric of ["euclidean", "squared", "cosine"] as const)
    wheres.push((await few.select("k-center", { k: 3, metric })).embeddings?.device);
  expect(wheres.slice(3)).toEqual(["resident", "resident", "streamed"]);
  expect(meter.live() - before).toBe(150_000 * 16);
});

test("what `memoryFor` is asked must be there", async () => {
  await using engine = await openEngine({ backend: "cpu" });
  using pool = await predicted(engine);
  for (const asked of [undefined, null, 5, {}, { strategies: 3 }])
    expect(() => pool.memoryFor(asked as never)).toThrow(
      "memoryFor: say what for: { batch }, or { strategies }, a list",
    );
  expect(() => pool.memoryFor({ strategies: ["nothing" as "entropy"] })).toThrow(/^unknown strategy "nothing"/);
  const [none, one, two] = [[], ["entropy"], ["entropy", "margin"]].map(
    (strategies) => pool.memoryFor({ strategies } as { strategies: ["entropy"] }).host,
  );
  expect(one - none).toBeGreaterThanOrEqual(3.9 * ROWS);
  expect(two).toBeGreaterThan(one);
});

test.each([
  [{ host: 0 }, "memory.host must be a number of bytes of at least 1, got 0"],
  [{ host: NaN }, "memory.host must be a number of bytes of at least 1, got NaN"],
  [{ host: "400M" }, "memory.host must be a number of bytes of at least 1, got 400M"],
  [{ device: 1000 }, "memory.device must be a number of bytes of at least 16000000, got 1000"],
  [4e8, "memory must be { host, device } in bytes, either or both, got 400000000: as { host: 4e8 }"],
  [null, "memory must be { host, device } in bytes, either or both, got null: as { host: 4e8 }"],
  [{ hots: 5 }, "memory must be { host, device } in bytes, either or both, got hots: as { host: 4e8 }"],
])("%j is no budget", async (memory, message) => {
  await expect(openEngine({ backend: "cpu", memory: memory as MemoryBudget })).rejects.toThrow(new InputError(message));
});

test("an unknown storage is refused", async () => {
  await using engine = await openEngine({ backend: "cpu" });
  await expect(predicted(engine, "float8" as "int8")).rejects.toThrow(
    new InputError('unknown storage "float8": known are float32, float16, int8'),
  );
});
