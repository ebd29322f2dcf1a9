/**
 * The same bits in every engine: this file runs in Node and in a browser, and its digests are those of both. They tell that
 * something has changed; whether it is right the golden files judge. A change of bits that is meant is written down here.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { BatchName } from "../../src/batches/index.ts";
import { cosOfTurns, exp, log, log1p, pow, tanh } from "../../src/elementary.ts";
import type { Engine } from "../../src/engine.ts";
import { fingerprint } from "../../src/fingerprint.ts";
import { fitLogistic, fitMlp, fitTemperature, principalDirections, streamSampler } from "../../src/index.ts";
import { studentQuantile } from "../../src/loop/statistics.ts";
import { randomBits } from "../../src/random.ts";
import type { StrategyName } from "../../src/scores/index.ts";
import { openTestEngine } from "../support/engines.ts";
import { makeBlobs } from "../support/blobs.ts";
import { bell, makeCommittee, ordinaryHead } from "../support/pools.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Of these numbers, bit by bit. Not numbers are all the same: their bits are nobody's. */
function digestOf(values: ArrayLike<number>): string {
  const all = Float64Array.from(values, (value) => (Number.isNaN(value) ? -1 : value));
  const print = fingerprint();
  print.add(new Uint32Array(all.buffer));
  return print.digits();
}

/** Rows and scores, in the order of picking. */
const digestOfPicks = (picks: readonly { row: number; score: number }[]): string =>
  digestOf(picks.flatMap(({ row, score }) => [row, score]));

describe("elementary functions", () => {
  const COUNT = 20_000;
  const draws = (stream: number): Uint32Array =>
    Uint32Array.from({ length: COUNT }, (_, i) => randomBits(5, stream, i));
  const between = (low: number, high: number, stream: number): Float64Array =>
    Float64Array.from(draws(stream), (bits) => low + ((high - low) * (bits + 0.5)) / 2 ** 32);
  /** Bits at random: of every size there is, subnormal and infinite ones and no numbers too. */
  function anything(stream: number): Float64Array {
    const words = new Uint32Array(2 * COUNT);
    draws(stream).forEach((bits, i) => (words[2 * i] = bits));
    draws(stream + 1).forEach((bits, i) => (words[2 * i + 1] = bits));
    return new Float64Array(words.buffer);
  }

  const functions: [name: string, of: (x: number) => number, low: number, high: number, expected: string][] = [
    ["exp", exp, -750, 712, "0e8d4078868fbef5"],
    ["exp near 0", exp, -3, 3, "1ad6a3838502b528"],
    ["log", log, 0, 1, "daf2537e67685b3d"],
    ["log to 1000", log, 0, 1000, "fff1c3be3366bc77"],
    ["log1p", log1p, -1, 1, "5d68a0a0ca5d2086"],
    ["tanh", tanh, -3, 3, "4212af5bee5bb8cd"],
    ["cosOfTurns", cosOfTurns, 0, 1, "c80c0af7ec342ca2"],
  ];

  test.each(functions)("%s", (_, of, low, high, expected) => {
    expect(digestOf([...between(low, high, 1).map(of), ...anything(2).map(of)])).toBe(expected);
  });

  test("pow", () => {
    const found = [
      raised(between(0, 2, 1), between(-50, 50, 2)),
      raised(between(0.999, 1.001, 1), between(-1e5, 1e5, 2)),
      raised(anything(1).map(Math.abs), between(-2, 2, 3)),
    ];
    expect(digestOf(found.flatMap((values) => [...values]))).toBe("06aa7e3f88f467d8");
  });
});

