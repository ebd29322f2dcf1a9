/** The multilayer perceptron learns what a line cannot part, stops where it should, and is the same on every run. */
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { readHead, writeSafetensors } from "../../src/files/index.ts";
import { checkHead } from "../../src/head.ts";
import { fitLogistic, predictLogistic } from "../../src/models/logistic.ts";
import { fitMlp, predictMlp, shuffled, trainMlp } from "../../src/models/mlp.ts";
import { planOf } from "../../src/models/mlpPlan.ts";
import { randomUniform } from "../../src/random.ts";
import { scratchFolder } from "../files/scratch.ts";
import { drawn, features, largestDifference } from "./drawn.ts";

const scratch = scratchFolder();

/** Two half circles that reach into each other. */
function moons(rows: number, seed = 1) {
  const labels = Array.from({ length: rows }, (_, row) => row % 2);
  const points = labels.flatMap((label, row) => {
    const [turn, dx, dy] = [0, 1, 2].map((unit) => randomUniform(seed, 9, row, unit));
    const [x, y] = [Math.cos(Math.PI * turn), Math.sin(Math.PI * turn)];
    return [(label ? 1 - x : x) + 0.2 * (dx - 0.5), (label ? 0.5 - y : y) + 0.2 * (dy - 0.5)];
  });
  return { features: features(points, 2), labels };
}

function accuracy({ data, rows, classes }: ReturnType<typeof predictMlp>, labels: ArrayLike<number>): number {
  let right = 0;
  for (let row = 0; row < rows; row++) {
    const p = data.subarray(row * classes, (row + 1) * classes);
    if (p.indexOf(Math.max(...p)) === labels[row]) right++;
  }
  return right / rows;
}

/** The mean cross-entropy of some rows. */
function lossOf({ data, classes }: ReturnType<typeof predictMlp>, labels: ArrayLike<number>, rows: number[]): number {
  return rows.reduce((sum, row) => sum - Math.log(data[row * classes + labels[row]]), 0) / rows.length;
}

describe("what a line cannot part", () => {
  const xor = { features: features([-1, -1, -1, 1, 1, -1, 1, 1], 2), labels: [0, 1, 1, 0] };

  test.each(["relu", "gelu", "tanh"] as const)("exclusive or, with %s", async (activation) => {
    const { head, heldOutLoss } = await fitMlp({ ...xor, hidden: [8], activation, learningRate: 0.03 });
    expect(heldOutLoss).toEqual([]);
    expect(accuracy(predictMlp({ head }, xor.features), xor.labels)).toBe(1);
    expect(accuracy(predictLogistic(fitLogistic(xor), xor.features), xor.labels)).toBeLessThan(1);
  });

  test("two moons, on rows not seen before", async () => {
    const seen = moons(300);
    const fresh = moons(400, 2);
    const model = await fitMlp({ ...seen, hidden: [32, 16], dropout: 0.1, learningRate: 0.01, epochs: 60 });
    expect(accuracy(predictMlp(model, fresh.features), fresh.labels)).toBeGreaterThan(0.99);
    expect(accuracy(predictLogistic(fitLogistic(seen), fresh.features), fresh.labels)).toBeLessThan(0.92);
  });

  test("without hidden layers it is logistic regression without a penalty", async () => {
    const data = drawn(200, 4, 3);
    const model = await fitMlp({ ...data, hidden: [], heldOut: 0, batchSize: 200, learningRate: 0.05, epochs: 1500 });
    const logistic = fitLogistic({ ...data, C: 1e6 });
    const [own, theirs] = [predictMlp(model, data.features), predictLogistic(logistic, data.features)];
    expect(largestDifference(own.data, theirs.data)).toBeLessThan(1e-4);
  });
});

