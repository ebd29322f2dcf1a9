/** Logistic regression is scikit-learn's, from any start, for any set of classes. */
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { checkHead } from "../../src/head.ts";
import { fitLogistic, type LogisticModel, predictLogistic } from "../../src/models/logistic.ts";
import golden from "../golden/logistic.json" with { type: "json" };
import { drawn, features, largestDifference } from "./drawn.ts";

/** The objective as its definition reads, of raw weights [columns, dims + 1] whose classes all have rows. */
function textbookLoss(weights: Float64Array, { features: x, labels }: ReturnType<typeof drawn>, C = 1): number {
  const cols = x.dims + 1;
  const columns = weights.length / cols;
  let loss = 0;
  for (let i = 0; i < weights.length; i++) if (i % cols < x.dims) loss += weights[i] ** 2 / 2;
  for (let row = 0; row < x.rows; row++) {
    const logits = Array.from({ length: columns }, (_, k) => {
      let logit = weights[k * cols + x.dims];
      for (let j = 0; j < x.dims; j++) logit += weights[k * cols + j] * x.data[row * x.dims + j];
      return logit;
    });
    loss += C * (Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[labels[row]]);
  }
  return loss;
}

describe("what scikit-learn says", () => {
  test("there are golden fits", () => expect(golden.length).toBeGreaterThan(10));

  test.each(golden)("$name", ({ C, dims, labels, classes, probabilities, loss, ...given }) => {
    const x = features(given.features, dims);
    const model = fitLogistic({ features: x, labels, C });
    expect(model.converged).toBe(true);
    expect(model.warning).toBeUndefined();
    expect(model.classes).toEqual(classes);
    expect(model.counts).toEqual(classes.map((label) => labels.filter((own) => own === label).length));
    expect(largestDifference(predictLogistic(model, x).data, probabilities)).toBeLessThan(1e-6);
    expect(model.loss).toBeLessThan(loss + 1e-7);
    expect(model.loss).toBeGreaterThan(loss - 1e-7);
  });
});

describe("the objective", () => {
  test.each([2, 3, 5])("%i classes: the fit is its minimum, and the loss its value", (classes) => {
    const data = drawn(60, 4, classes);
    const { weights, loss } = fitLogistic({ ...data, C: 0.8, tolerance: 1e-9 });
    expect(loss).toBeCloseTo(textbookLoss(weights, data, 0.8), 9);
    // Two classes are one weight vector: that of the first is no variable.
    for (let i = classes === 2 ? 5 : 0; i < weights.length; i++) {
      for (const step of [-1e-3, 1e-3]) {
        const moved = weights.slice();
        moved[i] += step;
        expect(textbookLoss(moved, data, 0.8)).toBeGreaterThan(loss);
      }
    }
  });

  test("the first of two classes is pinned at 0, more add up to 0", () => {
    expect(Array.from(fitLogistic(drawn(40, 3, 2)).weights.subarray(0, 4))).toEqual([0, 0, 0, 0]);
    const { weights } = fitLogistic(drawn(80, 3, 4));
    for (let j = 0; j < 4; j++)
      expect(weights[j] + weights[4 + j] + weights[8 + j] + weights[12 + j]).toBeCloseTo(0, 12);
  });
});

describe("what must not matter", () => {
  const data = drawn(120, 5, 3);
  const { rows, dims } = data.features;
  const expected = predictLogistic(fitLogistic(data), data.features).data;

  test("where a feature's zero is", () => {
    const moved = features(
      data.features.data.map((value, i) => value + (i % dims === 2 ? 64 : 0)),
      dims,
    );
    const model = fitLogistic({ ...data, features: moved });
    expect(largestDifference(predictLogistic(model, moved).data, expected)).toBeLessThan(1e-5);
  });

  test("the order of rows", () => {
    const order = Array.from({ length: rows }, (_, i) => (i * 7) % rows);
    const turned = features(
      order.flatMap((row) => [...data.features.data.subarray(row * dims, (row + 1) * dims)]),
      dims,
    );
    const model = fitLogistic({ features: turned, labels: order.map((row) => data.labels[row]) });
    expect(largestDifference(predictLogistic(model, data.features).data, expected)).toBeLessThan(2e-6);
  });

  test("whether rows come twice or weigh double", () => {
    const twice = features([...data.features.data, ...data.features.data], dims);
    const model = fitLogistic({ features: twice, labels: [...data.labels, ...data.labels] });
    const double = fitLogistic({ ...data, C: 2 });
    expect(largestDifference(model.weights, double.weights)).toBeLessThan(1e-5);
  });
});

