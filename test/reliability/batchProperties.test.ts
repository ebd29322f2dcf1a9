/** What must be true of every batch rule's picks, whatever the pool. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { BatchRule } from "../../src/batches/batch.ts";
import { batches, batchNames, type BatchName } from "../../src/batches/index.ts";
import type { Engine } from "../../src/engine.ts";
import type { Batch, Features, PoolData, SelectOptions, StrategyName } from "../../src/index.ts";
import { randomBits, streams } from "../../src/random.ts";
import { strategies } from "../../src/scores/index.ts";
import { openTestEngine } from "../support/engines.ts";
import { bell, makePool } from "../support/pools.ts";
import { short } from "../support/soak.ts";
import { hold } from "./support/hold.ts";
import {
  anyWorld,
  embeddingsOf,
  fineCommitteeOf,
  headedOf,
  reordered,
  rowsOf,
  withOrder,
  type World,
} from "./support/worlds.ts";

vi.setConfig({ testTimeout: short(60_000, 4 * 3_600_000) });

/**
 * Rules that draw by row number, and what is true of their picks when rows change places all the same. A rule that is not
 * here picks by what rows hold, ties aside, and its picks go with their rows.
 */
const drawn: Partial<Record<BatchName, "noise" | "first" | "clusters">> = {
  power: "noise", // a row's score is that of what it holds and the noise of its number
  badge: "first", // the first pick is not drawn
  kmeans: "clusters", // where clusters are far apart, every draw begins with one row of each
  typiclust: "clusters",
  "cluster-margin": "clusters",
};
const byValue = batches.filter(({ name }) => !(name in drawn));

/** Rules that never pick what is where a pick is while there is a row that is not. `alpha` leaves scores out of it. */
const spreading: readonly { name: BatchName; alpha?: number }[] = [
  { name: "k-center" },
  { name: "hybrid", alpha: 0 },
  { name: "badge" },
];

/** As many combinations of labels as are enumerated soon, and sampled by the last picks. */
const SLOW: Partial<Record<BatchName, number>> = { batchbald: 7 };
const mostOf = ({ name }: BatchRule<BatchName>, rows: number): number => Math.min(rows, SLOW[name] ?? rows);

/** Scores that come of what rows hold. */
const anyStrategy = fc.constantFrom(...strategies.map(({ name }) => name).filter((name) => name !== "random"));

const dataFor = (world: World, strategy: StrategyName): PoolData => ({
  ...(strategy === "egl" ? headedOf(world) : fineCommitteeOf(world)),
  ...embeddingsOf(world),
});

const PLACES = 3;
/** Three rows a place at least, and none on a line, two or more classes, ordinary logits: no two rows are equally good. */
const tieless = anyWorld.map((world) => ({
  ...world,
  rows: Math.max(3 * PLACES, world.rows),
  classes: Math.max(2, world.classes),
  dims: Math.max(2, world.dims),
  spread: 1,
}));
const isVote = (name: string): boolean => strategies.some((one) => one.name === name && one.needs === "votes");

const scoresOf = ({ picks }: Batch): number[] => picks.map(({ score }) => score);
const rowsPicked = ({ picks }: Batch): number[] => picks.map(({ row }) => row);
const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

