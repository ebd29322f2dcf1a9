/** BADGE against gradients that are built, a race that is run in full, and the probabilities it stands for. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { openEngine } from "../../src/index.ts";
import { randomBits } from "../../src/random.ts";
import { beliefsOf, bell, gradientsOf as headGradients, logitsOf, makePool, ordinaryHead } from "../support/pools.ts";

const engine = await openEngine({ backend: "cpu" });

interface Small {
  readonly logits: number[][];
  readonly embeddings: number[][];
}

const load = ({ logits, embeddings }: Small) =>
  engine.load({
    logits: { data: Float32Array.from(logits.flat()), rows: logits.length, classes: logits[0].length },
    embeddings: { data: Float32Array.from(embeddings.flat()), rows: logits.length, dims: embeddings[0].length },
  });

/** (p − e_ŷ) ⊗ h. */
function gradientsOf({ logits, embeddings }: Small): number[][] {
  return logits.map((z, row) => {
    const { p } = beliefsOf(z);
    const top = p.indexOf(Math.max(...p));
    return p.flatMap((pc, c) => embeddings[row].map((h) => (pc - Number(c === top)) * h));
  });
}

const squaredDistance = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0);
const squaredLength = (a: number[]): number =>
  squaredDistance(
    a,
    a.map(() => 0),
  );

const list = (length: number) =>
  fc.array(
    fc.integer({ min: -48, max: 48 }).map((value) => value / 16),
    { minLength: length, maxLength: length },
  );

const pools: fc.Arbitrary<Small> = fc
  .record({ rows: fc.integer({ min: 2, max: 12 }), classes: fc.integer({ min: 2, max: 4 }) })
  .chain(({ rows, classes }) => {
    return fc.record({
      logits: fc.array(list(classes), { minLength: rows, maxLength: rows }),
      embeddings: fc.array(list(3), { minLength: rows, maxLength: rows }),
    });
  });

test("picks are those of the whole race", async () => {
  await fc.assert(
    fc.asyncProperty(pools, fc.nat({ max: 99 }), fc.nat({ max: 100 }), async (small, seed, share) => {
      // Twins: the race must tell them apart, and never pick both while others are left.
      const pool = {
        logits: [...small.logits, small.logits[0]],
        embeddings: [...small.embeddings, small.embeddings[0]],
      };
      const rows = pool.logits.length;
      const k = 1 + Math.floor(((rows - 1) * share) / 100);
      const { picks } = await (await load(pool)).select("badge", { k, seed });
      expect(new Set(picks.map(({ row }) => row)).size).toBe(k);
      const g = gradientsOf(pool);
      const chosen: number[] = [];
      for (const { row, score } of picks) {
        const nearest = (r: number): number =>
          chosen.length === 0 ? squaredLength(g[r]) : Math.min(...chosen.map((c) => squaredDistance(g[r], g[c])));
        const speed = (r: number): number =>
          chosen.length === 0
            ? nearest(r)
            : nearest(r) / -Math.log((randomBits(seed, 8, chosen.length, 0, r) + 0.5) / 2 ** 32);
        const left = [...g.keys()].filter((r) => !chosen.includes(r));
        // The factorised form and the built one round differently.
        const scale = Math.max(...g.map(squaredLength)) * 1e-12;
        expect(speed(row)).toBeGreaterThanOrEqual(Math.max(...left.map(speed)) * (1 - 1e-9) - scale * 1e6);
        expect(Math.abs(score ** 2 - nearest(row))).toBeLessThanOrEqual(scale * 1e3);
        chosen.push(row);
      }
    }),
    { numRuns: 1000 },
  );
});

test("each pick is drawn in proportion to D²", async () => {
  const pool = {
    logits: [
      [3, 0, 0],
      [0, 1, 0],
      [0.5, 0, 0.4],
      [0, 0, 2],
      [1, 1, 0],
    ],
    embeddings: [
      [1, 0],
      [2, 1],
      [0, 3],
      [-1, 1],
      [1, 1],
    ],
  };
  const g = gradientsOf(pool);
  const loaded = await load(pool);
  const runs = 8000;
  const counts = new Float64Array(5);
  let first = 0;
  for (let seed = 0; seed < runs; seed++) {
    const { picks } = await loaded.select("badge", { k: 2, seed });
    first = picks[0].row;
    counts[picks[1].row]++;
  }
  expect(first).toBe(g.map(squaredLength).indexOf(Math.max(...g.map(squaredLength))));
  const weights = g.map((one) => squaredDistance(one, g[first]));
  const total = weights.reduce((a, b) => a + b);
  weights.forEach((weight, row) => {
    const share = weight / total;
    expect(Math.abs(counts[row] / runs - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / runs) + 1e-12);
  });
});

test("under a head the gradient is that of its last layer, whatever is below", async () => {
  const head = ordinaryHead([5, 7, 6, 3], "tanh");
  const rows = 40;
  const features = { data: makePool("features", rows, 5, bell(81, 1)).data, rows, dims: 5 };
  const row = (r: number): Float32Array => features.data.subarray(5 * r, 5 * r + 5);
  // The norm of the last layer's gradient, whose bias counts 1 beside ‖h‖².
  const norms = Array.from({ length: rows }, (_, r) => {
    const { p } = beliefsOf(logitsOf(head, row(r)));
    const top = p.indexOf(Math.max(...p));
    const bias = p.reduce((sum, pc, c) => sum + (pc - Number(c === top)) ** 2, 0);
    return Math.sqrt(headGradients(head, row(r), "last").lengths[top] ** 2 - bias);
  });
  const pool = await engine.load({ features, head });
  const first = async (options: object) => (await pool.select("badge", { k: 2, ...options })).picks[0];
  const found = await first({});
  expect(found.row).toBe(norms.indexOf(Math.max(...norms)));
  expect(found.score).toBeCloseTo(Math.max(...norms), 9);
  // Over passes p is a mean, and h is what the layer reads without dropout.
  const dropped = await first({ passes: 3, dropout: 1e-6 });
  expect(dropped.row).toBe(found.row);
  expect(dropped.score).toBeCloseTo(found.score, 4);
  // Embeddings of one's own come first.
  const ones = { data: new Float32Array(rows).fill(1), rows, dims: 1 };
  const beside = await engine.load({ features, head, embeddings: ones });
  expect((await beside.select("badge", { k: 1 })).picks[0].score).toBeLessThan(Math.SQRT2);
});
