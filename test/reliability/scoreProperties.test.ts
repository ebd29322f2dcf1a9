/** What must be true of every strategy's scores, whatever the pool. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Engine } from "../../src/engine.ts";
import type { PoolData } from "../../src/index.ts";
import { strategies } from "../../src/scores/index.ts";
import type { Strategy } from "../../src/strategy.ts";
import { openTestEngine } from "../support/engines.ts";
import { short } from "../support/soak.ts";
import { hold } from "./support/hold.ts";
import {
  anyWorld,
  changed,
  committeeOf,
  givenFor,
  hasTiedVotes,
  oneShape,
  reclassed,
  reordered,
  shuffled,
  withOrder,
} from "./support/worlds.ts";

vi.setConfig({ testTimeout: short(60_000, 4 * 3_600_000) });

/** Absolute, in nats, and relative: what the project promises of a float32 score. */
const ABSOLUTE = 2e-6;
const RELATIVE = 1e-5;
/** A head's logits are rounded to float32 themselves. */
const OF_A_HEAD = 1e-4;

/** What depends on the number of a row, and on nothing that the row holds. */
const isDrawn = ({ name }: Strategy): boolean => name === "random";

describe.each([
  ["cpu", anyWorld, 1],
  ["webgpu, frames for software", oneShape, 0.1],
] as const)("%s", (kind, worlds, share) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  const scored = async (data: PoolData, { name }: Strategy, options = {}): Promise<Float32Array> => {
    using pool = await engine.load(data);
    return (await pool.score(name as never, options)).values;
  };
  const exactly = async (data: PoolData, { name }: Strategy, k: number): Promise<number[]> => {
    using pool = await engine.load(data);
    return (await pool.select("top-k", { k, strategy: name as never })).picks.map(({ score }) => score);
  };

  test("range: no score is outside of what its strategy says", () =>
    hold(
      "range",
      worlds,
      async (world) => {
        for (const strategy of strategies) {
          const given = givenFor(strategy, world);
          const passes = "logits" in given ? given.logits.passes : 1;
          const [low, high] = strategy.range(world.classes, passes);
          for (const value of await scored(given, strategy)) {
            expect(value, strategy.name).toBeGreaterThanOrEqual(low - ABSOLUTE);
            expect(value, strategy.name).toBeLessThanOrEqual(high + ABSOLUTE + RELATIVE * high);
          }
          for (const value of await exactly(given, strategy, world.rows)) {
            expect(value, strategy.name).toBeGreaterThanOrEqual(low - 1e-12);
            expect(value, strategy.name).toBeLessThanOrEqual(high + 1e-12);
          }
        }
      },
      share,
    ));

  test("rows: a score goes with its row, to the bit", () =>
    hold(
      "rows",
      withOrder(worlds),
      async ({ world, order }) => {
        for (const strategy of strategies) {
          const given = givenFor(strategy, world);
          const [before, after] = [await scored(given, strategy), await scored(reordered(given, order), strategy)];
          const expected = isDrawn(strategy) ? before : before.map((_, row) => before[order[row]]);
          expect(after, strategy.name).toEqual(expected);
        }
      },
      share,
    ));

  test("classes: what they are called changes nothing", () =>
    hold(
      "classes",
      worlds.chain((world) => shuffled(world.classes).map((order) => ({ world, order }))),
      async ({ world, order }) => {
        for (const strategy of strategies) {
          const given = givenFor(strategy, world);
          if (strategy.needs === "votes" && hasTiedVotes(given)) continue; // the first of them has the vote
          const before = await scored(given, strategy);
          expectClose(await scored(reclassed(given, order), strategy), before, strategy);
        }
      },
      share,
    ));

  test("shift: a constant added to a pass of a row changes nothing, to the bit", () =>
    hold(
      "shift",
      fc.tuple(worlds, fc.integer({ min: -65_536, max: 65_536 })),
      async ([world, most]) => {
        for (const strategy of strategies.filter(({ needs }) => needs !== "gradients")) {
          const given = givenFor(strategy, world, committeeOf);
          if (!("logits" in given)) throw new Error("a committee has logits");
          const { data, classes } = given.logits;
          const shifted = changed(
            given,
            (at) => data[at] + ((Math.floor(at / classes) * 7919) % (Math.abs(most) + 1)) * Math.sign(most),
          );
          expect(await scored(shifted, strategy), strategy.name).toEqual(await scored(given, strategy));
        }
      },
      share,
    ));

  test("shift: a constant added to every bias of the last layer changes nothing", () =>
    hold(
      "shift",
      fc.tuple(worlds, fc.integer({ min: -32, max: 32 })),
      async ([world, shift]) => {
        for (const strategy of strategies.filter(({ needs }) => needs === "gradients")) {
          const given = givenFor(strategy, world);
          if (!("head" in given)) throw new Error("gradients are of a head");
          const { layers } = given.head;
          const last = { ...layers.at(-1)!, bias: layers.at(-1)!.bias.map((b) => b + shift) };
          const shifted = { ...given, head: { ...given.head, layers: [...layers.slice(0, -1), last] } };
          expectClose(await scored(shifted, strategy), await scored(given, strategy), strategy);
        }
      },
      share,
    ));

  test("temperature: dividing by it is what it does; by a power of two, to the bit", () =>
    hold(
      "temperature",
      fc.tuple(worlds, fc.constantFrom(0.25, 0.5, 2, 8)),
      async ([world, temperature]) => {
        for (const strategy of strategies.filter(({ needs }) => needs !== "gradients")) {
          const given = givenFor(strategy, world, committeeOf);
          if (!("logits" in given)) throw new Error("a committee has logits");
          const divided = changed(given, (at) => given.logits.data[at] / temperature);
          expect(await scored(divided, strategy), strategy.name).toEqual(
            await scored(given, strategy, { temperature }),
          );
        }
      },
      share,
    ));

  test("probabilities: a softmax taken beforehand gives the same scores", () =>
    hold(
      "probabilities",
      worlds,
      async (world) => {
        for (const strategy of strategies.filter(({ needs }) => needs !== "gradients")) {
          const given = givenFor(strategy, world);
          if (!("logits" in given)) throw new Error("a committee has logits");
          const { logits } = given;
          const { data, classes } = logits;
          const probabilities = Float32Array.from(data, (z, at) => {
            const row = data.subarray(at - (at % classes)).subarray(0, classes);
            const top = Math.max(...row);
            return Math.exp(z - top) / row.reduce((sum, other) => sum + Math.exp(other - top), 0);
          });
          const direct = { probabilities: { ...logits, data: probabilities } };
          if (strategy.needs === "votes" && hasTiedVotes({ logits: direct.probabilities })) continue; // by rounding
          expectClose(await scored(direct, strategy), await scored(given, strategy), strategy);
        }
      },
      share,
    ));

  test("duplicates: rows that are equal score the same, to the bit", () =>
    hold(
      "duplicates",
      worlds,
      async (world) => {
        const twice = [...Array(world.rows).keys()].flatMap((row) => [row, row % 3, row]);
        for (const strategy of strategies.filter((one) => !isDrawn(one))) {
          const given = reordered(givenFor(strategy, world), twice);
          const values = await scored(given, strategy);
          const first = new Map<number, number>();
          values.forEach((value, i) => {
            if (!first.has(twice[i])) first.set(twice[i], value);
            expect(value, strategy.name).toBe(first.get(twice[i]));
          });
        }
      },
      share,
    ));
});

/** Of a head to what its float32 logits are good for. */
function expectClose(values: Float32Array, expected: Float32Array, { name, needs }: Strategy): void {
  const [absolute, relative] = needs === "gradients" ? [OF_A_HEAD, OF_A_HEAD] : [2 * ABSOLUTE, 2 * RELATIVE];
  values.forEach((value, row) => {
    const error = Math.abs(value - expected[row]);
    expect(error, `${name} of row ${row}`).toBeLessThanOrEqual(absolute + relative * Math.abs(expected[row]));
  });
}
