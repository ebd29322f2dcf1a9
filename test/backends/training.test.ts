/** Training on a device: what float64 on the CPU makes of the same rows, masks and weights, and what PyTorch does. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDevice } from "../../src/backends/webgpu/open.ts";
import type { Tuning } from "../../src/backends/webgpu/tuning.ts";
import { Engine } from "../../src/engine.ts";
import { DeviceLostError, InputError } from "../../src/errors.ts";
import type { Activation, Layer } from "../../src/head.ts";
import { fitCommittee, resample } from "../../src/models/committee.ts";
import { cpuTrainer } from "../../src/models/cpuTrainer.ts";
import { fitMlp, predictMlp, shuffled } from "../../src/models/mlp.ts";
import { planOf } from "../../src/models/mlpPlan.ts";
import { randomUniform } from "../../src/random.ts";
import type { Trainer, TrainerSetup } from "../../src/trainer.ts";
import golden from "../golden/mlp.json" with { type: "json" };
import { drawn, features, largestDifference } from "../models/drawn.ts";
import { openTestEngine } from "../support/engines.ts";
import { testDevice } from "../support/gpu.ts";
import { Pace } from "../../src/pace.ts";

/** Gradients in slices, as on a GPU; and batches in parts of 4 rows, a submit each. */
const kinds: Record<string, Partial<Tuning>> = {
  "for a GPU": { adapterClass: "gpu", maxGroups: 8 },
  "for software, in parts": { adapterClass: "software", maxGroups: 2, chunkProducts: 1 },
};

/** What a learner of several epochs may lose to float32, of weights about 1. */
const CLOSE = 1e-5;

const flat = (layers: readonly { weight: ArrayLike<number>; bias: ArrayLike<number> }[]): number[] =>
  layers.flatMap(({ weight, bias }) => [...Array.from(weight), ...Array.from(bias)]);

/** 61 rows of 7 dims in 3 classes. */
function setupOf(hidden: number[], activation: Activation, dropout: number, batchSize = 22): TrainerSetup {
  const plan = planOf({ ...drawn(61, 7, 3), hidden, activation, dropout, seed: 3_000_000_001, batchSize });
  return { ...plan, learningRate: 0.01 };
}

/** Three epochs over rows of which some come twice, and what came of them. */
async function trained(trainer: Trainer, rows: Uint32Array) {
  try {
    const losses: number[] = [];
    for (let epoch = 1; epoch <= 3; epoch++) losses.push(await trainer.train(shuffled(rows, 5, epoch), epoch));
    return { losses, heldOut: await trainer.loss(Uint32Array.of(60, 3, 9, 9, 11)), layers: await trainer.layers() };
  } finally {
    trainer.close();
  }
}

