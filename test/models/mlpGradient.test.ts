/** The arithmetic of a step: gradients are those of finite differences and of PyTorch, and Adam is PyTorch's. */
import { describe, expect, test } from "vitest";
import type { Activation, Layer } from "../../src/head.ts";
import { cpuTrainer, crossEntropy } from "../../src/models/cpuTrainer.ts";
import { makeNetwork, type Masks, type Network } from "../../src/models/network.ts";
import { randomUniform } from "../../src/random.ts";
import golden from "../golden/mlp.json" with { type: "json" };
import { drawn, features, largestDifference } from "./drawn.ts";
import { Pace } from "../../src/pace.ts";

interface Values {
  weight: ArrayLike<number>;
  bias: ArrayLike<number>;
}

function toLayers(sizes: number[], values: readonly Values[]): Layer[] {
  return values.map(({ weight, bias }, l) => ({
    weight: Float32Array.from(weight),
    bias: Float32Array.from(bias),
    inputs: sizes[l],
    outputs: sizes[l + 1],
  }));
}

/** As a network lays them out: a row of weights, then its bias. */
function flat(values: readonly Values[]): number[] {
  return values.flatMap(({ weight, bias }) =>
    Array.from(bias).flatMap((own, k) => {
      const inputs = weight.length / bias.length;
      return [...Array.from(weight).slice(k * inputs, (k + 1) * inputs), own];
    }),
  );
}

/** A net of 5 dims and 3 classes. */
function netOf(hidden: number[], activation: Activation): Network {
  const sizes = [5, ...hidden, 3];
  const layers = sizes.slice(1).map((outputs, l) => {
    const draw = (i: number) => randomUniform(4, 90 + l, i) - 0.5;
    return {
      weight: Array.from({ length: outputs * sizes[l] }, (_, i) => draw(i)),
      bias: Array.from({ length: outputs }, (_, k) => draw(1000 + k)),
    };
  });
  return makeNetwork(toLayers(sizes, layers), activation, 16);
}

describe("what PyTorch says", () => {
  test("there are golden nets of each activation", () => {
    expect(new Set(golden.map((given) => given.activation)).size).toBe(3);
  });

  describe.each(golden.map((given) => ({ ...given, activation: given.activation as Activation })))(
    "$activation $sizes, dropout $dropout",
    ({ activation, sizes, dropout, seed, batchSize, learningRate, orders, ...given }) => {
      const x = features(given.features, sizes[0]);
      const labels = Uint32Array.from(given.labels);
      const layers = toLayers(sizes, given.layers);

      test("the gradient of a batch", () => {
        const network = makeNetwork(layers, activation, batchSize);
        const rows = Uint32Array.from(orders[0].slice(0, batchSize));
        const logits = network.forward(x, rows, { rate: dropout, seed, pass: 1, first: 0 });
        expect(crossEntropy(logits, labels, rows) / rows.length).toBeCloseTo(given.loss, 12);
        network.backward();
        expect(largestDifference(network.gradient, flat(given.gradient))).toBeLessThan(1e-13);
      });

      test("the weights after nine steps", async () => {
        const setup = {
          features: x,
          labels,
          layers,
          activation,
          dropout,
          learningRate,
          batchSize,
          seed,
          pace: new Pace(),
        };
        const trainer = cpuTrainer(setup);
        for (const [i, order] of orders.entries())
          expect(await trainer.train(Uint32Array.from(order), i + 1)).toBeCloseTo(given.losses[i], 10);
        const trained = await trainer.layers();
        // What is read is rounded to float32.
        expect(largestDifference(flat(trained), flat(given.trained))).toBeLessThan(1.5e-7);
        expect(largestDifference(flat(trained), flat(layers))).toBeGreaterThan(0.05);
      });
    },
  );
});

describe("finite differences", () => {
  const x = drawn(11, 5, 3).features;
  const labels = Uint32Array.from({ length: x.rows }, (_, row) => (row * 7) % 3);
  const rows = Uint32Array.from([10, 3, 3, 0, 7, 6, 2]);

  const masks = { rate: 0.4, seed: 3, pass: 2, first: 20 };
  const nets: [number[], Activation, Masks | undefined][] = [
    [[], "relu", undefined],
    ...(["relu", "gelu", "tanh"] as const).flatMap((activation): [number[], Activation, Masks | undefined][] => [
      [[7], activation, undefined],
      [[7], activation, masks],
      [[6, 5], activation, undefined],
      [[6, 5], activation, masks],
    ]),
  ];

  test.each(nets)("hidden %j, %s, masks %o", (hidden, activation, masked) => {
    const network = netOf(hidden, activation);
    const lossNow = () => crossEntropy(network.forward(x, rows, masked), labels, rows) / rows.length;
    // A longer block before, so that what it left behind would show.
    network.forward(x, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], masked);
    network.backward();
    lossNow();
    network.backward();
    const gradient = network.gradient.slice();
    const h = 1e-5;
    gradient.forEach((slope, i) => {
      const own = network.weights[i];
      const [low, high] = [-h, h].map((step) => {
        network.weights[i] = own + step;
        return lossNow();
      });
      network.weights[i] = own;
      expect(slope).toBeCloseTo((high - low) / (2 * h), 8);
    });
  });

  test("masks leave units out, and others grow for them", () => {
    const network = netOf([400], "tanh");
    const plain = network.forward(x, rows).slice();
    const mean = new Float64Array(plain.length);
    for (let pass = 0; pass < 400; pass++)
      network.forward(x, rows, { ...masks, pass }).forEach((logit, i) => (mean[i] += logit / 400));
    const once = network.forward(x, rows, masks).slice();
    expect(largestDifference(once, plain)).toBeGreaterThan(0.5);
    // Row 3 is there twice, in two places.
    expect(once.slice(3, 6)).not.toEqual(once.slice(6, 9));
    expect(plain.slice(3, 6)).toEqual(plain.slice(6, 9));
    expect(largestDifference(mean, plain)).toBeLessThan(0.4);
  });
});

test("the loss of rows is the mean of their cross-entropies, however many there are", async () => {
  const { features: x, labels } = drawn(700, 3, 3);
  const unit = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const layers = toLayers(
    [3, 3, 3],
    [
      { weight: unit, bias: [0, 0.5, -0.5] },
      { weight: unit, bias: [0, 0, 0] },
    ],
  );
  const setup = { features: x, labels: Uint32Array.from(labels), layers, activation: "relu" as const };
  const trainer = cpuTrainer({ ...setup, dropout: 0.5, learningRate: 0.1, batchSize: 8, seed: 0, pace: new Pace() });
  const rows = Uint32Array.from({ length: 650 }, (_, i) => i + 50);
  let expected = 0;
  for (const row of rows) {
    const logits = [0, 0.5, -0.5].map((bias, k) => Math.max(0, x.data[row * 3 + k] + bias));
    expected += Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[labels[row]];
  }
  expect(await trainer.loss(rows)).toBeCloseTo(expected / 650, 12);
  expect(await trainer.layers()).toEqual(layers);
});

test.each([
  [[-1000, 1000], 2000],
  [[1000, -1000], 0],
])("logits %j cost no digits", (logits, loss) => {
  expect(crossEntropy(Float64Array.from(logits), Uint32Array.of(0), Uint32Array.of(0))).toBe(loss);
});
