/** The generator, against the same integers in Python and against what uniform means. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomBits, randomUniform, streams } from "../src/random.ts";
import golden from "./golden/uniforms.json" with { type: "json" };

test.each(golden)("seed %i, stream %i, row %i, unit %i, pass %i", (seed, stream, row, unit, pass, expected) => {
  expect(randomUniform(seed, stream, row, unit, pass)).toBe(expected);
});

test("different arguments in any place give unrelated bits", () => {
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const place = fc.integer({ min: 0, max: 4 });
  fc.assert(
    fc.property(fc.tuple(word, word, word, word, word), place, fc.integer({ min: 0, max: 31 }), (args, i, bit) => {
      const other = args.with(i, (args[i] ^ (1 << bit)) >>> 0) as typeof args;
      let differing = randomBits(...args) ^ randomBits(...other);
      let count = 0;
      for (; differing !== 0; differing &= differing - 1) count++;
      // 32 fair coins: fewer than 3 or more than 29 heads once in some four million draws.
      return count >= 3 && count <= 29;
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test("uniforms fill [0, 1) evenly", () => {
  const bins = new Float64Array(64);
  const draws = 64_000;
  for (let row = 0; row < draws; row++) bins[Math.floor(randomUniform(3, streams.sample, row) * 64)]++;
  const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(chiSquare).toBeGreaterThan(35);
  expect(chiSquare).toBeLessThan(103); // 63 degrees of freedom: 99.9% lie below
});
