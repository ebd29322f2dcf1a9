/** Heads of several layers: MC dropout and expected gradient length, against PyTorch and definitions in float64. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { InputError } from "../../src/errors.ts";
import type { Activation, Head } from "../../src/head.ts";
import type { ScoreOptions } from "../../src/options.ts";
import type { Progress } from "../../src/pace.ts";
import type { Pick } from "../../src/batches/batch.ts";
import type { StrategyName } from "../../src/scores/index.ts";
import golden from "../golden/heads.json" with { type: "json" };
import { engineNames, openReference, openTestEngine } from "../support/engines.ts";
import { someInPages } from "../support/soak.ts";
import {
  beliefsOf,
  bell,
  clearlyBest,
  committeeDefinitions,
  definitions,
  dropoutLogits,
  gradientsOf,
  logitsOf,
  makeHead,
  makePool,
  ordinaryHead,
  scoresOfPasses,
} from "../support/pools.ts";

/** Absolute, in nats, and relative: what the project promises of a float32 score. */
const ABSOLUTE = 2e-6;
const RELATIVE = 1e-5;

// The first test that needs a kernel waits for it: long where a device is software and the machine is busy.
vi.setConfig({ testTimeout: 300_000 });

const plain = Object.keys(definitions) as StrategyName[];
const comparing = Object.keys(committeeDefinitions) as StrategyName[];
/** All that passes give. Asked for together, always: a device compiles a kernel for each set. */
const sampled = [...plain, ...comparing];
const disagreement = comparing.filter((name) => name !== "consensus-entropy");
const activations: Activation[] = ["relu", "gelu", "tanh"];
const layersCounted = ["all", "last"] as const;

/** Features under a head, and how MC dropout is drawn. */
interface HeadPool {
  readonly name: string;
  readonly head: Head;
  readonly rows: number;
  readonly dims: number;
  /** [rows, dims]. */
  readonly data: Float32Array;
  readonly options: { passes: number; dropout: number; seed: number };
}

function headPool(
  name: string,
  head: Head,
  rows: number,
  feature: (row: number, d: number) => number,
  [passes, dropout, seed = 0]: [passes: number, dropout: number, seed?: number] = [3, 0.5],
): HeadPool {
  const dims = head.layers[0].inputs;
  const { data } = makePool(name, rows, dims, feature);
  return { name, head, rows, dims, data, options: { passes, dropout, seed } };
}

const featuresOf = ({ data, dims }: HeadPool, row: number): Float32Array => data.subarray(row * dims, (row + 1) * dims);

const plainScores = (pool: HeadPool, temperature = 1) =>
  scoresOfPasses(1, pool.rows, (_, row) => logitsOf(pool.head, featuresOf(pool, row)), temperature);

/** Of all rows, or of some. */
function dropoutScores(pool: HeadPool, temperature = 1, rowNumbers?: readonly number[]): Record<string, Float64Array> {
  const { passes, dropout: rate, seed } = pool.options;
  const logits = (pass: number, i: number) => {
    const row = rowNumbers?.[i] ?? i;
    return dropoutLogits(pool.head, featuresOf(pool, row), { seed, row, pass, rate });
  };
  return scoresOfPasses(passes, rowNumbers?.length ?? pool.rows, logits, temperature);
}

const judged = new Map<string, { expected: Float64Array; longest: Float64Array }>();

/** Expected gradient length of each row, and the longest over its labels. Slow, so each pool is judged once. */
function gradientScores(
  pool: HeadPool,
  which: "all" | "last",
  temperature = 1,
): { expected: Float64Array; longest: Float64Array } {
  const key = `${pool.name}, ${which}, ${temperature}`;
  const known = judged.get(key);
  if (known) return known;
  const found = { expected: new Float64Array(pool.rows), longest: new Float64Array(pool.rows) };
  for (let row = 0; row < pool.rows; row++) {
    const { lengths, expected } = gradientsOf(pool.head, featuresOf(pool, row), which, temperature);
    found.expected[row] = expected;
    found.longest[row] = Math.max(...lengths);
  }
  judged.set(key, found);
  return found;
}

