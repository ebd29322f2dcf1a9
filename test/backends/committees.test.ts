/** Strategies that compare passes, on committees of predictions: against scipy, and against definitions in float64. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Engine } from "../../src/engine.ts";
import type { Members } from "../../src/matrix.ts";
import { InputError } from "../../src/errors.ts";
import type { RowSource } from "../../src/matrix.ts";
import type { Pick } from "../../src/batches/batch.ts";
import { strategies, type StrategyName } from "../../src/scores/index.ts";
import golden from "../golden/committees.json" with { type: "json" };
import { engineNames, openReference, openTestEngine } from "../support/engines.ts";
import { someInPages } from "../support/soak.ts";
import {
  bell,
  clearlyBest,
  committeeDefinitions,
  committeeScores,
  definitions,
  makeCommittee,
  type TestCommittee,
} from "../support/pools.ts";

/** Absolute, in nats, and relative: what the project promises of a float32 score. */
const ABSOLUTE = 2e-6;
const RELATIVE = 1e-5;

// The first test that needs a kernel waits for it: long where a device is software and the machine is busy.
vi.setConfig({ testTimeout: 300_000 });

const comparing = Object.keys(committeeDefinitions) as StrategyName[];
const ranked = [...comparing, ...Object.keys(definitions)] as StrategyName[];
/** What no disagreement gives 0. */
const disagreement = comparing.filter((name) => name !== "consensus-entropy");

/** What members agree on, and how far each strays from it. */
const committee = (seed: number, common: number, stray: number) => (pass: number, row: number, c: number) =>
  bell(seed, common)(row, c) + bell(seed + 1 + pass, stray)(row, c);

const shapes: [passes: number, rows: number, classes: number][] = [
  [2, 65, 3],
  [3, 64, 10],
  [4, 9, 1],
  [5, 40, 16],
  [20, 33, 5],
  [33, 20, 2],
  [8, 30, 33],
  [3, 20, 100],
  [2, 10, 1000],
];
const ordinary = [
  ...shapes.map(([passes, rows, classes]) =>
    makeCommittee(`${passes} passes × ${rows} × ${classes}`, passes, rows, classes, committee(rows, 2.5, 1.5)),
  ),
  makeCommittee("members nearly agree", 5, 60, 6, committee(7, 2, 1e-3)),
  makeCommittee("members shout each other down", 4, 60, 6, (t, row, c) => (c === (t * row) % 6 ? 10 : -c / 7)),
];

/** Rows in an order that has nothing to do with their scores. */
const shuffled = (row: number, rows: number): number => (row * 37) % rows;
const rows = 180;
/** The next float32 above 1.2345 and the next below are this far away. */
const HAIR = 2 ** -23;

/** All of at most 8 classes, so that a device compiles each strategy once for all of them. */
const hard = [
  makeCommittee("plain", 20, rows, 5, committee(51, 1.5, 1)),
  makeCommittee("every row three times", 3, rows, 5, (t, row, c) => committee(52, 1, 1)(t, Math.floor(row / 3), c)),
  makeCommittee("rows 1e-7 apart", 2, rows, 5, (t, row, c) =>
    c === 0 && t === 0 ? 0.3 + shuffled(row, rows) * 1e-7 : [0.1, -0.2, 0.4, 0.25, -0.3][(c + 2 * t) % 5],
  ),
  ...[5, 33].map((passes) =>
    makeCommittee(`votes tie among many rows, ${passes} passes`, passes, rows, 5, (t, row, c) => {
      const vote = (Math.floor((t * (1 + (row % 7))) / 4) * (row % 3)) % 5;
      return (c === vote ? 2 : 0) + bell(53 + t, 0.2)(row, c);
    }),
  ),
  makeCommittee("a hair between the top two", 5, rows, 5, (t, row, c) =>
    c < 2 ? 1.2345 + (((row >> t) + t + c * row) % 3) * HAIR : bell(60 + t, 0.5)(row, c) - 1,
  ),
  makeCommittee("logits that a device may take for 0", 40, rows, 5, (t, row, c) =>
    c < 2 ? ((row + t * c) % 4) * 1e-41 : bell(45 + (t % 5), 0.5)(row, c) - 2,
  ),
  makeCommittee("one extreme row", 5, rows, 5, (t, row, c) =>
    row === 17 ? (c === t % 3 ? 300 : -300) : committee(66, 1, 1)(t, row, c),
  ),
  makeCommittee("rows with the passes of others in another order", 5, rows, 5, (t, row, c) =>
    committee(70, 1, 1)((t * (1 + (row % 4)) + row) % 5, Math.floor(row / 4), c),
  ),
  makeCommittee("few rows that are not of one mind", 3, rows, 5, (t, row, c) =>
    committee(76, 1, row % 12 === 5 ? 0.5 : 0)(t, row, c),
  ),
];
/** What only other frames read. */
const wide = [
  makeCommittee("40 classes", 3, 60, 40, (t, row, c) => committee(81, 1, 0.5)(t, row >> 1, c)),
  makeCommittee("600 classes", 2, 40, 600, (t, row, c) => committee(85, 1, 0.5)(t, row >> 1, c)),
];