describe.each(["cpu"])("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  const select = async (data: PoolData, batch: BatchName, options: SelectOptions): Promise<Batch> => {
    using pool = await engine.load(data);
    return await pool.select(batch, options);
  };

  test("valid: picks are k rows of those that are left, each once", () => {
    const asked = fc.record({
      world: anyWorld,
      strategy: anyStrategy,
      share: fc.float({ min: 0, max: 1, noNaN: true }),
      labelledShare: fc.constantFrom(0, 0, 0.1, 0.7),
      alpha: fc.constantFrom(0, 0.5, 1),
      powerTemperature: fc.constantFrom(0.01, 1, 100),
      metric: fc.constantFrom("euclidean", "squared", "cosine"),
      epsilon: fc.constantFrom(0, 0, 0.5, 1),
      seed: fc.nat(),
    });
    return hold("valid", asked, async ({ world, strategy, share, labelledShare, ...options }) => {
      const draw = bell(world.seed, 1);
      const labelled = [...Array(world.rows).keys()].filter(
        (row) => row > 0 && Math.abs(draw(row, 99)) < 1.2 * labelledShare,
      );
      for (const rule of batches) {
        const k = Math.max(1, Math.ceil(share * mostOf(rule, world.rows - labelled.length)));
        const named = rule.strategy ? {} : { strategy };
        const { picks } = await select(
          dataFor(world, strategy === "egl" && rule.strategy ? "bald" : strategy),
          rule.name,
          {
            ...options,
            ...named,
            metric: options.metric as never,
            k,
            labelled,
          },
        );
        const rows = picks.map(({ row }) => row);
        expect(rows, rule.name).toHaveLength(k);
        expect(new Set(rows).size, rule.name).toBe(k);
        for (const row of rows) {
          expect(Number.isInteger(row) && row >= 0 && row < world.rows, `${rule.name}: row ${row}`).toBe(true);
          expect(labelled, rule.name).not.toContain(row);
        }
        for (const { score, explored } of picks as Batch["picks"])
          expect(Number.isNaN(score), `${rule.name}: ${score}`).toBe(explored === true && Number.isNaN(score));
      }
    });
  });

  test("rows: picks by value go with their rows, scores to the bit", () => {
    const asked = fc.record({ moving: withOrder(tieless), strategy: anyStrategy, isKnown: fc.boolean() });
    return hold("rowsPicked", asked, async ({ moving: { world, order }, strategy, isKnown }) => {
      // Votes tie, and ties go to the lowest row: of those only the scores of the highest are certain.
      const mayTie = isVote(strategy);
      for (const rule of mayTie ? byValue.filter(({ name }) => name === "top-k") : byValue) {
        const named = rule.strategy ? {} : { strategy };
        const data = dataFor(world, rule.strategy ? "bald" : strategy) as Moveable;
        // With no label every row is as far as can be for `ranked`, and distance is all that counts: all tie.
        const known = isKnown || rule.name === "ranked" ? [0] : [];
        const k = mostOf(rule, Math.ceil(world.rows / 2));
        const before = await select(data, rule.name, { ...named, k, labelled: known });
        const labelled = known.map((row) => order.indexOf(row));
        const after = await select(moved(data, order), rule.name, { ...named, k, labelled });
        expect(scoresOf(after), `${rule.name} by ${strategy}`).toEqual(scoresOf(before));
        if (!mayTie)
          expect(
            rowsPicked(after).map((row) => order[row]),
            rule.name,
          ).toEqual(rowsPicked(before));
      }
    });
  });

  test("rows: what is drawn by row number is so by its definition", () =>
    hold("rowsPicked", fc.tuple(withOrder(tieless), fc.nat(2 ** 31)), async ([{ world, order }, seed]) => {
      const data = dataFor(world, "entropy") as Moveable;
      const clustered = farApart(data, world);
      for (const name of Object.keys(drawn) as BatchName[]) {
        const rule = batches.find((one) => one.name === name)!;
        const pick = (from: PoolData, count: number) => select(from, name, { seed, k: count });
        if (drawn[name] === "noise") {
          const [before, after] = [await pick(data, world.rows), await pick(moved(data, order), world.rows)];
          const held = new Map(before.picks.map(({ row, score }) => [row, score - gumbel(seed, row)]));
          for (const { row, score } of after.picks) {
            const value = held.get(order[row])!;
            if (Number.isFinite(value)) expect(Math.abs(score - gumbel(seed, row) - value), name).toBeLessThan(1e-9);
            else expect(score, name).toBe(value);
          }
        } else if (drawn[name] === "first") {
          const [before, after] = [await pick(data, 1), await pick(moved(data, order), 1)];
          expect(after.picks[0].score, name).toBe(before.picks[0].score);
        } else {
          const [before, after] = [await pick(clustered, PLACES), await pick(moved(clustered, order), PLACES)];
          expect(ascending(rowsPicked(after).map((row) => order[row])), `${rule.name}`).toEqual(
            ascending(rowsPicked(before)),
          );
        }
      }
    }));

  test("duplicates: no pick is where another is while a row is elsewhere, nor where a label is", () =>
    hold("spread", fc.tuple(anyWorld, fc.nat(2 ** 31)), async ([world, seed]) => {
      const apart = { ...world, classes: Math.max(2, world.classes), spread: 1 };
      const twice = [...Array(world.rows).keys(), ...Array(world.rows).keys()];
      const data = moved(dataFor(apart, "entropy") as Moveable, twice);
      for (const { name, ...options } of spreading) {
        const all = await select(data, name, { ...options, seed, k: world.rows });
        expect(new Set(rowsPicked(all).map((row) => twice[row])).size, name).toBe(world.rows);
        if (name === "badge" || world.rows < 2) continue; // it does not look at labels
        const known = await select(data, name, { ...options, seed, k: world.rows - 1, labelled: [0] });
        const places = rowsPicked(known).map((row) => twice[row]);
        expect(places, name).not.toContain(0);
        expect(new Set(places).size, name).toBe(world.rows - 1);
      }
    }));
});

test("every rule has its place in what is said of rows that change places", () => {
  expect(
    ascending(
      [...Object.keys(drawn), ...byValue.map(({ name }) => name)].map((name) => batchNames.indexOf(name as never)),
    ),
  ).toEqual([...batchNames.keys()]);
});

type Moveable = Parameters<typeof reordered>[0] & { embeddings: Features };

const moved = (data: Moveable, order: readonly number[]): Moveable => ({
  ...reordered(data, order),
  embeddings: rowsOf(data.embeddings, order),
});

/** The same rows in a few places far from each other, each row by itself within its place. */
function farApart(data: Moveable, { seed, rows, dims }: World): Moveable {
  const near = bell(seed + 2, 1e-3);
  const points = makePool("far", rows, dims, (row, d) => near(row, d) + (d === 0 ? 1000 * (row % PLACES) : 0));
  return { ...data, embeddings: { data: points.data, rows, dims } };
}

/** Standard Gumbel noise of a row's number. */
const gumbel = (seed: number, row: number): number =>
  -Math.log(-Math.log((randomBits(seed, streams.gumbel, row) + 0.5) / 2 ** 32));
