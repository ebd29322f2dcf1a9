/** Which units dropout leaves out: the very bits of the script beside the golden values, and what chance would do. */
import { describe, expect, test } from "vitest";
import { keepsUnit } from "../src/random.ts";
import golden from "./golden/heads.json" with { type: "json" };

/** Where a draw is made. */
interface Place {
  seed: number;
  layer: number;
  row: number;
  unit: number;
  pass: number;
}

const keeps = ({ seed, layer, row, unit, pass }: Place, rate: number): boolean =>
  keepsUnit(seed, layer, row, unit, pass, rate);

/** 2¹⁶ places: rows × units × passes × layers of ordinary sizes. */
const places: Place[] = Array.from({ length: 2 ** 16 }, (_, i) => ({
  seed: 11,
  layer: (i >>> 14) & 3,
  pass: (i >>> 11) & 7,
  row: (i >>> 6) & 31,
  unit: i & 63,
}));

test.each(golden.masks)("is the mask of numpy: seed $seed, layer $layer, rate $rate", (mask) => {
  const units = [...mask.kept].map((_, unit) => keeps({ ...mask, unit }, mask.rate));
  expect(units.map(Number).join("")).toBe(mask.kept);
});

test.each([0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999])("leaves out a share of %d, in every layer and half", (rate) => {
  const groups = new Map<string, { left: number; of: number }>();
  for (const place of places) {
    for (const key of ["all", `layer ${place.layer}`, `unit ${place.unit & 1} of a pair`, `pass ${place.pass}`]) {
      const group = groups.get(key) ?? { left: 0, of: 0 };
      groups.set(key, group);
      group.of++;
      if (!keeps(place, rate)) group.left++;
    }
  }
  expect(groups.size).toBe(1 + 4 + 2 + 8);
  for (const [key, { left, of }] of groups) {
    // A binomial count is 4.5 deviations off once in 150 000 draws; the rate itself is met to 2⁻¹⁷.
    const deviation = Math.sqrt(of * rate * (1 - rate));
    expect(Math.abs(left - of * rate), key).toBeLessThan(4.5 * deviation + of * 2 ** -17);
  }
});

test("a rate of 0 leaves nothing out", () => {
  expect(places.every((place) => keeps(place, 0))).toBe(true);
});

test("a higher rate leaves out more units, and none that a lower one does not spare", () => {
  for (const place of places.slice(0, 5000)) {
    const kept = [0, 0.1, 0.3, 0.5, 0.8, 0.999].map((rate) => keeps(place, rate));
    expect(kept).toEqual(kept.toSorted().toReversed());
  }
});

describe("is independent", () => {
  const neighbours: [what: string, other: (place: Place) => Place][] = [
    ["of the unit that shares a draw", (p) => ({ ...p, unit: p.unit ^ 1 })],
    ["of the next draw", (p) => ({ ...p, unit: p.unit + 2 })],
    ["of the next pass", (p) => ({ ...p, pass: p.pass + 1 })],
    ["of the next row", (p) => ({ ...p, row: p.row + 1 })],
    ["of the next layer", (p) => ({ ...p, layer: p.layer + 1 })],
    ["of the next seed", (p) => ({ ...p, seed: p.seed + 1 })],
    ["of a seed half way round", (p) => ({ ...p, seed: p.seed + 2 ** 31 })],
    ["of a row far away", (p) => ({ ...p, row: p.row + 2 ** 20 })],
    ["of row and pass exchanged", (p) => ({ ...p, row: p.pass, pass: p.row + 32 })],
    ["of unit and pass exchanged", (p) => ({ ...p, unit: p.pass * 2, pass: (p.unit >>> 1) + 64 })],
  ];
  test.each(neighbours)("%s", (_, other) => {
    for (const rate of [0.1, 0.5, 0.9]) {
      let both = 0;
      let one = 0;
      let two = 0;
      for (const place of places) {
        const [a, b] = [!keeps(place, rate), !keeps(other(place), rate)];
        one += Number(a);
        two += Number(b);
        both += Number(a && b);
      }
      const n = places.length;
      const spread = Math.sqrt(one * (1 - one / n) * two * (1 - two / n));
      const correlation = (both - (one * two) / n) / spread;
      // Of unrelated draws its deviation is 1/√n, or √2/√n where every pair is met from both sides.
      expect(Math.abs(correlation)).toBeLessThan((4.5 * Math.SQRT2) / Math.sqrt(n));
    }
  });

  test("of everything else in a stretch of eight units: all patterns are as frequent", () => {
    const counts = new Float64Array(256);
    for (let i = 0; i < places.length; i += 8) {
      const kept = places.slice(i, i + 8).map((place) => Number(keeps(place, 0.5)));
      counts[parseInt(kept.join(""), 2)]++;
    }
    const mean = places.length / 8 / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // 255 degrees of freedom: 99.99% lie within.
    expect(chiSquare).toBeGreaterThan(175);
    expect(chiSquare).toBeLessThan(349);
  });

  test("in how many units a layer keeps: the variance is the binomial one", () => {
    for (const rate of [0.25, 0.5]) {
      let squares = 0;
      for (let i = 0; i < places.length; i += 64) {
        const kept = places.slice(i, i + 64).filter((place) => keeps(place, rate)).length;
        squares += (kept - 64 * (1 - rate)) ** 2;
      }
      const layers = places.length / 64;
      const ratio = squares / layers / (64 * rate * (1 - rate));
      // The variance of 1024 counts is itself known to about √(2/1024) = 4%.
      expect(Math.abs(ratio - 1)).toBeLessThan(0.2);
    }
  });
});