const ordinary = [
  headPool("relu 16-32-7", ordinaryHead([16, 32, 7], "relu"), 130, bell(1, 1), [5, 0.5, 9]),
  headPool("gelu 7-33-17-5", ordinaryHead([7, 33, 17, 5], "gelu"), 65, bell(2, 1), [3, 0.1]),
  headPool("tanh 5-64-6", ordinaryHead([5, 64, 6], "tanh"), 40, bell(3, 1), [20, 0.25, 4]),
  headPool("gelu 12-8-8-8-20", ordinaryHead([12, 8, 8, 8, 20], "gelu"), 70, bell(4, 1), [8, 0.3]),
  headPool("relu 64-100-40", ordinaryHead([64, 100, 40], "relu"), 33, bell(5, 1), [2, 0.5]),
  headPool("relu 3-5-1", ordinaryHead([3, 5, 1], "relu"), 20, bell(6, 1), [4, 0.9]),
  headPool("relu 5-12-3", ordinaryHead([5, 12, 3], "relu"), 20, bell(7, 1), [33, 0.5]),
  headPool("relu 6-20-300", ordinaryHead([6, 20, 300], "relu"), 12, bell(8, 1), [2, 0.2]),
];
const linear = [
  headPool("linear 7-6", ordinaryHead([7, 6], "relu"), 65, bell(11, 1)),
  headPool("linear 20-33", ordinaryHead([20, 33], "relu"), 40, bell(12, 1)),
  headPool("linear 9-300", ordinaryHead([9, 300], "relu"), 10, bell(13, 1)),
];

/** A whole multiple of 1/8: what heads make of such features and weights is exact in float64, in any order of summing. */
const eighths = (value: number): number => Math.round(value * 8) / 8;
const eighthsHead = (sizes: number[], seed: number): Head =>
  makeHead(sizes, "relu", (l, o, i) => eighths(bell(seed + l, 0.7)(o, i)));

const rows = 160;
const small = ordinaryHead([4, 16, 5], "relu", 81);
const deep = ordinaryHead([4, 7, 8, 5], "gelu", 85);
const hard = [
  headPool("plain relu", small, rows, bell(21, 1), [5, 0.5]),
  headPool("plain gelu", deep, rows, bell(22, 1), [20, 0.25, 3]),
  headPool("plain tanh", ordinaryHead([4, 16, 5], "tanh", 89), rows, bell(23, 1), [33, 0.1, 5]),
  headPool("every row three times", small, rows, (row, d) => bell(24, 1)(Math.floor(row / 3), d), [2, 0.5]),
  headPool(
    "rows 1e-7 apart",
    deep,
    rows,
    (row, d) => (d === 0 ? 0.3 + ((row * 37) % rows) * 1e-7 : 0.2 * d),
    [2, 0.01, 1],
  ),
  headPool("passes that leave nearly all out", ordinaryHead([4, 5, 5], "relu", 105), rows, bell(28, 1), [2, 0.9, 4]),
  headPool(
    "one row beyond float32",
    makeHead([4, 6, 7, 5], "relu", (l, o, i) => bell(101 + l, i < [4, 6, 7][l] ? 1e10 : 0.5)(o, i)),
    rows,
    (row, d) => (row === 17 ? 1e12 : 1e-31) * bell(29, 1)(row, d),
    [5, 0.5, 7],
  ),
  headPool(
    "features that dwarf what tells rows apart",
    makeHead([6, 14, 7, 5], "relu", (l, o, i) => {
      if (l > 0) return bell(117 + l, 0.6)(o, i);
      // Every weight comes twice, with either sign: what 1000 adds cancels, but not what its rounding leaves.
      return i === 6 ? 0.2 : bell(117, 8)(o, i >> 1) * (i % 2 ? -1 : 1);
    }),
    rows,
    (row, d) => 1000 + bell(120, 0.003)(row, d),
    [3, 0.5, 1],
  ),
  headPool("one extreme row", small, rows, (row, d) => (row === 17 ? 3e4 : 1) * bell(25, 1)(row, d), [3, 0.5]),
  // With five units and no biases in the last layer many passes leave all of them out: every logit is exactly 0.
  headPool(
    "votes that tie",
    makeHead([4, 5, 5], "relu", (l, o, i) => (l === 1 && i === 5 ? 0 : eighths(bell(91 + l, 1)(o, i)))),
    rows,
    (row, d) => eighths(bell(26, 1)(row, d)),
    [5, 0.75, 2],
  ),
];

