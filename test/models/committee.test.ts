/** Committees: members that saw different resamples, with the same columns, on every run the same. */
import { describe, expect, test } from "vitest";
import { openEngine } from "../../src/engine.ts";
import { InputError } from "../../src/errors.ts";
import { fitCommittee, predictCommittee, resample } from "../../src/models/committee.ts";
import { fitLogistic, predictLogistic } from "../../src/models/logistic.ts";
import { fitMlp, predictMlp } from "../../src/models/mlp.ts";
import { randomBits, streams } from "../../src/random.ts";
import { drawn, features, largestDifference } from "./drawn.ts";

const data = drawn(60, 4, 3);
const logistic = { model: "logistic", ...data, members: 4 } as const;
const mlp = { model: "mlp", ...data, members: 3, hidden: [6], epochs: 8 } as const;

describe("a resample", () => {
  test("has as many rows, of which about 1 − 1/e are different", () => {
    const rows = resample(20_000, 1);
    expect(rows.length).toBe(20_000);
    expect(Math.max(...rows)).toBeLessThan(20_000);
    const times = new Uint32Array(20_000);
    for (const row of rows) times[row]++;
    // How often a row is drawn is Poisson, with a mean of 1.
    for (const [count, share] of [Math.exp(-1), Math.exp(-1), Math.exp(-1) / 2].entries())
      expect(times.filter((own) => own === count).length / 20_000).toBeCloseTo(share, 2);
    const half = rows.filter((row) => row < 10_000).length;
    expect(half / 20_000).toBeCloseTo(0.5, 1);
  });

  test("is drawn by its seed", () => {
    expect(resample(50, 1)).toEqual(resample(50, 1));
    expect(resample(50, 1)).not.toEqual(resample(50, 2));
  });
});