describe("early stopping", () => {
  // Some of the labels are wrong: what is learned of those is wrong elsewhere.
  const { features: x, labels: right } = drawn(80, 6, 2);
  const labels = right.map((label, row) => (randomUniform(2, 9, row) < 0.15 ? 1 - label : label));
  const options = { features: x, labels, hidden: [64], learningRate: 0.003, heldOut: 0.25, patience: 7, seed: 3 };

  test("stops after the lowest held-out loss, and gives its weights", async () => {
    const { head, epochs, bestEpoch, heldOutLoss, trainingLoss, counts } = await fitMlp(options);
    expect(bestEpoch).toBeGreaterThan(2);
    expect(epochs).toBe(bestEpoch + 7);
    expect([trainingLoss.length, heldOutLoss.length]).toEqual([epochs, epochs]);
    expect(heldOutLoss.indexOf(Math.min(...heldOutLoss))).toBe(bestEpoch - 1);
    expect(trainingLoss.at(-1)).toBeLessThan(trainingLoss[bestEpoch - 1]);
    expect(counts[0] + counts[1]).toBe(60);

    // Its weights are those it would have ended with had it been told where to stop.
    const told = await fitMlp({ ...options, epochs: bestEpoch });
    expect(told.head).toEqual(head);
    expect((await fitMlp({ ...options, epochs: bestEpoch + 1 })).head).toEqual(head);
    expect((await fitMlp({ ...options, epochs: bestEpoch - 1 })).head).not.toEqual(head);
  });

  test("the held-out loss is that of rows it did not learn from", async () => {
    const model = await fitMlp({ ...options, epochs: 300, patience: 300 });
    expect(model.trainingLoss.at(-1)).toBeLessThan(0.1);
    expect(model.heldOutLoss.at(-1)).toBeGreaterThan(1);
    const best = await fitMlp(options);
    const predictions = predictMlp(best, x);
    const held = await heldOutRows(80);
    expect(held.length).toBe(20);
    expect(lossOf(predictions, labels, held)).toBeCloseTo(best.heldOutLoss[best.bestEpoch - 1], 5);
  });

  test("rows that are appended leave the others on their side, but for a few", async () => {
    const [few, many] = [await heldOutRows(60), await heldOutRows(66)];
    expect([few.length, many.length]).toEqual([15, 16]);
    expect(few.filter((row) => !many.includes(row)).length).toBeLessThanOrEqual(1);
  });

  test("none held out: all epochs are run, and the last is what is given", async () => {
    const model = await fitMlp({ ...options, heldOut: 0, epochs: 12 });
    expect(model).toMatchObject({ epochs: 12, bestEpoch: 12, heldOutLoss: [] });
    expect(model.counts[0] + model.counts[1]).toBe(80);
  });

  /** With a class for each row, those that none was trained on are the rows held out. */
  async function heldOutRows(rows: number): Promise<number[]> {
    const some = features(x.data.subarray(0, rows * 6), 6);
    const own = Array.from({ length: rows }, (_, row) => row);
    const { counts } = await fitMlp({ ...options, features: some, labels: own, hidden: [], epochs: 1 });
    return own.filter((row) => counts[row] === 0);
  }
});

describe("seeds", () => {
  const data = drawn(90, 4, 3);
  const options = { ...data, hidden: [9, 5], dropout: 0.2, epochs: 6, seed: 5 };

  test("the same seed gives the same bits, another others", async () => {
    const model = await fitMlp(options);
    expect(await fitMlp(options)).toEqual(model);
    const other = await fitMlp({ ...options, seed: 6 });
    expect(other.head.layers[0].weight).not.toEqual(model.head.layers[0].weight);
    expect(other.trainingLoss).not.toEqual(model.trainingLoss);
  });

  test("a seed draws the first weights, the order and the masks, each anew in every epoch", async () => {
    const start = planOf(options).layers;
    expect(planOf({ ...options, seed: 6 }).layers).not.toEqual(start);
    const warmStart = { layers: start, activation: "relu" as const, dropout: 0 };
    const ordered = { ...data, warmStart, heldOut: 0, epochs: 1 };
    // From the same weights and without masks, in steps of one row, only the order can tell two seeds apart.
    const inTurn = Uint32Array.from(data.labels.keys());
    const none = new Uint32Array();
    const [a, b] = await Promise.all(
      [5, 6].map((seed) => trainMlp(planOf({ ...ordered, batchSize: 1, seed }), inTurn, none)),
    );
    expect(a.head).not.toEqual(b.head);
    // With all rows in one step order is no matter, but that of a sum.
    const [c, d] = await Promise.all([5, 6].map((seed) => fitMlp({ ...ordered, batchSize: 2 ** 40, seed })));
    expect(c.trainingLoss[0]).toBeCloseTo(d.trainingLoss[0], 12);
    // So small a step moves nothing: losses of epochs differ by their masks.
    const still = { ...ordered, batchSize: 90, epochs: 3, learningRate: 1e-30 };
    const { trainingLoss } = await fitMlp({ ...still, dropout: 0.5 });
    expect(new Set(trainingLoss).size).toBe(3);
    expect((await fitMlp({ ...still, dropout: 0.5, seed: 6 })).trainingLoss).not.toEqual(trainingLoss);
  });

  test("an order has all rows, and any of them in any place", () => {
    const rows = Uint32Array.from([3, 4, 4, 8, 9]);
    const times = new Map<string, number>();
    for (let epoch = 0; epoch < 6000; epoch++) {
      const order = shuffled(rows, 1, epoch);
      expect(order.toSorted()).toEqual(rows);
      times.set(order.join(), (times.get(order.join()) ?? 0) + 1);
    }
    // 60 orders, each expected 100 times: a deviation of 50 is one of five sigmas.
    expect(times.size).toBe(60);
    for (const count of times.values()) expect(Math.abs(count - 100)).toBeLessThan(50);
  });

  test("first weights fill ±1/√inputs, as those of nn.Linear", () => {
    const { layers } = planOf({ ...options, hidden: [500, 100] });
    for (const { weight, bias, inputs } of layers) {
      const bound = 1 / Math.sqrt(inputs);
      for (const values of [weight, bias]) {
        expect(values.every((value) => Math.abs(value) <= bound)).toBe(true);
        // Of few draws the variance is told less well.
        const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
        expect(Math.abs(variance / (bound ** 2 / 3) - 1)).toBeLessThan(3 / Math.sqrt(values.length));
      }
    }
    // Of every layer, and of weights and biases, the draws are its own.
    const units = layers.flatMap(({ weight, bias, inputs }) =>
      [weight[0], weight[1], bias[0], bias[1]].map((value) => (value * Math.sqrt(inputs)).toFixed(4)),
    );
    expect(new Set(units).size).toBe(12);
    expect(new Set(layers[1].weight).size).toBeGreaterThan(49_000);
  });
});