describe.each(Object.entries(kinds))("%s", (_, tuning) => {
  let device: GPUDevice;
  let engine: Engine;
  beforeAll(async () => {
    device = await testDevice();
    engine = new Engine(await openDevice(device, tuning), "test");
  });
  afterAll(async () => {
    await engine?.close();
    device?.destroy();
  });
  const open = async (setup: TrainerSetup): Promise<Trainer> => (await engine.train(setup))!;

  const nets: [hidden: number[], Activation, dropout: number, batchSize?: number][] = [
    [[], "relu", 0],
    [[13], "relu", 0],
    [[13], "gelu", 0.4],
    [[13, 10], "gelu", 0],
    [[13, 10], "tanh", 0.3],
    [[6, 18, 5], "relu", 0.5],
    [[13], "tanh", 0, 1],
    [[70], "tanh", 0.25, 1000],
  ];
  test.each(nets)("hidden %j, %s, dropout %d: what the CPU trains", async (hidden, activation, dropout, batchSize) => {
    const setup = setupOf(hidden, activation, dropout, batchSize);
    const rows = resample(61, 8);
    const expected = await trained(cpuTrainer(setup), rows);
    const found = await trained(await open(setup), rows);
    expect(largestDifference(flat(found.layers), flat(expected.layers))).toBeLessThan(CLOSE);
    expect(largestDifference(flat(found.layers), flat(setup.layers))).toBeGreaterThan(100 * CLOSE);
    expect(largestDifference(found.losses, expected.losses)).toBeLessThan(CLOSE);
    expect(Math.abs(found.heldOut - expected.heldOut)).toBeLessThan(CLOSE);
  });

  test("the same again gives the same bits", async () => {
    const setup = setupOf([13], "gelu", 0.4);
    const rows = resample(61, 8);
    expect(await trained(await open(setup), rows)).toEqual(await trained(await open(setup), rows));
  });

  test.each(golden.map((given) => ({ ...given, activation: given.activation as Activation })))(
    "PyTorch: $activation $sizes, dropout $dropout",
    async ({ activation, sizes, dropout, seed, batchSize, learningRate, orders, ...given }) => {
      const layers = given.layers.map(({ weight, bias }, l): Layer => ({
        weight: Float32Array.from(weight),
        bias: Float32Array.from(bias),
        inputs: sizes[l],
        outputs: sizes[l + 1],
      }));
      const data = { features: features(given.features, sizes[0]), labels: Uint32Array.from(given.labels) };
      const trainer = await open({
        ...data,
        layers,
        activation,
        dropout,
        learningRate,
        batchSize,
        seed,
        pace: new Pace(),
      });
      try {
        for (const [i, order] of orders.entries())
          expect(await trainer.train(Uint32Array.from(order), i + 1)).toBeCloseTo(given.losses[i], 5);
        expect(largestDifference(flat(await trainer.layers()), flat(given.trained))).toBeLessThan(CLOSE);
      } finally {
        trainer.close();
      }
    },
  );

  test("numbers that float32 cannot hold are told of", async () => {
    const { features: x, labels } = drawn(20, 2, 2);
    const large = features(
      x.data.map((value) => value * 1e30),
      2,
    );
    const options = { features: large, labels, hidden: [5], epochs: 3, heldOut: 0 };
    const error = await fitMlp({ ...options, engine }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(/^training diverged in epoch 1: lower learningRate, or scale/);
  });
});

/** Two half circles that reach into each other. */
function moons(rows: number, seed: number) {
  const labels = Array.from({ length: rows }, (_, row) => row % 2);
  const points = labels.flatMap((label, row) => {
    const [x, y] = [Math.cos, Math.sin].map((curve) => curve(Math.PI * randomUniform(seed, 9, row)));
    return label ? [1 - x, 0.5 - y] : [x, y];
  });
  return { features: features(points, 2), labels };
}

/** How many rows a model of two classes gives their label. */
const share = (p: Float32Array, labels: number[]): number =>
  labels.filter((label, row) => p[2 * row + label] > 0.5).length / labels.length;

describe("models with an engine", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine("webgpu, frames for software");
  });
  afterAll(() => engine?.close());

  test("two moons, stopped early, as on the CPU", async () => {
    const options = { ...moons(200, 1), hidden: [16], activation: "tanh", learningRate: 0.02, batchSize: 50 } as const;
    const model = await fitMlp({ ...options, epochs: 60, dropout: 0.05, engine });
    const fresh = moons(200, 2);
    expect(share(predictMlp(model, fresh.features).data, fresh.labels)).toBeGreaterThan(0.97);
    expect(model.heldOutLoss[model.bestEpoch - 1]).toBe(Math.min(...model.heldOutLoss));

    const few = { ...options, epochs: 5 };
    const [own, theirs] = [await fitMlp({ ...few, engine }), await fitMlp(few)];
    expect(largestDifference(own.heldOutLoss, theirs.heldOutLoss)).toBeLessThan(CLOSE);
    expect(own.head).not.toEqual(theirs.head);
    expect(await fitMlp({ ...few, engine })).toEqual(own);
  });

  test("a committee, each member on its own resample", async () => {
    const options = { ...drawn(61, 7, 3), model: "mlp", members: 3, hidden: [13], epochs: 4, seed: 2 } as const;
    const [own, theirs] = [await fitCommittee({ ...options, engine }), await fitCommittee(options)];
    for (const [m, { layers }] of own.heads.entries())
      expect(largestDifference(flat(layers), flat(theirs.heads[m].layers))).toBeLessThan(CLOSE);
    expect(own.heads[0]).not.toEqual(theirs.heads[0]);
  });

  test("an engine without a device trains on the CPU, and a closed one not at all", async () => {
    const options = { ...drawn(20, 3, 2), hidden: [4], epochs: 2 };
    const cpu = await openTestEngine("cpu");
    expect(await fitMlp({ ...options, engine: cpu })).toEqual(await fitMlp(options));
    await cpu.close();
    await expect(fitMlp({ ...options, engine: cpu })).rejects.toThrow(/^the engine is closed/);
  });

  test("losing the device says so", async () => {
    const device = await testDevice();
    const lost = new Engine(await openDevice(device), "test");
    const trainer = (await lost.train(setupOf([13], "relu", 0)))!;
    device.destroy();
    await expect(trainer.train(Uint32Array.of(1, 2, 3), 1)).rejects.toThrow(DeviceLostError);
    trainer.close();
    await lost.close();
  });
});
