/** Exponents of growth: the fit, and that every sweep is as wide as it says and times only what is right. */
import { expect, test } from "vitest";
import { fitPower } from "../bench/growth/fit.ts";
import { growthLines, runSweep } from "../bench/growth/run.ts";
import { sweeps } from "../bench/growth/sweeps.ts";
import { openSubject, type Subject } from "../src/bench/backends.ts";

test("a power is found exactly", () => {
  const points = [1, 3, 10, 30, 100].map((size) => ({ size, seconds: 0.002 * size ** 1.5 }));
  const { exponent, standardError, last } = fitPower(points);
  expect(exponent).toBeCloseTo(1.5, 12);
  expect(standardError).toBeCloseTo(0, 12);
  expect(last).toBeCloseTo(1.5, 12);
});

test("what is none has an error, and an end of its own", () => {
  // In decades: 0, 1, 2 and 0, 1 + lg 2, 2. The slope is 1, and what is left of the middle is ⅔ lg 2, of the ends −⅓ lg 2.
  const fit = fitPower([{ size: 1, seconds: 1 }, { size: 10, seconds: 20 }, { size: 100, seconds: 100 }]); // prettier-ignore
  expect(fit.exponent).toBeCloseTo(1, 12);
  expect(fit.standardError).toBeCloseTo(Math.log10(2) / Math.sqrt(3), 12);
  expect(fit.last).toBeCloseTo(1 - Math.log10(2), 12);
});

test("every size is swept over two decades, by five points or more", () => {
  expect(sweeps.map(({ by }) => by)).toEqual(["rows", "classes", "dims", "passes", "k", "|L|"]);
  for (const { sizes } of sweeps) {
    expect(sizes.length).toBeGreaterThanOrEqual(5);
    expect(sizes.at(-1)! / sizes[0]).toBeGreaterThanOrEqual(100);
    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
  }
});

const once = { runs: 1, seconds: 0, most: 1, longest: 60 };

test("every sweep is right on its way, and says what it found", async () => {
  const subject = (await openSubject("cpu", 1)) as Subject;
  try {
    for (const sweep of sweeps) {
      const sizes = sweep.sizes.slice(0, 3);
      const report = await runSweep({ ...sweep, sizes }, [subject], once, 100);
      const [curve] = report.curves;
      if ("wrong" in curve) throw new Error(curve.wrong);
      expect(curve.points.map(({ size }) => size)).toEqual(sweep.by === "rows" ? [100, 300, 1000] : sizes);
      for (const { warm, floorOverMeasured } of curve.points) {
        expect(warm.median).toBeGreaterThan(0);
        expect(floorOverMeasured).toBeGreaterThan(0);
      }
      expect(growthLines(report)).toMatch(/theory: (at most )?1\n  cpu +size\^-?\d/);
    }
  } finally {
    await subject.close();
  }
}, 120_000);

test("a wrong point spoils its curve", async () => {
  const subject = (await openSubject("cpu", 1)) as Subject;
  try {
    const close = await subject.engine.load({ scores: new Float32Array([1, 2]) });
    const load = async () =>
      Object.assign(Object.create(close), { score: async () => [{ values: new Float32Array(1), timings: {} }] });
    const wrong = { ...subject, engine: { backend: "cpu", load } } as unknown as Subject;
    const { curves } = await runSweep(sweeps[0], [wrong], once, 100);
    expect(curves).toEqual([
      { backend: "cpu", software: false, wrong: expect.stringMatching(/^rows 10000: 1 scores for/) },
    ]);
  } finally {
    await subject.close();
  }
});