/**
 * Only classes 0 and 1 are ever likely. Where dropout leaves out all but the last hidden unit, once in 32 passes, they
 * differ by ten-millionths, beside sums of 64 that float32 knows to a hundred-thousandth; elsewhere by eighths.
 */
const twins = eighthsHead([4, 6, 5], 95);
const [{ bias: everActive }, { weight: twinWeight, bias: twinBias }] = twins.layers;
everActive.fill(8);
const apart = [-1, 1, -2, 2, -3].map((eighth) => eighth / 8);
for (let j = 0; j < 6; j++) twinWeight[6 + j] = twinWeight[j] + (apart[j] ?? 2 ** -23);
twinWeight.fill(0, 12);
twinBias.set([64, 64, -64, -64, -64]);
hard.push(headPool("votes that hang on 1e-7", twins, rows, (row, d) => eighths(bell(27, 1)(row, d)), [40, 0.5, 6]));

/**
 * A unit's sum is (1 + 2⁻¹⁰)(1 + m·2⁻²⁰) − (1 + 2⁻¹⁰ + 2⁻²⁰) less 0, 1 or 2 times 2⁻³⁰: with m = 1 that is a little above
 * 0, exactly 0, or a little below, and a product rounded to float32 does not tell which. The gradient jumps there.
 */
const kinked = makeHead([6, 15, 5], "relu", (l, o, i) => {
  if (l === 1) return bell(98, 1)(o, i);
  if (i === 6) return -(o % 3) * 2 ** -30;
  return i === o % 5 ? 1 + 2 ** -10 : i === 5 ? -(1 + 2 ** -10 + 2 ** -20) : 0;
});
const kinks = [
  headPool(
    "sure but for 1e-9",
    makeHead([4, 5], "relu", (_, o, i) => (i === 4 && o === 2 ? 20 : bell(37, 0.5)(o, i))),
    rows,
    bell(38, 1),
  ),
  headPool("sums within 2⁻³⁰ of 0", kinked, rows, (row, d) => (d === 5 ? 1 : 1 + ((row >> d) % 3) * 2 ** -20)),
  headPool(
    "sums of exactly 0 in every layer",
    makeHead(
      [5, 6, 6, 5],
      "relu",
      (l, o, i) => (l < 2 && i < 5 ? Math.round(bell(31 + l, 0.7)(o, i)) : 0) / 2 + (l < 2 ? 0 : bell(34, 1)(o, i)),
    ),
    rows,
    (row, d) => Math.round(bell(35, 1)(row, d)),
  ),
];

const whole = (values: number[]) => Float32Array.from(values, (n) => n / golden.unit);

const rowsOf = (picks: readonly Pick[]): number[] => picks.map(({ row }) => row);