const rowsOf = (picks: readonly Pick[]): number[] => picks.map(({ row }) => row);

/** Fails where a score is further from what it should be than promised; names the worst. */
function expectClose(values: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const excess = Array.from(values, (value, row) => {
    const over = Math.abs(value - expected[row]) - ABSOLUTE - RELATIVE * Math.abs(expected[row]);
    return Number.isNaN(over) ? Infinity : over;
  });
  const worst = excess.indexOf(Math.max(...excess));
  expect(excess[worst], `${what}: row ${worst} is ${values[worst]}, not ${expected[worst]}`).toBeLessThanOrEqual(0);
}

const plogp = (values: Iterable<number>) => [...values].reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0);

/** The members of a committee, each by itself. */
const membersOf = ({ passes, rows: count, classes, data }: TestCommittee) =>
  Array.from({ length: passes }, (_, t) => ({
    data: data.slice(t * count * classes, (t + 1) * count * classes),
    rows: count,
    classes,
  }));

/** A healthy committee with some values replaced. */
const spoil = (...faults: (readonly [pass: number, row: number, c: number, value: number])[]): TestCommittee => {
  const pool = makeCommittee("spoiled", 3, 200, 5, committee(41, 1, 1));
  for (const [pass, row, c, value] of faults) pool.data[(pass * 200 + row) * 5 + c] = value;
  return pool;
};

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  const scoreAll = async (logits: Members, names = ranked, temperature = 1) => {
    using loaded = await engine.load({ logits });
    const all = await loaded.score(names, { temperature });
    return Object.fromEntries(all.map(({ strategy, values }) => [strategy, values]));
  };

  // The frames differ, not the chunks: how a pool is cut is judged elsewhere.
  if (kind === "cpu" || kind.includes("frames"))
    test("scores and picks are scipy's, case by case", async () => {
      for (const { name, kind: holds, passes, rows: count, classes, unit, data, answers } of someInPages(golden)) {
        const predictions = { data: Float32Array.from(data, (n) => n / unit), passes, rows: count, classes };
        using pool = await engine.load(holds === "logits" ? { logits: predictions } : { probabilities: predictions });
        for (const { temperature, expected, picks } of answers) {
          const names = Object.keys(expected) as (StrategyName & keyof typeof expected)[];
          for (const { strategy, values } of await pool.score(names, { temperature }))
            expectClose(values, expected[strategy as keyof typeof expected], `${name}, ${temperature}: ${strategy}`);
          // A pipeline for each strategy and slice is slow to compile where a device is software.
          for (const strategy of kind === "cpu" ? names : (["bald"] as const)) {
            const batch = await pool.select("top-k", { k: picks[strategy].length, strategy, temperature });
            expect(rowsOf(batch.picks), `${name}, ${temperature}: ${strategy}`).toEqual(picks[strategy]);
          }
        }
      }
    });

  test.each(ordinary)("is within tolerance, bounds and range: $name", async (pool) => {
    for (const temperature of [1, 0.3, 4]) {
      const scores = await scoreAll(pool, ranked, temperature);
      const expected = committeeScores(pool, temperature);
      for (const strategy of ranked) {
        expectClose(scores[strategy], expected[strategy], `${strategy} at ${temperature}`);
        const { bound, range } = strategies.find(({ name }) => name === strategy)!;
        // The longest chain of additions of any frame is one a class, and then one a pass.
        const limit = bound(pool.classes, Math.max(32, pool.classes) + pool.passes, pool.passes) + 2 ** -23;
        const [low, high] = range(pool.classes, pool.passes);
        scores[strategy].forEach((score, row) => {
          const error = Math.abs(score - expected[strategy][row]);
          if (!(error <= limit && score >= low - ABSOLUTE && score <= high + ABSOLUTE))
            expect.fail(`${strategy} of row ${row} is ${score}: off by ${error}`);
        });
      }
    }
  });

  test.each(hard)("picks as float64 does: $name", async (pool) => {
    const labelled = [0, 5, 17, 33];
    using loaded = await engine.load({ logits: pool });
    for (const temperature of pool.name.startsWith("a hair") ? [1, 0.3, 3] : [1]) {
      const expected = committeeScores(pool, temperature);
      for (const strategy of someInPages(ranked)) {
        for (const k of strategy === "max-kl" ? [1, 40, rows - 4] : [40]) {
          const best = clearlyBest(expected[strategy], k, (row) => !labelled.includes(row));
          const { picks, refereed } = await loaded.select("top-k", { k, strategy, temperature, labelled });
          expect(rowsOf(picks), `${strategy} at ${temperature}, k = ${k}`).toEqual(best);
          for (const { row, score } of picks) expect(Math.abs(score - expected[strategy][row])).toBeLessThan(1e-13);
          expect(refereed).toBeGreaterThanOrEqual(k);
        }
      }
    }
  });

  test.each(wide)("picks as float64 does: $name", async (pool) => {
    using loaded = await engine.load({ logits: pool });
    const expected = committeeScores(pool);
    for (const strategy of ["bald", "max-kl", "vote-entropy"] as const) {
      const { picks } = await loaded.select("top-k", { k: 15, strategy });
      expect(rowsOf(picks), strategy).toEqual(clearlyBest(expected[strategy], 15));
    }
  });

  test("picks of probabilities as float64 does, zeros and duplicates among them", async () => {
    const weights = makeCommittee("", 4, rows, 6, (t, row, c) =>
      (row + c + t) % 5 === 0 ? -Infinity : committee(91, 1, 0.7)(t, row % 150, c),
    );
    // Whole shares of 2²⁰ that sum to exactly 1.
    const data = new Float32Array(weights.data.length);
    for (let at = 0; at < data.length; at += 6) {
      const raw = [...weights.data.subarray(at, at + 6)].map(Math.exp);
      const sum = raw.reduce((a, b) => a + b, 0);
      const shares = raw.map((value) => Math.floor((value / sum) * 2 ** 20));
      const rest = 2 ** 20 - shares.reduce((a, b) => a + b, 0);
      shares[shares.indexOf(Math.max(...shares))] += rest;
      data.set(
        shares.map((share) => share / 2 ** 20),
        at,
      );
    }
    using loaded = await engine.load({ probabilities: { data, passes: 4, rows, classes: 6 } });
    const asLogits = makeCommittee("", 4, rows, 6, () => 0);
    const logs = Float64Array.from(data, Math.log);
    for (const temperature of [1, 2]) {
      const expected = committeeScores({ ...asLogits, data: logs as unknown as Float32Array }, temperature);
      for (const { strategy, values } of await loaded.score(ranked, { temperature }))
        expectClose(values, expected[strategy], `${strategy} at ${temperature}`);
      for (const strategy of kind === "cpu" ? comparing : (["bald", "vote-entropy"] as const)) {
        const { picks } = await loaded.select("top-k", { k: 20, strategy, temperature });
        expect(rowsOf(picks), `${strategy} at ${temperature}`).toEqual(clearlyBest(expected[strategy], 20));
      }
    }
  });

  test("takes probabilities as they are, also where they miss 1 by a little", async () => {
    const data = new Float32Array([0.5, 0.3, 0.2005, 0, 0, 0.1, 0.2, 0.6995, 0, 0]);
    using loaded = await engine.load({ probabilities: { data, passes: 2, rows: 1, classes: 5 } });
    const means = [0, 1, 2].map((c) => (data[c] + data[5 + c]) / 2);
    const divergence = (t: number) =>
      means.reduce((sum, mean, c) => sum + data[5 * t + c] * Math.log(data[5 * t + c] / mean), 0);
    const deviation = means.reduce((sum, _, c) => sum + Math.abs(data[c] - data[5 + c]) / 2, 0) / 5;
    const expected: Partial<Record<StrategyName, number>> = {
      entropy: -plogp(means),
      bald: plogp(data) / 2 - plogp(means),
      "max-kl": Math.max(divergence(0), divergence(1)),
      "mean-std": deviation,
    };
    for (const { strategy, values } of await loaded.score(ranked))
      if (strategy in expected) expectClose(values, [expected[strategy]!], strategy);
  });

  test("gives the very picks of the cpu backend for any small committee, however much it ties", async () => {
    const reference = await openReference();
    const sizes = fc.record({
      passes: fc.integer({ min: 2, max: 6 }),
      rows: fc.integer({ min: 1, max: 20 }),
      // Five classes on a device: the kernels are there already.
      classes: fc.integer({ min: kind === "cpu" ? 1 : 5, max: 5 }),
    });
    const halves = fc.integer({ min: -4, max: 4 }).map((n) => n / 2);
    const any = sizes.chain((size) => {
      const length = size.passes * size.rows * size.classes;
      return fc.record({
        size: fc.constant(size),
        values: fc.array(halves, { minLength: length, maxLength: length }),
        strategy: fc.constantFrom(...ranked),
        pickOf: fc.nat(),
      });
    });
    await fc.assert(
      fc.asyncProperty(any, async ({ size, values, strategy, pickOf }) => {
        const logits = { ...size, data: Float32Array.from(values) };
        using ours = await engine.load({ logits });
        using theirs = await reference.load({ logits });
        const k = 1 + (pickOf % size.rows);
        const { picks } = await ours.select("top-k", { k, strategy });
        expect(picks).toEqual((await theirs.select("top-k", { k, strategy })).picks);
        const expected = committeeScores({ name: "any", ...logits })[strategy];
        const least = Math.min(...picks.map(({ row }) => expected[row]));
        expected.forEach((score, row) => {
          if (!rowsOf(picks).includes(row)) expect(score).toBeLessThan(least + 1e-14);
        });
      }),
      { numRuns: kind === "cpu" ? 300 : 30, seed: 5 },
    );
  });

  test("members of one mind disagree about nothing", async () => {
    const alike = makeCommittee("alike", 7, 70, 6, (_, row, c) => bell(3, 3)(row, c));
    const [alone] = membersOf(alike);
    for (const temperature of [1, 0.7]) {
      const scores = await scoreAll(alike, ranked, temperature);
      for (const strategy of disagreement)
        for (const value of scores[strategy]) expect(Math.abs(value), strategy).toBeLessThanOrEqual(ABSOLUTE);
      const single = await scoreAll(alone, Object.keys(definitions) as StrategyName[], temperature);
      for (const strategy of Object.keys(definitions)) expectClose(scores[strategy], single[strategy], strategy);
    }
    // Scores that are all 0 tie: the lowest rows are picked.
    using loaded = await engine.load({ logits: alike });
    for (const strategy of disagreement) {
      const { picks } = await loaded.select("top-k", { k: 5, strategy, labelled: [1] });
      expect(picks, strategy).toEqual([0, 2, 3, 4, 5].map((row) => ({ row, score: 0 })));
    }
  });

  test("BALD is the mean divergence, and consensus entropy is entropy", async () => {
    for (const pool of [...hard, ...wide]) {
      const scores = await scoreAll(pool);
      expectClose(scores.bald, scores["kl-divergence"], pool.name);
      expect(scores["consensus-entropy"]).toEqual(scores.entropy);
    }
    using loaded = await engine.load({ logits: hard[0] });
    const exact = async (strategy: StrategyName) => (await loaded.select("top-k", { k: rows, strategy })).picks;
    const [bald, divergence] = [await exact("bald"), await exact("kl-divergence")];
    expect(rowsOf(bald)).toEqual(rowsOf(divergence));
    bald.forEach(({ score }, i) => expect(Math.abs(score - divergence[i].score)).toBeLessThan(1e-14));
  });

  test("the order of the passes changes nothing", async () => {
    for (const pool of [...hard.slice(0, 6), wide[0]]) {
      const members = membersOf(pool);
      const turned = members.map((_, t) => members[(t * (pool.passes % 2 ? 2 : 3) + 1) % pool.passes]);
      const [before, after] = [await scoreAll(pool), await scoreAll(turned)];
      for (const strategy of ranked) expectClose(after[strategy], before[strategy], `${strategy} of ${pool.name}`);
      if (pool === wide[0]) continue;
      using one = await engine.load({ logits: pool });
      using other = await engine.load({ logits: turned });
      for (const strategy of ranked) {
        const options = { k: 30, strategy };
        const [a, b] = [await one.select("top-k", options), await other.select("top-k", options)];
        expect(rowsOf(b.picks), `${strategy} of ${pool.name}`).toEqual(rowsOf(a.picks));
      }
    }
  });

  test("members may come as one array, one by one, or in groups, from memory or a source", async () => {
    const [pool] = hard;
    const [first, second, third, ...others] = membersOf(pool);
    const source: RowSource = {
      name: "slow rows",
      rows,
      cols: 5,
      async read(start, count, into) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        into.set(second.data.subarray(start * 5, (start + count) * 5));
      },
    };
    const rest = { data: pool.data.subarray(3 * rows * 5), passes: others.length, rows, classes: 5 };
    const whole = await scoreAll(pool);
    expect(await scoreAll([first, second, third, ...others])).toEqual(whole);
    expect(await scoreAll([first, source, third, rest])).toEqual(whole);
  });

  test("a row's scores do not depend on the rows around it", async () => {
    // Many chunks where they are small.
    const many = makeCommittee("many", 3, 5000, 5, (t, row, c) => committee(95, 1, 1)(t, (row * 7) % 600, c));
    const few = makeCommittee("few", 3, 600, 5, committee(95, 1, 1));
    const [scores, alone] = [await scoreAll(many), await scoreAll(few)];
    for (const strategy of ranked) {
      const differs = scores[strategy].findIndex((score, row) => score !== alone[strategy][(row * 7) % 600]);
      expect(differs, strategy).toBe(-1);
    }
    // Rows 600 and further repeat earlier ones, and lose every tie.
    using loaded = await engine.load({ logits: many });
    const first = committeeScores(few);
    for (const strategy of ["bald", "mean-std"] as const) {
      const expected = Float64Array.from({ length: 5000 }, (_, row) => first[strategy][(row * 7) % 600]);
      const { picks } = await loaded.select("top-k", { k: 60, strategy });
      expect(rowsOf(picks)).toEqual(clearlyBest(expected, 60));
    }
  });

  test("takes a thousand passes", async () => {
    const pool = makeCommittee("1000 passes", 1000, 12, 3, (t, row, c) => committee(97, 1, 1)(t, row % 9, c));
    const [scores, expected] = [await scoreAll(pool), committeeScores(pool)];
    for (const strategy of ranked) expectClose(scores[strategy], expected[strategy], strategy);
    using loaded = await engine.load({ logits: pool });
    for (const strategy of ["bald", "vote-entropy"] as const) {
      const { picks } = await loaded.select("top-k", { k: 11, strategy });
      expect(rowsOf(picks), strategy).toEqual(clearlyBest(expected[strategy], 11));
    }
  });

  test("one pass is a plain model", async () => {
    const pool = makeCommittee("one pass", 1, rows, 5, (_, row, c) => bell(99, 2)(row >> 1, c));
    using loaded = await engine.load({ logits: pool });
    const expected = committeeScores(pool);
    for (const strategy of Object.keys(definitions) as StrategyName[]) {
      const { picks } = await loaded.select("top-k", { k: 40, strategy });
      expect(rowsOf(picks), strategy).toEqual(clearlyBest(expected[strategy], 40));
    }
  });

  describe("invalid rows", () => {
    const remedy = "correct it, or leave such rows out (invalid: skip)";

    test("are named with pass, row and class, the first of them", async () => {
      using loaded = await engine.load({ logits: spoil([0, 151, 3, Infinity], [2, 17, 1, NaN], [1, 190, 0, NaN]) });
      const message = `logits: pass 2: row 17: class 1 is NaN (and 2 more such rows): ${remedy}`;
      await expect(loaded.score(ranked)).rejects.toThrow(new InputError(message));
      await expect(loaded.select("top-k", { k: 1, strategy: "max-kl" })).rejects.toThrow(new InputError(message));
    });

    test("count once, however many passes they are in", async () => {
      using loaded = await engine.load({ logits: spoil([1, 64, 0, NaN], [2, 64, 3, -Infinity]) });
      const message = `logits: pass 1: row 64: class 0 is NaN: ${remedy}`;
      await expect(loaded.score(ranked)).rejects.toThrow(new InputError(message));
    });

    test("are named by member where members came one by one", async () => {
      const members: (RowSource | Members)[] = membersOf(spoil([2, 199, 2, NaN]));
      using loaded = await engine.load({ logits: members as Members });
      await expect(loaded.score(ranked)).rejects.toThrow(
        new InputError(`logits[2]: row 199: class 2 is NaN: ${remedy}`),
      );
      const name = "third.npy";
      const read = (start: number, count: number, into: Float32Array) => {
        into.set(spoil([2, 7, 2, -Infinity]).data.subarray((400 + start) * 5, (400 + start + count) * 5));
      };
      using named = await engine.load({
        logits: [...members.slice(0, 2), { name, rows: 200, cols: 5, read }] as Members,
      });
      await expect(named.score(ranked)).rejects.toThrow(
        new InputError(`third.npy: row 7: class 2 is -Infinity, or beyond float32: ${remedy}`),
      );
    });

    test("are no probabilities, in whichever pass", async () => {
      const data = new Float32Array(3 * 70 * 5).fill(0.2);
      data[(2 * 70 + 66) * 5] = 0.3;
      using loaded = await engine.load({ probabilities: { data, passes: 3, rows: 70, classes: 5 } });
      await expect(loaded.score(ranked)).rejects.toThrow(
        new InputError(`probabilities: pass 2: row 66: its probabilities sum to 1.1: ${remedy}`),
      );
    });

    test("are left out and counted under skip, however far apart the passes", async () => {
      // More passes and rows than a device takes at once.
      const healthy = makeCommittee("healthy", 40, 600, 5, committee(41, 1, 1));
      const expected = committeeScores(healthy);
      const out = [0, 64, 65, 130, 511, 512, 599];
      const pool = { ...healthy, data: healthy.data.slice() };
      out.forEach((row, i) => {
        pool.data[(((i * 17) % 40) * 600 + row) * 5 + (row % 5)] = [NaN, Infinity, -Infinity][i % 3];
      });
      pool.data[(39 * 600 + 64) * 5] = NaN;
      using loaded = await engine.load({ logits: pool, invalid: "skip" });
      const left = (row: number): boolean => !out.includes(row) && row !== 3;
      for (const { strategy, values, invalid } of await loaded.score(ranked)) {
        expect(invalid).toBe(out.length);
        values.forEach((value, row) => expect(Number.isNaN(value)).toBe(out.includes(row)));
        const close = values.map((value, row) => (out.includes(row) ? expected[strategy][row] : value));
        expectClose(close, expected[strategy], strategy);
      }
      for (const strategy of ["bald", "max-kl", "variation-ratio"] as const) {
        const batch = await loaded.select("top-k", { k: 30, strategy, labelled: [3] });
        expect(batch.invalid).toBe(out.length);
        expect(rowsOf(batch.picks)).toEqual(clearlyBest(expected[strategy], 30, left));
      }
    });
  });
});