describe("the head", () => {
  test("is float32 with its activation and rate, and the same when it is saved and loaded", async () => {
    const data = drawn(60, 4, 3);
    const { head, classes } = await fitMlp({ ...data, hidden: [7], activation: "gelu", dropout: 0.3, epochs: 5 });
    checkHead(head, 4);
    expect(head).toMatchObject({ activation: "gelu", dropout: 0.3 });
    expect(classes).toEqual([0, 1, 2]);
    const path = scratch("trained.safetensors");
    await writeSafetensors(path, head);
    const loaded = await readHead(path);
    expect(loaded).toEqual({ ...head, name: path });
    expect(predictMlp({ head: loaded }, data.features)).toEqual(predictMlp({ head }, data.features));
  });

  test("trained without dropout it names no rate", async () => {
    const { head } = await fitMlp({ ...drawn(20, 2, 2), epochs: 1 });
    expect(head.dropout).toBeUndefined();
    expect(head.layers.map((layer) => layer.outputs)).toEqual([128, 2]);
  });

  test("probabilities do not depend on the rows beside", async () => {
    const { features: x, labels } = drawn(600, 3, 3);
    const model = await fitMlp({ features: x, labels, hidden: [5], epochs: 2 });
    const all = predictMlp(model, x);
    const last = predictMlp(model, features(x.data.subarray(599 * 3), 3));
    expect(last.data).toEqual(all.data.subarray(599 * 3));
    expect(last.data[0] + last.data[1] + last.data[2]).toBeCloseTo(1, 6);
  });

  test("declared classes get columns, though no row has them", async () => {
    const model = await fitMlp({ ...drawn(40, 3, 2), hidden: [4], classes: 4, epochs: 60, heldOut: 0 });
    expect(model.classes).toEqual([0, 1, 2, 3]);
    expect(model.counts.map((count) => count > 0)).toEqual([true, true, false, false]);
    expect(predictMlp(model, drawn(1, 3, 2).features).data.length).toBe(4);
  });
});

describe("warm start", () => {
  const data = moons(200);
  const options = { ...data, learningRate: 0.01, heldOut: 0 };

  test("goes on where a head left off, with its layers, activation and rate", async () => {
    const { head } = await fitMlp({ ...options, hidden: [16], activation: "tanh", dropout: 0.1, epochs: 40 });
    const on = await fitMlp({ ...options, warmStart: head, epochs: 1 });
    expect(on.head).toMatchObject({ activation: "tanh", dropout: 0.1 });
    expect(on.head.layers[0].outputs).toBe(16);
    const afresh = await fitMlp({ ...options, hidden: [16], activation: "tanh", dropout: 0.1, epochs: 1 });
    expect(on.trainingLoss[0]).toBeLessThan(afresh.trainingLoss[0] / 2);
    expect(planOf({ ...options, warmStart: head }).layers).toEqual(head.layers);
  });

  test("a class new since then starts at random, beside what is known of the others", async () => {
    const { head } = await fitMlp({ ...options, hidden: [8], epochs: 5 });
    const [, known] = head.layers;
    const { layers } = planOf({ ...options, warmStart: head, labels: data.labels.with(9, 3) });
    expect(layers[0]).toEqual(head.layers[0]);
    expect(layers[1].outputs).toBe(4);
    expect(layers[1].weight.subarray(0, 16)).toEqual(known.weight);
    expect(layers[1].bias.subarray(0, 2)).toEqual(known.bias);
    expect(layers[1].weight.subarray(16).every((value) => value !== 0)).toBe(true);
    // And one that has gone keeps its column.
    expect(planOf({ ...options, warmStart: head, labels: data.labels.map(() => 0) }).classes).toBe(2);
  });
});