/** Fails where a score is further from what it should be than promised; names the worst. `unit` is 1 nat, or more. */
function expectClose(
  values: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  unit: (row: number) => number = () => 1,
): void {
  const excess = Array.from(values, (value, row) => {
    const over = Math.abs(value - expected[row]) - ABSOLUTE * unit(row) - RELATIVE * Math.abs(expected[row]);
    return Number.isNaN(over) ? Infinity : over;
  });
  const worst = excess.indexOf(Math.max(...excess));
  expect(excess[worst], `${what}: row ${worst} is ${values[worst]}, not ${expected[worst]}`).toBeLessThanOrEqual(0);
}

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  const load = ({ head, data, rows: count, dims }: HeadPool) =>
    engine.load({ features: { data, rows: count, dims }, head });
  const scoreAll = async (pool: HeadPool, names: readonly StrategyName[], options: ScoreOptions) => {
    using loaded = await load(pool);
    const all = await loaded.score(names, options);
    return Object.fromEntries(all.map(({ strategy, values }) => [strategy, values]));
  };

  // The frames differ, not the chunks: how a pool is cut is judged elsewhere.
  if (kind === "cpu" || kind.includes("frames"))
    test("scores and picks are PyTorch's, case by case", async () => {
      for (const { name, activation, rows: count, dims, features, layers, plain: given, egl, passes } of someInPages(
        golden.cases,
      )) {
        const head: Head = {
          activation: activation as Activation,
          layers: layers.map(({ outputs, inputs, weight, bias }) => ({
            outputs,
            inputs,
            weight: whole(weight),
            bias: whole(bias),
          })),
        };
        using pool = await engine.load({ features: { data: whole(features), rows: count, dims }, head });
        const judge = async (
          names: readonly StrategyName[],
          { expected, picks }: { expected: Record<string, number[]>; picks: Record<string, number[]> },
          options: ScoreOptions,
        ) => {
          const what = `${name} with ${JSON.stringify(options)}`;
          for (const { strategy, values } of await pool.score(names, options))
            if (expected[strategy]) expectClose(values, expected[strategy], `${strategy} of ${what}`);
          // A pipeline for each strategy and slice is slow to compile where a device is software.
          const ranked = names.filter((n) => expected[n] && (kind === "cpu" || ["egl", "bald", "margin"].includes(n)));
          for (const strategy of ranked) {
            const batch = await pool.select("top-k", { k: picks[strategy].length, strategy, ...options });
            expect(rowsOf(batch.picks), `${strategy} of ${what}`).toEqual(picks[strategy]);
          }
        };
        for (const { temperature, ...answers } of given) await judge(plain, answers, { temperature });
        for (const eglLayers of layersCounted) await judge(["egl"], egl[eglLayers], { eglLayers });
        for (const { expected, picks, ...options } of passes)
          await judge(sampled, { expected, picks } as never, options);
      }
    });

  test.each([...ordinary, ...linear])("is within tolerance: $name", async (pool) => {
    for (const temperature of [1, 0.5]) {
      const expected = plainScores(pool, temperature);
      const scores = await scoreAll(pool, plain, { temperature });
      for (const strategy of plain) expectClose(scores[strategy], expected[strategy], `${strategy} at ${temperature}`);
    }
    for (const eglLayers of layersCounted) {
      for (const temperature of [1, 2]) {
        const { egl } = await scoreAll(pool, ["egl"], { eglLayers, temperature });
        const { expected, longest } = gradientScores(pool, eglLayers, temperature);
        expectClose(egl, expected, `egl of ${eglLayers} at ${temperature}`, (row) => longest[row]);
      }
    }
    if (pool.head.layers.length === 1) return;
    for (const temperature of [1, 2]) {
      const expected = dropoutScores(pool, temperature);
      const scores = await scoreAll(pool, sampled, { ...pool.options, temperature });
      for (const strategy of sampled)
        expectClose(scores[strategy], expected[strategy], `${strategy} with dropout at ${temperature}`);
    }
  });

  test.each(hard)("picks as float64 does: $name", async (pool) => {
    const labelled = [0, 5, 17, 33];
    const left = (row: number): boolean => !labelled.includes(row) || row === 17;
    using loaded = await load(pool);
    const drawn = dropoutScores(pool);
    for (const strategy of comparing) {
      for (const k of strategy === "max-kl" ? [1, 30, rows - 3] : [30]) {
        const options = { k, strategy, labelled: labelled.filter((row) => !left(row)), ...pool.options };
        const { picks, refereed } = await loaded.select("top-k", options);
        expect(rowsOf(picks), `${strategy}, k = ${k}`).toEqual(clearlyBest(drawn[strategy], k, left));
        expect(refereed).toBeGreaterThanOrEqual(k);
      }
    }
    const single = plainScores(pool);
    for (const strategy of ["entropy", "margin"] as const) {
      const { picks } = await loaded.select("top-k", { k: 30, strategy });
      expect(rowsOf(picks), strategy).toEqual(clearlyBest(single[strategy], 30));
    }
  });

  test.each([...hard.filter(({ name }) => name !== "votes that tie"), ...kinks, ...linear])(
    "picks by gradient as float64 does: $name",
    async (pool) => {
      using loaded = await load(pool);
      for (const eglLayers of layersCounted) {
        const { expected } = gradientScores(pool, eglLayers);
        for (const k of [1, Math.min(40, pool.rows)]) {
          const { picks } = await loaded.select("top-k", { k, strategy: "egl", eglLayers });
          expect(rowsOf(picks), eglLayers).toEqual(clearlyBest(expected, k));
          for (const { row, score } of picks)
            expect(Math.abs(score - expected[row])).toBeLessThan(1e-13 * Math.max(1, expected[row]));
        }
      }
    },
  );

  test("gradients beyond float32 of labels that have no chance lose no row", async () => {
    const head = makeHead([3, 4, 5], "relu", (l, o, i) => (i < [3, 4][l] ? 1e14 : 1) * bell(104 + l, 1)(o, i));
    const pool = headPool("no chance", head, 40, (row, d) => 10 ** (-25 - (row % 5)) * bell(106, 1)(row, d));
    const reference = await openReference();
    const [ours, theirs] = [await load(pool), await reference.load({ features: pool, head })];
    const options = { k: pool.rows, strategy: "egl" } as const;
    expect((await ours.select("top-k", options)).picks).toEqual((await theirs.select("top-k", options)).picks);
  });

  test.each(activations)("expected gradient length is what central differences give: %s", async (activation) => {
    const pool = headPool("differences", ordinaryHead([4, 5, 6, 5], activation, 101), 6, bell(41, 1));
    using loaded = await load(pool);
    const step = 1e-5;
    for (const eglLayers of layersCounted) {
      const { picks } = await loaded.select("top-k", { k: pool.rows, strategy: "egl", eglLayers });
      for (const { row, score } of picks) {
        const layers = pool.head.layers.map((layer) => ({
          ...layer,
          weight: Float64Array.from(layer.weight),
          bias: Float64Array.from(layer.bias),
        }));
        const head = { ...pool.head, layers } as unknown as Head;
        const beliefs = () => beliefsOf(logitsOf(head, featuresOf(pool, row)));
        const squares = beliefs().p.map(() => 0);
        for (const { weight, bias } of eglLayers === "all" ? layers : layers.slice(-1)) {
          for (const values of [weight, bias]) {
            for (let i = 0; i < values.length; i++) {
              const value = values[i];
              values[i] = value + step;
              const above = beliefs();
              values[i] = value - step;
              const below = beliefs();
              values[i] = value;
              squares.forEach((_, y) => (squares[y] += ((below.logP[y] - above.logP[y]) / (2 * step)) ** 2));
            }
          }
        }
        const expected = beliefs().p.reduce((sum, p, y) => sum + p * Math.sqrt(squares[y]), 0);
        expect(Math.abs(score / expected - 1), `row ${row}`).toBeLessThan(1e-8);
      }
    }
  });

  test("dropout of 0 leaves passes nothing to disagree about", async () => {
    for (const pool of [ordinary[0], ordinary[1], hard[0], hard[1]]) {
      const options = { passes: 7, dropout: 0, seed: 5 };
      const scores = await scoreAll(pool, sampled, options);
      for (const strategy of disagreement)
        for (const value of scores[strategy]) expect(Math.abs(value), strategy).toBeLessThanOrEqual(ABSOLUTE);
      const single = await scoreAll(pool, plain, {});
      for (const strategy of plain) expectClose(scores[strategy], single[strategy], strategy);
      using loaded = await load(pool);
      const { picks } = await loaded.select("top-k", { k: 4, strategy: "bald", ...options, labelled: [1] });
      expect(picks).toEqual([0, 2, 3, 4].map((row) => ({ row, score: 0 })));
    }
  });

  test("BALD is the mean divergence", async () => {
    for (const pool of hard) {
      const scores = await scoreAll(pool, sampled, pool.options);
      expectClose(scores.bald, scores["kl-divergence"], pool.name);
    }
  });

  // 655 rows of 400 dims are a chunk of the cpu backend; 16384 of any are the most where chunks of a device are small.
  test.each([
    { rows: 700, shorter: 100, sizes: [400, 20, 5] },
    { rows: 17_000, shorter: 16_400, sizes: [3, 6, 5] },
  ])(
    "masks are of a row, a pass and a seed, wherever chunks end: $rows rows",
    async ({ rows: count, shorter, sizes }) => {
      const head = ordinaryHead(sizes, "relu", 111);
      const [long, part] = [count, shorter].map((n) =>
        headPool("", head, n, (row, d) => bell(51, 1)(row % 50, d), [3, 0.5, 8]),
      );
      const [scores, again, fewer] = [
        await scoreAll(long, sampled, long.options),
        await scoreAll(long, sampled, long.options),
        await scoreAll(part, sampled, part.options),
      ];
      expect(again).toEqual(scores);
      for (const strategy of sampled) expect(scores[strategy].subarray(0, shorter), strategy).toEqual(fewer[strategy]);

      const some = Array.from({ length: count }, (_, row) => row).filter((row) => row % 40 === 0 || row >= count - 100);
      const expected = dropoutScores(long, 1, some);
      for (const strategy of sampled) {
        const values = some.map((row) => scores[strategy][row]);
        expectClose(values, expected[strategy], strategy);
      }
      const reference = await openReference();
      const [ours, theirs] = [await load(long), await reference.load({ features: long, head })];
      const options = { k: 50, strategy: "bald", ...long.options } as const;
      expect((await ours.select("top-k", options)).picks).toEqual((await theirs.select("top-k", options)).picks);

      // Equal features, other rows: other masks. Other seeds: others again.
      const differing = scores.bald.filter((score, row) => row >= 50 && score !== scores.bald[row - 50]);
      expect(differing.length).toBeGreaterThan(0.9 * (count - 50));
      const reseeded = await scoreAll(long, sampled, { ...long.options, seed: 9 });
      expect(reseeded.bald.filter((score, row) => score !== scores.bald[row]).length).toBeGreaterThan(0.9 * count);
    },
  );

  test("takes a thousand passes", async () => {
    const pool = headPool("1000 passes", ordinaryHead([4, 6, 5], "relu", 115), 10, bell(55, 1), [1000, 0.5, 1]);
    const [scores, expected] = [await scoreAll(pool, sampled, pool.options), dropoutScores(pool)];
    for (const strategy of sampled) expectClose(scores[strategy], expected[strategy], strategy);
    using loaded = await load(pool);
    for (const strategy of ["bald", "vote-entropy"] as const) {
      const { picks } = await loaded.select("top-k", { k: 9, strategy, ...pool.options });
      expect(rowsOf(picks), strategy).toEqual(clearlyBest(expected[strategy], 9));
    }
  });

  test("gradients are those of the forward pass without dropout, in whatever company", async () => {
    const [pool] = ordinary;
    const { egl } = await scoreAll(pool, ["egl"], {});
    const told: number[] = [];
    const onProgress = ({ rows: done }: Progress) => told.push(done);
    const company = await scoreAll(pool, [...plain, "egl", ...comparing], { ...pool.options, onProgress });
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(pool.rows);
    expectClose(company.egl, egl, "egl");
    const alone = await scoreAll(pool, sampled, pool.options);
    for (const strategy of sampled) expectClose(company[strategy], alone[strategy], strategy);
    using loaded = await load(pool);
    const best = async (options: ScoreOptions) =>
      (await loaded.select("top-k", { k: 20, strategy: "egl", ...options })).picks;
    expect(await best(pool.options)).toEqual(await best({}));
  });

  test("takes the rate that the head was trained with, unless told another", async () => {
    const [pool] = ordinary;
    const trained = { ...pool, head: { ...pool.head, dropout: 0.5 } };
    const { passes, seed } = pool.options;
    const { bald } = await scoreAll(trained, sampled, { passes, seed });
    expect(bald).toEqual((await scoreAll(pool, sampled, { passes, seed, dropout: 0.5 })).bald);
    const { bald: none } = await scoreAll(trained, sampled, { passes, seed, dropout: 0 });
    for (const value of none) expect(value).toBeLessThan(ABSOLUTE);
    // One pass is the deterministic one, whatever the head was trained with.
    expect(await scoreAll(trained, plain, {})).toEqual(await scoreAll(pool, plain, {}));
  });

  test("invalid features are named, or left out, with passes and for gradients alike", async () => {
    const out = [3, 64, 159];
    const broken = { ...hard[0], data: hard[0].data.slice() };
    for (const row of out) broken.data[row * 4 + (row % 4)] = [NaN, Infinity][row % 2];
    using strict = await load(broken);
    const message =
      "features: row 3: column 3 is Infinity, or beyond float32 (and 2 more such rows): correct it, or leave such rows out (invalid: skip)";
    await expect(strict.score(sampled, broken.options)).rejects.toThrow(new InputError(message));
    await expect(strict.select("top-k", { k: 1, strategy: "egl" })).rejects.toThrow(new InputError(message));
    const { head, data, dims } = broken;
    using loaded = await engine.load({ features: { data, rows, dims }, head, invalid: "skip" });
    const left = (row: number): boolean => !out.includes(row) && row !== 5;
    const [drawn, lengths] = [dropoutScores(hard[0]), gradientScores(hard[0], "all").expected];
    for (const { values, invalid } of await loaded.score([...sampled, "egl"], broken.options)) {
      expect(invalid).toBe(3);
      values.forEach((value, row) => expect(Number.isNaN(value)).toBe(out.includes(row)));
    }
    const options = { k: 30, labelled: [5], ...broken.options };
    const [byBald, byEgl] = [
      await loaded.select("top-k", { ...options, strategy: "bald" }),
      await loaded.select("top-k", { ...options, strategy: "egl" }),
    ];
    expect(rowsOf(byBald.picks)).toEqual(clearlyBest(drawn.bald, 30, left));
    expect(rowsOf(byEgl.picks)).toEqual(clearlyBest(lengths, 30, left));
    expect(byEgl.invalid).toBe(3);
  });
});