describe("warm start", () => {
  const all = drawn(400, 6, 3);
  const first = (rows: number) => ({
    features: features(all.features.data.subarray(0, rows * 6), 6),
    labels: all.labels.slice(0, rows),
  });

  const only = (labels: number[]) => {
    const rows = all.labels.flatMap((label, row) => (labels.includes(label) ? [row] : []));
    return {
      features: features(
        rows.flatMap((row) => [...all.features.data.subarray(row * 6, row * 6 + 6)]),
        6,
      ),
      labels: rows.map((row) => all.labels[row]),
    };
  };

  test.each([2, 3])("at the answer it has nothing to do, written one way or another: %i classes", (classes) => {
    const data = drawn(100, 6, classes);
    const warmStart = fitLogistic(data);
    // The same number for all classes changes no probability.
    for (const shared of [0, 5]) {
      const weights = warmStart.weights.map((weight) => weight + shared);
      const again = fitLogistic({ ...data, warmStart: { ...warmStart, weights } });
      expect(again.iterations).toBeLessThanOrEqual(1);
      expect(largestDifference(again.weights, warmStart.weights)).toBeLessThan(1e-6);
    }
  });

  test.each([1, 1000])("a few rows more cost fewer iterations and change nothing else (C = %i)", (C) => {
    const warm = fitLogistic({ ...all, C, warmStart: fitLogistic({ ...first(380), C }) });
    const cold = fitLogistic({ ...all, C });
    expect(warm.iterations).toBeLessThan(cold.iterations);
    expect(largestDifference(...probabilitiesOf(warm, cold))).toBeLessThan(2e-6);
  });

  test.each([-1, -100, 1e4])("%i times the answer is a start as well", (by) => {
    const answer = fitLogistic(all);
    const warm = fitLogistic({
      ...all,
      warmStart: { ...answer, weights: answer.weights.map((weight) => by * weight) },
    });
    expect(warm.converged).toBe(true);
    expect(largestDifference(...probabilitiesOf(warm, answer))).toBeLessThan(2e-6);
  });

  test.each([
    ["one to two", [1], [1, 2]],
    ["two to three", [0, 2], [0, 1, 2]],
    ["three to two", [0, 1, 2], [0, 2]],
    ["others", [0, 1], [1, 2]],
  ])("classes may come and go: %s", (_, before, after) => {
    for (const classes of [undefined, 4]) {
      const warmStart = fitLogistic({ ...only(before), classes });
      const warm = fitLogistic({ ...only(after), classes, warmStart });
      expect(warm.converged).toBe(true);
      expect(largestDifference(...probabilitiesOf(warm, fitLogistic({ ...only(after), classes })))).toBeLessThan(2e-6);
    }
  });

  function probabilitiesOf(...models: [LogisticModel, LogisticModel]): [Float32Array, Float32Array] {
    const [a, b] = models.map((model) => predictLogistic(model, all.features).data);
    return [a, b];
  }
});

describe("classes without rows", () => {
  const { features: x, labels } = drawn(60, 4, 2);
  const apart = labels.map((label) => 1 + 2 * label);

  test("only those seen have a column, unless more are declared", () => {
    const seen = fitLogistic({ features: x, labels: apart });
    expect(seen.classes).toEqual([1, 3]);
    const declared = fitLogistic({ features: x, labels: apart, classes: 5 });
    expect(declared.classes).toEqual([0, 1, 2, 3, 4]);
    expect(declared.counts.map((count) => count > 0)).toEqual([false, true, false, true, false]);
    expect(declared.loss).toBe(seen.loss);
    const two = predictLogistic(seen, x);
    const five = predictLogistic(declared, x);
    expect([two.classes, five.classes]).toEqual([2, 5]);
    for (let row = 0; row < x.rows; row++) {
      const [a, b, c, d, e] = five.data.subarray(row * 5);
      expect([a, c, e]).toEqual([0, 0, 0]);
      expect([b, d]).toEqual([...two.data.subarray(row * 2, row * 2 + 2)]);
    }
  });

  test("the head stays finite and moderate, and gives them 0 however far away a row is", () => {
    const { head } = fitLogistic({ features: x, labels: apart, classes: 5 });
    checkHead(head, x.dims);
    expect(head.layers[0].bias[0]).toBe(-120);
    const model = fitLogistic({ ...drawn(60, 4, 3), classes: 4 });
    const far = predictLogistic(model, features([1e6, -1e6, 1e6, 1e6, -1e6, 1e6, -1e6, 1e6], 4));
    expect([far.data[3], far.data[7]]).toEqual([0, 0]);
    expect(far.data[4] + far.data[5] + far.data[6]).toBeCloseTo(1, 6);
  });

  test("one class alone is certain", () => {
    const alone = fitLogistic({ features: x, labels: new Uint8Array(60).fill(3) });
    expect(alone).toMatchObject({ classes: [3], counts: [60], loss: 0, iterations: 0, converged: true });
    expect(predictLogistic(alone, x).data.every((p) => p === 1)).toBe(true);
    const declared = fitLogistic({ features: x, labels: new Uint8Array(60).fill(1), classes: 3 });
    expect([...predictLogistic(declared, x).data.subarray(0, 3)]).toEqual([0, 1, 0]);
  });
});