describe.each([logistic, mlp])("a committee: $model", (options) => {
  // The two overloads, as one.
  const fit = (more: object = {}) => fitCommittee({ ...options, ...more } as typeof logistic);

  test("members differ, each on as many rows as are labelled", async () => {
    const { heads, members, classes } = await fit();
    expect(heads).toEqual(members.map((member) => member.head));
    expect(heads.length).toBe(options.members);
    expect(classes).toEqual([0, 1, 2]);
    for (const { counts } of members) expect(counts.reduce((sum, count) => sum + count)).toBe(60);
    expect(new Set(members.map(({ counts }) => counts.join())).size).toBeGreaterThan(1);
    expect(new Set(heads.map((head) => head.layers[0].weight.join())).size).toBe(options.members);
  });

  test("the same seed gives the same bits, another other members throughout", async () => {
    const committee = await fit({ seed: 7 });
    expect(await fit({ seed: 7 })).toEqual(committee);
    const weights = async (seed: number) => (await fit({ seed })).heads.map((head) => head.layers[0].weight.join());
    const all = [...(await weights(7)), ...(await weights(8)), ...(await weights(9))];
    expect(new Set(all).size).toBe(all.length);
  });

  test("more members leave those before as they are", async () => {
    const [few, more] = [await fit({ members: 2 }), await fit({ members: 3 })];
    expect(more.heads.slice(0, 2)).toEqual(few.heads);
  });

  test("a class that a resample misses keeps its column", async () => {
    const labels = data.labels.map((label, row) => (row === 17 ? 3 : label));
    const { members, heads, classes } = await fit({ labels, members: 12, epochs: 1 });
    expect(classes).toEqual([0, 1, 2, 3]);
    expect(members.some(({ counts }) => counts[3] === 0)).toBe(true);
    expect(members.some(({ counts }) => counts[3] > 0)).toBe(true);
    for (const member of members) expect(member.classes).toEqual(classes);
    for (const head of heads) expect(head.layers.at(-1)!.outputs).toBe(4);
    expect((await fit({ classes: 6, epochs: 1 })).classes).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

test("labels with gaps stay the labels of the columns of logistic regressions", async () => {
  const labels = data.labels.map((label) => [2, 5, 11][label]);
  const apart = await fitCommittee({ ...logistic, labels });
  const plain = await fitCommittee(logistic);
  expect(apart.classes).toEqual([2, 5, 11]);
  for (const member of apart.members) expect(member.classes).toEqual([2, 5, 11]);
  expect(apart.heads).toEqual(plain.heads);
});

test("a logistic member is the fit of its resample, with the options given", async () => {
  const { members } = await fitCommittee({ ...logistic, C: 0.1, seed: 4 });
  members.forEach((member, m) => {
    const rows = Array.from(resample(60, randomBits(4, streams.members, m)));
    const own = features(
      rows.flatMap((row) => [...data.features.data.subarray(row * 4, (row + 1) * 4)]),
      4,
    );
    expect(member).toEqual(fitLogistic({ features: own, labels: rows.map((row) => data.labels[row]), C: 0.1 }));
  });
});

describe("mlp members", () => {
  // With a class for each row, the rows that a resample misses are the classes without a count.
  const labels = data.labels.map((_, row) => row);
  const options = { ...mlp, labels, hidden: [], learningRate: 0.05 };

  test("stop by rows that their resample misses", async () => {
    // More are asked for than are missed: all of them are held out.
    const { members } = await fitCommittee({ ...options, heldOut: 0.9 });
    for (const { counts, head, heldOutLoss, bestEpoch } of members) {
      const { data: p } = predictMlp({ head }, data.features);
      const missed = labels.filter((row) => counts[row] === 0);
      const loss = missed.reduce((sum, row) => sum - Math.log(p[row * 60 + row]), 0) / missed.length;
      expect(loss).toBeCloseTo(heldOutLoss[bestEpoch - 1], 5);
    }
  });

  test("hold out the share asked for, or nothing", async () => {
    const [one] = (await fitCommittee({ ...options, epochs: 1, heldOut: 1 / 60 })).members;
    const { data: p } = predictMlp(one, data.features);
    const losses = labels.filter((row) => one.counts[row] === 0).map((row) => -Math.log(p[row * 60 + row]));
    expect(Math.min(...losses.map((loss) => Math.abs(loss - one.heldOutLoss[0])))).toBeLessThan(1e-5);
    const { members } = await fitCommittee({ ...options, heldOut: 0 });
    for (const { epochs, heldOutLoss } of members) expect([epochs, heldOutLoss]).toEqual([8, []]);
  });
});

test("mlp members start from weights of their own", async () => {
  const still = { ...mlp, learningRate: 1e-30, epochs: 1, heldOut: 0 };
  const { heads } = await fitCommittee(still);
  expect(new Set(heads.map((head) => head.layers[0].weight[0])).size).toBe(3);
});

describe("predictions", () => {
  test("are the logits of each member in turn", async () => {
    const fits = [fitLogistic(data), fitLogistic({ ...data, C: 0.01 })];
    const x = drawn(700, 4, 3, 2).features;
    const { data: logits, ...sizes } = predictCommittee(
      fits.map((model) => model.head),
      x,
    );
    expect(sizes).toEqual({ passes: 2, rows: 700, classes: 3 });
    const probabilities = fits.flatMap((model) => [...predictLogistic(model, x).data]);
    const exponentials = logits.map(Math.exp);
    const sums = Array.from({ length: 1400 }, (_, row) =>
      exponentials.subarray(row * 3, row * 3 + 3).reduce((sum, value) => sum + value),
    );
    const own = Array.from(exponentials, (value, i) => value / sums[Math.floor(i / 3)]);
    expect(largestDifference(own, probabilities)).toBeLessThan(1e-6);
  });

  test("are the textbook's, through hidden layers", async () => {
    const { heads } = await fitCommittee({ ...mlp, activation: "tanh" });
    const { data: logits } = predictCommittee(heads, data.features);
    const expected = heads.flatMap(({ layers: [first, last] }) =>
      data.labels.flatMap((_, row) => {
        const dense = ({ weight, bias, inputs }: typeof first, x: ArrayLike<number>) =>
          Array.from(bias, (own, k) => Array.from(x).reduce((sum, v, j) => sum + v * weight[k * inputs + j], own));
        const x = data.features.data.subarray(row * 4, row * 4 + 4);
        return dense(last, dense(first, x).map(Math.tanh));
      }),
    );
    expect(largestDifference(logits, expected)).toBeLessThan(1e-6);
  });

  test("load into an engine", async () => {
    const { heads } = await fitCommittee(mlp);
    await using engine = await openEngine({ backend: "cpu" });
    const pool = await engine.load({ logits: predictCommittee(heads, data.features) });
    const { values } = await pool.score("vote-entropy");
    expect(values.length).toBe(60);
    expect(Math.max(...values)).toBeGreaterThan(0.6);
  });
});

describe("refuses", () => {
  test.each<[string, object, RegExp]>([
    ["no model", { model: undefined }, /^model must be logistic or mlp, got undefined$/],
    ["one member", { members: 1 }, /^members must be a whole number of at least 2, got 1$/],
    ["a seed", { seed: -1 }, /^seed must be a whole number from 0 to 4294967295, got -1$/],
    ["classes", { classes: 0 }, /^classes must be a whole number of at least 1, got 0$/],
    ["a label, by its own row", { labels: data.labels.with(41, -2) }, /^labels: row 41 is -2/],
    ["a label not declared", { labels: data.labels.with(41, 3), classes: 3 }, /^labels: row 41 is class 3, but 3/],
    [
      "NaN, by its own row",
      { features: features(data.features.data.with(4 * 23 + 1, NaN), 4) },
      /^features: row 23, dim 1 is NaN/,
    ],
    ["what a member's fit refuses", { C: 0, dropout: 2 }, /^(C must be a number above 0|dropout must be)/],
  ])("%s", async (_, wrong, message) => {
    for (const options of [logistic, mlp]) {
      const error = await fitCommittee({ ...options, ...wrong } as typeof logistic).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).not.toContain("\n");
    }
  });

  test("nothing at all", async () => {
    await expect(fitCommittee(undefined as never)).rejects.toThrow(/^fitCommittee: give \{ features, labels \}/);
    await expect(fitCommittee({ model: "mlp" } as never)).rejects.toThrow(
      /^features: expected \{ data, rows, dims \}$/,
    );
    const { features: known } = data;
    await expect(fitCommittee({ model: "mlp", features: known } as never)).rejects.toThrow(/^labels: give a list/);
    await expect(fitMlp(undefined as never)).rejects.toThrow(/^fitMlp: give \{ features, labels \}/);
    expect(() => fitLogistic(undefined as never)).toThrow(/^fitLogistic: give \{ features, labels \}/);
  });

  test("heads that do not go together", () => {
    const { head } = fitLogistic(data);
    const { head: other } = fitLogistic(drawn(30, 4, 2));
    const x = data.features;
    for (const none of [[], undefined])
      expect(() => predictCommittee(none as never, x)).toThrow(/^heads: there are none/);
    expect(() => predictCommittee([null as never], x)).toThrow(/^heads\[0\]: a head is/);
    expect(() => predictCommittee([head, other], x)).toThrow(/^heads\[1\]: 2 classes, but the first has 3: /);
    expect(() => predictCommittee([head, { ...other, name: "b.npz" }], x)).toThrow(/^b\.npz: 2 classes/);
    expect(() => predictCommittee([head], drawn(3, 5, 2).features)).toThrow(/^heads\[0\]: .* features have 5 dims$/);
    expect(() => predictCommittee([head], features([1, NaN, 1, 1], 4))).toThrow(/^features: row 0, dim 1 is NaN/);
  });
});