const features = { data: new Float32Array(12), rows: 3, dims: 4 };
const layer = (inputs: number, outputs: number) => ({
  weight: new Float32Array(inputs * outputs),
  bias: new Float32Array(outputs),
  inputs,
  outputs,
});
const headOf = (...layers: Head["layers"]): Head => ({ layers, activation: "relu" });

describe("what a head is refused for", () => {
  const shapes: [what: string, head: Head, message: string][] = [
    [
      "a first layer for other features",
      headOf(layer(5, 6), layer(6, 2)),
      "head: layer 0: weight [6, 5] does not fit: features have 4 dims",
    ],
    [
      "a second layer that wants more",
      headOf(layer(4, 6), layer(7, 2)),
      "head: layer 1: weight [2, 7] does not fit: layer 0 gives 6",
    ],
    [
      "a last layer that wants less",
      { ...headOf(layer(4, 6), layer(6, 5), layer(3, 2)), name: "model.npz" },
      "model.npz: layer 2: weight [2, 3] does not fit: layer 1 gives 5",
    ],
    [
      "too few weights",
      headOf(layer(4, 6), { ...layer(6, 2), weight: new Float32Array(11) }),
      "head: layer 1: weight [2, 6] needs 12 values, has 11",
    ],
    [
      "too many biases",
      headOf({ ...layer(4, 6), bias: new Float32Array(7) }, layer(6, 2)),
      "head: layer 0: weight [6, 4] needs a bias of 6, has 7",
    ],
    [
      "a weight that is no number",
      headOf(layer(4, 6), { ...layer(6, 2), bias: new Float32Array([0, NaN]) }),
      "head: layer 1 holds NaN at position 1",
    ],
    ["no layers", headOf(), "head: the head has no layers"],
  ];
  test.each(shapes)("%s", async (_, head, message) => {
    await using engine = await openReference();
    await expect(engine.load({ features, head })).rejects.toThrow(new InputError(message));
  });

  const options: [what: string, options: ScoreOptions, message: string][] = [
    ["passes without a rate", { passes: 5 }, "5 passes need dropout: say its rate"],
    ["a rate without passes", { dropout: 0.5 }, "dropout needs more than one pass: say how many passes"],
    ["a rate for one pass", { passes: 1, dropout: 0.5 }, "dropout needs more than one pass: say how many passes"],
    ["a rate of 1", { passes: 5, dropout: 1 }, "dropout must be between 0 and 0.999, got 1"],
    ["a rate below 0", { passes: 5, dropout: -0.1 }, "dropout must be between 0 and 0.999, got -0.1"],
    ["a rate that is no number", { passes: 5, dropout: NaN }, "dropout must be between 0 and 0.999, got NaN"],
    ["no passes", { passes: 0 }, "passes must be a whole number from 1 to 1048576, got 0"],
    ["half a pass", { passes: 2.5, dropout: 0.5 }, "passes must be a whole number from 1 to 1048576, got 2.5"],
    ["gradients of the first layer", { eglLayers: "first" as never }, "eglLayers must be all or last, got first"],
  ];
  test.each(options)("%s", async (_, given, message) => {
    await using engine = await openReference();
    using loaded = await engine.load({ features, head: headOf(layer(4, 6), layer(6, 2)) });
    await expect(loaded.score("entropy", given)).rejects.toThrow(new InputError(message));
    await expect(loaded.select("top-k", { k: 1, strategy: "bald", ...given })).rejects.toThrow(new InputError(message));
  });

  test("dropout where there is no hidden layer", async () => {
    await using engine = await openReference();
    const message = "dropout needs a hidden layer, and the head has none";
    using loaded = await engine.load({ features, head: headOf(layer(4, 2)) });
    await expect(loaded.score("bald", { passes: 5, dropout: 0.5 })).rejects.toThrow(new InputError(`head: ${message}`));
    using named = await engine.load({ features, head: { ...headOf(layer(4, 2)), name: "linear.npz" } });
    await expect(named.score("entropy", { passes: 5, dropout: 0.5 })).rejects.toThrow(
      new InputError(`linear.npz: ${message}`),
    );
  });

  test.each(comparing)("%s in one pass: there is nothing to compare", async (strategy) => {
    await using engine = await openReference();
    using loaded = await engine.load({ features, head: headOf(layer(4, 6), layer(6, 2)) });
    await expect(loaded.score(strategy)).rejects.toThrow(
      new InputError(`features: ${strategy} compares passes, and there is only one: give passes and dropout`),
    );
  });
});