describe("the model", () => {
  test("its head is its weights in float32", () => {
    const { head, weights, dims, classes } = fitLogistic(drawn(50, 3, 3));
    checkHead(head, 3);
    const [{ weight, bias }] = head.layers;
    const rounded = Float32Array.from(weights);
    for (let k = 0; k < classes.length; k++) {
      expect([...weight.subarray(k * dims, (k + 1) * dims)]).toEqual([...rounded.subarray(k * 4, k * 4 + 3)]);
      expect(bias[k]).toBe(rounded[k * 4 + 3]);
    }
  });

  test("rows far apart and hardly penalised keep it finite", () => {
    const x = features([-1e6, 1e-6, -2e6, 1e-6, 1e6, -1e-6, 3e6, 1e-6], 2);
    const model = fitLogistic({ features: x, labels: [0, 0, 1, 1], C: 1e9 });
    expect(model.weights.every(Number.isFinite)).toBe(true);
    const { data } = predictLogistic(model, x);
    expect(largestDifference(data, [1, 0, 1, 0, 0, 1, 0, 1])).toBeLessThan(1e-4);
  });

  test("says in one line that it stopped early", () => {
    const model = fitLogistic({ ...drawn(200, 6, 4), maxIterations: 2 });
    expect(model).toMatchObject({ converged: false, iterations: 2 });
    expect(model.warning).toMatch(
      /^logistic regression: stopped after 2 iterations .* tolerance of 0.000001: raise [^\n]+$/,
    );
  });
});

describe("refuses", () => {
  const good = drawn(6, 2, 2);
  const holed = (at: number, value: number) => features(good.features.data.with(at, value), 2);
  const labelled = (value: number) => good.labels.with(4, value);
  test.each([
    ["NaN", { features: holed(7, NaN) }, /^features: row 3, dim 1 is NaN: leave the row out/],
    ["infinity", { features: holed(4, -Infinity) }, /^features: row 2, dim 0 is -Infinity/],
    ["too few values", { features: { ...good.features, rows: 7 } }, /^features: 7 × 2 needs 14 values, data has 12$/],
    ["no rows", { features: { data: new Float32Array(), rows: 0, dims: 2 }, labels: [] }, /^features: rows must be/],
    ["no dims", { features: { data: new Float32Array(), rows: 6, dims: 0 } }, /^features: .* at least 1, got 0$/],
    ["another number of labels", { labels: [0, 1] }, /^labels: 2 for 6 rows of features/],
    ["a negative label", { labels: labelled(-1) }, /^labels: row 4 is -1, a class must be a whole number/],
    ["half a label", { labels: labelled(0.5) }, /^labels: row 4 is 0.5/],
    ["no label", { labels: labelled(NaN) }, /^labels: row 4 is NaN/],
    ["a label not declared", { labels: labelled(3), classes: 3 }, /^labels: row 4 is class 3, but 3 classes/],
    ["classes", { classes: 2.5 }, /^classes must be a whole number of at least 1, got 2.5$/],
    ["C", { C: 0 }, /^C must be a number above 0, got 0$/],
    ["no C", { C: NaN }, /^C must be/],
    ["tolerance", { tolerance: -1 }, /^tolerance must be/],
    ["iterations", { maxIterations: 0 }, /^maxIterations must be/],
    ["a warm start of other dims", { warmStart: fitLogistic(drawn(9, 3, 2)) }, /^warmStart: the model has 3 dims, the/],
  ])("%s", (_, wrong, message) => {
    const fit = () => fitLogistic({ ...good, ...wrong });
    expect(fit).toThrow(InputError);
    expect(fit).toThrow(message);
  });

  test("features of another model", () => {
    const model = fitLogistic(good);
    expect(() => predictLogistic(model, features([1, 2, 3], 3))).toThrow(
      /^features: 3 dims, but the model was fitted on 2$/,
    );
    expect(() => predictLogistic(model, features([1, NaN], 2))).toThrow(InputError);
  });
});