describe("on the CPU", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine("cpu");
  });
  afterAll(() => engine?.close());

  const [rows, classes, dims] = [300, 7, 12];
  const logits = makeCommittee(
    "committee",
    5,
    rows,
    classes,
    (pass, row, c) => bell(81, 2)(row, c) + bell(82 + pass, 1)(row, c),
  );
  const { features: embeddings, labels } = makeBlobs(90, rows, classes, dims, 2);

  const scores: Partial<Record<StrategyName, string>> = {
    bald: "71079bcf2ebf2666",
    "consensus-entropy": "399a5cefdcf54068",
    entropy: "399a5cefdcf54068",
    "kl-divergence": "3ee654ad2f76bf5c",
    "least-confidence": "bfd5a24f4db9bd77",
    margin: "5787db9091970b78",
    "max-kl": "e19d0c25072d712d",
    "mean-std": "2542639161fc010d",
    random: "044e4c2c3120ac4c",
    "variation-ratio": "80f09884abe7431c",
    "vote-entropy": "be9b01f66ddd8542",
  };

  test.each(Object.entries(scores))("scores: %s", async (strategy, expected) => {
    using pool = await engine.load({ logits });
    const { picks } = await pool.select("top-k", { k: rows, strategy: strategy as StrategyName, temperature: 1.3 });
    expect(digestOfPicks(picks)).toBe(expected);
  });

  const heads = [
    ["gelu", "egl", "e1aeb4d76e4604b8"],
    ["tanh", "egl", "985786ce9eb153a1"],
    ["gelu", "bald", "315b21f5961a2659"],
    ["tanh", "entropy", "333914eb4e5f415d"],
  ] as const;

  test.each(heads)("scores under a head with %s: %s", async (activation, strategy, expected) => {
    using pool = await engine.load({ features: embeddings, head: ordinaryHead([dims, 9, classes], activation) });
    const { picks } = await pool.select("top-k", { k: rows, strategy, passes: 4, dropout: 0.3, seed: 6 });
    expect(digestOfPicks(picks)).toBe(expected);
  });

  const picked: Partial<Record<BatchName, string>> = {
    badge: "e19c83f2e22919f2",
    batchbald: "33798e2a3b81d1a0",
    "cluster-margin": "1b2f294c8c85ac06",
    hybrid: "185269e558488bec",
    "k-center": "902415fec3dbb1f9",
    kmeans: "bc09c2fe78abb1c6",
    power: "8c5d312e4d31db36",
    ranked: "7147c81a43e2ad9b",
    typiclust: "c5ba22fa68b603d6",
  };

  test.each(Object.entries(picked))("picks: %s", async (batch, expected) => {
    const data = { ...logits, passes: 1, data: logits.data.subarray(0, rows * classes) };
    using pool = await engine.load({ logits: batch === "batchbald" ? logits : data, embeddings });
    const { picks } = await pool.select(batch as BatchName, { k: 12, labelled: [3, 50], seed: 8 });
    expect(digestOfPicks(picks)).toBe(expected);
  });

  test("picks weighed by density", async () => {
    using pool = await engine.load({ logits, embeddings });
    const { picks } = await pool.select("top-k", { k: rows, strategy: "entropy", density: 1.7 });
    expect(digestOfPicks(picks)).toBe("89c6437ae91e1ad0");
  });

  const network = { features: embeddings, labels, hidden: [8], activation: "gelu", epochs: 5, seed: 4 } as const;
  const made: [name: string, make: () => ArrayLike<number> | Promise<ArrayLike<number>>, expected: string][] = [
    ["logistic regression", () => fitLogistic({ features: embeddings, labels }).weights, "404facfb63814df9"],
    [
      "a network",
      async () => (await fitMlp(network)).head.layers.flatMap(({ weight }) => [...weight]),
      "abea9f0200770d89",
    ],
    [
      "principal directions",
      async () => (await principalDirections(embeddings, { count: 3 })).directions,
      "1d7d20581560105c",
    ],
    ["a temperature", () => Object.values(fitTemperature(logits, labels).after), "1fc46521e0d1a38d"],
    ["a quantile of Student's t", () => [1, 7, 30].map(studentQuantile), "c1f5410ba6fe7d8f"],
    ["a stream", streamed, "b6c0b509ff73fece"],
  ];

  test.each(made)("%s", async (_, make, expected) => {
    expect(digestOf(await make())).toBe(expected);
  });
});

/** Each to its power. */
const raised = (x: Float64Array, y: Float64Array): Float64Array => x.map((base, i) => pow(base, y[i]));

function streamed(): number[] {
  const sampler = streamSampler({ budget: 0.3, rule: "randomised", seed: 3 });
  const decisions = Array.from({ length: 200 }, (_, i) => sampler.next([0.5 + (i % 50) / 100, 0.5 - (i % 50) / 100]));
  return decisions.flatMap(({ ask, threshold }) => [Number(ask), threshold]);
}
