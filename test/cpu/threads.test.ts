/** Scores and picks are the same bits for any number of threads. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEngine, type Engine, type Pool, type RowSource, type StrategyName } from "../../src/index.ts";
import { arraySource } from "../../src/matrix.ts";
import { digest } from "../support/digest.ts";
import { bell, makePool, ordinaryHead } from "../support/pools.ts";

const counts = [1, 2, 3, 5];
const CLASSES = 5;
const DIMS = 7;
const PASSES = 3;

let engines: Engine[];
beforeAll(async () => {
  engines = await Promise.all(counts.map((threads) => openEngine({ backend: "cpu", threads })));
  // Once they are awake, workers take part in work of any size.
  const [rows, classes] = [2 ** 18 + 1, 16];
  for (const engine of engines) {
    using pool = await engine.load({ logits: { data: new Float32Array(rows * classes), rows, classes } });
    await pool.score("margin");
  }
});
afterAll(() => Promise.all(engines.map((engine) => engine.close())));

type Give = (data: Float32Array, rows: number, cols: number, passes?: number) => RowSource;

/** Where rows come from. */
const sources: Record<string, Give> = {
  "an array": (...shape) => arraySource("rows", ...shape),
  "a file, as it were": (...shape) => {
    const { data: _, read, ...source } = arraySource("rows", ...shape);
    return {
      ...source,
      async read(...asked) {
        await Promise.resolve();
        return read(...asked);
      },
    };
  },
};

const simple: StrategyName[] = ["entropy", "margin", "least-confidence", "random"];
const ofPasses: StrategyName[] = [...simple, "bald", "vote-entropy", "max-kl", "mean-std", "variation-ratio"];

function values(rows: number, cols: number, spread = 3): Float32Array {
  return makePool("values", rows, cols, bell(rows, spread)).data;
}

function probabilities(rows: number): Float32Array {
  const data = values(rows, CLASSES).map(Math.exp);
  for (let at = 0; at < data.length; at += CLASSES) {
    const own = data.subarray(at, at + CLASSES);
    const sum = own.reduce((a, b) => a + b);
    own.forEach((value, c) => (own[c] = value / sum));
  }
  return data;
}

interface Kind {
  load(engine: Engine, rows: number, give: Give): Promise<Pool>;
  readonly strategies: StrategyName[];
  readonly options?: { temperature?: number; passes?: number; dropout?: number };
}

const underHead = (engine: Engine, rows: number, give: Give): Promise<Pool> =>
  engine.load({ features: give(values(rows, DIMS, 1), rows, DIMS), head: ordinaryHead([DIMS, 16, CLASSES], "relu") });

const kinds: Record<string, Kind> = {
  logits: {
    load: (engine, rows, give) => engine.load({ logits: give(values(rows, CLASSES), rows, CLASSES) }),
    strategies: simple,
  },
  probabilities: {
    load: (engine, rows, give) => engine.load({ probabilities: give(probabilities(rows), rows, CLASSES) }),
    strategies: simple,
  },
  "probabilities under a temperature": {
    load: (engine, rows, give) => engine.load({ probabilities: give(probabilities(rows), rows, CLASSES) }),
    strategies: simple,
    options: { temperature: 1.7 },
  },
  passes: {
    load: (engine, rows, give) => engine.load({ logits: give(values(rows * PASSES, CLASSES), rows, CLASSES, PASSES) }),
    strategies: ofPasses,
  },
  "a head": { load: underHead, strategies: [...simple, "egl"] },
  dropout: { load: underHead, strategies: [...ofPasses, "egl"], options: { passes: 6, dropout: 0.4 } },
};

/** That all engines come to the same, and what that is. */
async function alike<T>(of: (engine: Engine) => Promise<T>): Promise<T> {
  const [first, ...others] = await Promise.all(engines.map(of));
  for (const other of others) expect(other).toEqual(first);
  return first;
}

describe.each(Object.keys(sources))("from %s", (from) => {
  const give = sources[from];

  test.each(Object.keys(kinds))("%s: scores and picks", async (name) => {
    const { load, strategies, options } = kinds[name];
    for (const rows of [1, 2, 3, 5, 15, 16, 17, 63, 251, 1000, 4099, 20_011])
      await alike(async (engine) => {
        using pool = await load(engine, rows, give);
        const scores = await pool.score(strategies, options);
        const chosen: number[][] = [];
        for (const strategy of strategies) {
          const { picks } = await pool.select("top-k", { k: Math.ceil(rows / 20), strategy, ...options });
          chosen.push(picks.map(({ row }) => row));
        }
        return { scores: scores.map((own) => digest(own.values)), chosen };
      });
  });

  test("invalid rows: the first and the count", async () => {
    const rows = 20_011;
    const data = values(rows, CLASSES);
    for (const row of [7001, 7002, 9999, 20_010]) data[row * CLASSES + 3] = NaN;
    const found = await alike(async (engine) => {
      using pool = await engine.load({ logits: give(data, rows, CLASSES), invalid: "skip" });
      const { invalid, values: own } = await pool.score("entropy");
      using strict = await engine.load({ logits: give(data, rows, CLASSES) });
      const refused = await strict.select("top-k", { k: 3 }).catch(({ message }: Error) => message);
      return { invalid, scores: digest(own), refused };
    });
    expect(found).toMatchObject({ invalid: 4, refused: expect.stringMatching(/row 7001\b.*class 3/) });
  });

  test("scores that are given, and embeddings", async () => {
    const rows = 9001;
    const scores = values(rows, 1);
    const points = values(rows, DIMS);
    const chosen = await alike(async (engine) => {
      using both = await engine.load({ scores: give(scores, rows, 1), embeddings: give(points, rows, DIMS) });
      using bare = await engine.load({ embeddings: give(points, rows, DIMS) });
      const all = [];
      for (const batch of ["top-k", "hybrid", "k-center"] as const) all.push(await both.select(batch, { k: 30 }));
      all.push(await bare.select("k-center", { k: 30 }));
      return all.map(({ picks }) => picks.map(({ row, score }) => [row, score]));
    });
    const best = [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, 30);
    expect(chosen[0].map(([row]) => row)).toEqual(best);
  });
});

test("a few hundred thousand rows", async () => {
  const [rows, classes] = [300_007, 3];
  const data = Float32Array.from({ length: rows * classes }, (_, i) => Math.sin(i) * (i % 11));
  for (const give of Object.values(sources))
    await alike(async (engine) => {
      using pool = await engine.load({ logits: give(data, rows, classes) });
      const { values: own } = await pool.score("entropy");
      const { picks } = await pool.select("top-k", { k: 100, strategy: "margin" });
      return { scores: digest(own), rows: picks.map(({ row }) => row) };
    });
});