describe("refuses", () => {
  const good = drawn(6, 2, 2);
  const holed = (at: number, value: number) => features(good.features.data.with(at, value), 2);
  const layer = { weight: new Float32Array(6), bias: new Float32Array(3), inputs: 2, outputs: 3 };
  const start = { layers: [layer], activation: "relu" as const, name: "old.safetensors" };

  test.each<[string, object, RegExp]>([
    ["NaN", { features: holed(7, NaN) }, /^features: row 3, dim 1 is NaN: leave the row out/],
    ["infinity", { features: holed(4, -Infinity) }, /^features: row 2, dim 0 is -Infinity/],
    ["too few values", { features: { ...good.features, rows: 7 } }, /^features: 7 × 2 needs 14 values, data has 12$/],
    ["another number of labels", { labels: [0, 1] }, /^labels: 2 for 6 rows of features/],
    ["a negative label", { labels: good.labels.with(4, -1) }, /^labels: row 4 is -1, a class must be a whole number/],
    ["half a label", { labels: good.labels.with(4, 0.5) }, /^labels: row 4 is 0.5/],
    [
      "a label not declared",
      { labels: good.labels.with(4, 3), classes: 3 },
      /^labels: row 4 is class 3, but 3 classes/,
    ],
    ["classes", { classes: 0 }, /^classes must be a whole number of at least 1, got 0$/],
    ["a number for hidden layers", { hidden: 128 }, /^hidden must be a list .* such as \[128\], got 128$/],
    ["an empty hidden layer", { hidden: [4, 0] }, /^hidden\[1\] must be a whole number of at least 1, got 0$/],
    ["an activation", { activation: "swish" }, /^activation must be one of relu, gelu, tanh, got swish$/],
    ["an activation of every object", { activation: "toString" }, /^activation must be one of/],
    ["dropout of all", { dropout: 1 }, /^dropout must be a number from 0 to 0.999, got 1$/],
    ["no dropout", { dropout: NaN }, /^dropout must be/],
    ["epochs", { epochs: 0 }, /^epochs must be a whole number of at least 1, got 0$/],
    ["half a batch", { batchSize: 0.5 }, /^batchSize must be a whole number/],
    ["patience", { patience: -1 }, /^patience must be/],
    ["learning rate", { learningRate: 0 }, /^learningRate must be a number above 0 and at most 1, got 0$/],
    ["a wild learning rate", { learningRate: 2 }, /^learningRate must be/],
    ["all held out", { heldOut: 1 }, /^heldOut must be a share of at least 0 and below 1, got 1$/],
    ["a seed", { seed: 2 ** 32 }, /^seed must be a whole number from 0 to 4294967295, got 4294967296$/],
    [
      "a warm start of other dims",
      { warmStart: { ...start, layers: [{ ...layer, inputs: 3 }] } },
      /^old.safetensors: /,
    ],
    [
      "a warm start of other layers",
      { warmStart: start, hidden: [5] },
      /^old.safetensors: layers of 2, 3 do not fit 2, 5, 3: leave out hidden and classes or match them$/,
    ],
    [
      "a warm start of more classes",
      { warmStart: start, classes: 2 },
      /^old.safetensors: layers of 2, 3 do not fit 2, 2/,
    ],
    [
      "a warm start of another activation",
      { warmStart: start, activation: "tanh" },
      /^old.safetensors: its activation is relu, not tanh: leave out activation or match it$/,
    ],
  ])("%s", async (_, wrong, message) => {
    const error = await fitMlp({ ...good, epochs: 1, ...wrong }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("\n");
  });

  test("features of another model", async () => {
    const model = await fitMlp({ ...good, epochs: 1, hidden: [] });
    expect(() => predictMlp(model, features([1, 2, 3], 3))).toThrow(/^head: .* features have 3 dims$/);
    expect(() => predictMlp(model, features([1, NaN], 2))).toThrow(InputError);
  });
});