const predictions = (passes: number, count = 4, classes = 3) => ({
  data: new Float32Array(passes * count * classes),
  passes,
  rows: count,
  classes,
});

describe("what a committee is refused for", () => {
  test.each(comparing)("%s of one pass: there is nothing to compare", async (strategy) => {
    await using engine = await openReference();
    const message = `${strategy} compares passes, and there is only one: give predictions [passes, rows, classes], or several members`;
    using loaded = await engine.load({ logits: predictions(1) });
    await expect(loaded.score(strategy)).rejects.toThrow(new InputError(`logits: ${message}`));
    await expect(loaded.select("top-k", { k: 1, strategy })).rejects.toThrow(new InputError(`logits: ${message}`));
    using member = await engine.load({ probabilities: [predictions(1)] });
    await expect(member.score(["entropy", strategy])).rejects.toThrow(new InputError(`probabilities[0]: ${message}`));
  });

  const refused: [what: string, logits: unknown, message: string][] = [
    [
      "other rows",
      [predictions(1), predictions(1, 5)],
      "logits[1]: 5 × 3 beside logits[0] with 4 × 3: members must agree on rows and classes",
    ],
    [
      "other classes",
      [predictions(2), predictions(1), predictions(1, 4, 2)],
      "logits[2]: 4 × 2 beside logits[0] with 4 × 3: members must agree on rows and classes",
    ],
    ["no members", [], "logits: a committee needs members"],
    [
      "passes that the data has not",
      { ...predictions(2), passes: 3 },
      "logits: 3 passes × 4 × 3 needs 36 values, data has 24",
    ],
    ["no passes", { ...predictions(2), passes: 0 }, "logits: passes must be a whole number of at least 1, got 0"],
    [
      "half a pass",
      [{ ...predictions(1), passes: 0.5 }],
      "logits[0]: passes must be a whole number of at least 1, got 0.5",
    ],
  ];
  test.each(refused)("%s", async (_, logits, message) => {
    await using engine = await openReference();
    await expect(engine.load({ logits: logits as Members })).rejects.toThrow(new InputError(message));
  });

  test("passes and dropout, which belong to a head", async () => {
    await using engine = await openReference();
    using loaded = await engine.load({ logits: predictions(2) });
    for (const options of [{ passes: 5 }, { dropout: 0.5 }, { passes: 5, dropout: 0 }])
      await expect(loaded.score("bald", options)).rejects.toThrow(
        new InputError("passes and dropout need features with a head: predictions have theirs"),
      );
  });

  test("egl, which needs a head", async () => {
    await using engine = await openReference();
    using loaded = await engine.load({ probabilities: predictions(2) });
    const message = "probabilities: egl needs the gradients of a head: load features with a head";
    await expect(loaded.score("egl")).rejects.toThrow(new InputError(message));
    await expect(loaded.select("top-k", { k: 1, strategy: "egl" })).rejects.toThrow(new InputError(message));
  });
});
