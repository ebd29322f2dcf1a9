/** Small pools of all kinds, drawn, and what can be done to them without changing what they say. */
import fc from "fast-check";
import type { Features, Head, Predictions } from "../../../src/index.ts";
import type { Strategy } from "../../../src/strategy.ts";
import { bell, makePool, ordinaryHead } from "../../support/pools.ts";

/** What a pool is drawn by. */
export interface World {
  readonly seed: number;
  readonly rows: number;
  readonly classes: number;
  /** At least 2. */
  readonly passes: number;
  readonly dims: number;
  /** Of logits: small for rows that are alike, large for rows that are certain. */
  readonly spread: number;
}

/** 16 and 32 are where kernels change how they share a row out. */
export const anyWorld: fc.Arbitrary<World> = fc.record({
  seed: fc.nat(2 ** 31),
  rows: fc.integer({ min: 1, max: 48 }),
  classes: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 2, max: 9 }) },
    { weight: 1, arbitrary: fc.constantFrom(1, 16, 17, 32, 33, 100) },
  ),
  passes: fc.integer({ min: 2, max: 6 }),
  dims: fc.integer({ min: 1, max: 7 }),
  spread: fc.constantFrom(0.01, 1, 4, 30),
});

/** All of one shape, which a software device compiles kernels for once: each takes it a second or more. */
export const oneShape: fc.Arbitrary<World> = anyWorld.map((world) => ({ ...world, classes: 5, passes: 4, dims: 4 }));

/** Rows of one world, in any order. */
export const withOrder = (worlds: fc.Arbitrary<World>): fc.Arbitrary<{ world: World; order: number[] }> =>
  worlds.chain((world) => shuffled(world.rows).map((order) => ({ world, order })));

export const shuffled = (count: number): fc.Arbitrary<number[]> => {
  const all = [...Array(count).keys()];
  return fc.shuffledSubarray(all, { minLength: count, maxLength: count });
};

/** Predictions with passes, or features that a head reads. */
export type Given = { logits: Required<Predictions> } | { features: Features; head: Head };

/** Logits in eighths, so that adding whole numbers to them, and halving them, loses nothing. */
export function committeeOf({ seed, passes, rows, classes, spread }: World): { logits: Required<Predictions> } {
  const draw = bell(seed, spread);
  const { data } = makePool("logits", passes * rows, classes, (row, c) => Math.round(8 * draw(row, c)) / 8);
  return { logits: { data, passes, rows, classes } };
}

/** As drawn: no two are alike. */
export function fineCommitteeOf({ seed, passes, rows, classes, spread }: World): { logits: Required<Predictions> } {
  const { data } = makePool("logits", passes * rows, classes, bell(seed, spread));
  return { logits: { data, passes, rows, classes } };
}

export function headedOf({ seed, rows, classes, dims }: World): { features: Features; head: Head } {
  const features = { data: makePool("features", rows, dims, bell(seed, 1)).data, rows, dims };
  return { features, head: ordinaryHead([dims, 5, classes], "tanh", seed % 2 ** 20) };
}

export function embeddingsOf({ seed, rows, dims }: World): { embeddings: Features } {
  return { embeddings: { data: makePool("embeddings", rows, dims, bell(seed + 1, 1)).data, rows, dims } };
}

/** What a strategy can score: one pass is enough for some, and for every other of those there is no more. */
export function givenFor({ needs }: Strategy, world: World, committee = fineCommitteeOf): Given {
  if (needs === "gradients") return headedOf(world);
  return committee(needs === undefined && world.seed % 2 === 0 ? { ...world, passes: 1 } : world);
}

/** Row i becomes what row `order[i]` was. */
export function reordered<G extends Given>(given: G, order: readonly number[]): G {
  if ("features" in given) return { ...given, features: rowsOf(given.features, order) };
  const { data, passes, rows, classes } = given.logits;
  const moved = makePool("moved", passes * order.length, classes, (i, c) => {
    const [pass, row] = [Math.floor(i / order.length), i % order.length];
    return data[(pass * rows + order[row]) * classes + c];
  });
  return { ...given, logits: { data: moved.data, passes, rows: order.length, classes } };
}

export function rowsOf({ data, dims }: Features, order: readonly number[]): Features {
  const moved = makePool("moved", order.length, dims, (row, d) => data[order[row] * dims + d]);
  return { data: moved.data, rows: order.length, dims };
}

/** Class c becomes what class `order[c]` was. */
export function reclassed(given: Given, order: readonly number[]): Given {
  if ("features" in given) return { ...given, head: lastLayer(given.head, order) };
  const { data } = given.logits;
  return changed(given, (at, c) => data[at - c + order[c]]);
}

function lastLayer(head: Head, order: readonly number[]): Head {
  const { weight, bias, inputs, outputs } = head.layers.at(-1)!;
  const last = {
    weight: makePool("weight", outputs, inputs, (o, i) => weight[order[o] * inputs + i]).data,
    bias: Float32Array.from(order, (o) => bias[o]),
    inputs,
    outputs,
  };
  return { ...head, layers: [...head.layers.slice(0, -1), last] };
}

/** The value at each place, anew. */
export function changed<G extends { logits: Required<Predictions> }>(
  given: G,
  value: (at: number, c: number) => number,
): G {
  const { classes } = given.logits;
  const data = Float32Array.from(given.logits.data, (_, at) => value(at, at % classes));
  return { ...given, logits: { ...given.logits, data } };
}

/** Whether two classes are equally the likeliest in a pass, of which a vote takes the first. */
export function hasTiedVotes(given: Given): boolean {
  if ("features" in given) return false;
  const { data, classes } = given.logits;
  for (let at = 0; at < data.length; at += classes) {
    const row = data.subarray(at, at + classes);
    const top = Math.max(...row);
    if (row.indexOf(top) !== row.lastIndexOf(top)) return true;
  }
  return false;
}
