/** The activations, against values worked out to 40 digits. */
import { describe, expect, test } from "vitest";
import { activations } from "../src/activations.ts";
import type { Activation } from "../src/head.ts";
import golden from "./golden/activations.json" with { type: "json" };

describe.each(Object.keys(golden) as Activation[])("%s", (name) => {
  const { value, slope } = activations[name];

  test("value and slope are right to the last digits", () => {
    expect(golden[name].length).toBeGreaterThan(80);
    for (const [a, expected, steepness] of golden[name]) {
      expect(Math.abs(value(a) - expected) / Math.max(1, Math.abs(a))).toBeLessThan(4e-16);
      expect(Math.abs(slope(a) - steepness)).toBeLessThan(4e-16);
    }
  });

  test("stays a number however far away", () => {
    const [above, below] = name === "tanh" ? [1, -1] : [1e200, 0];
    expect(value(1e200)).toBe(above);
    expect(value(-1e200)).toBeCloseTo(below, 300);
    expect(slope(1e200)).toBeCloseTo(name === "tanh" ? 0 : 1, 300);
    expect(slope(-1e200)).toBeCloseTo(0, 300);
  });
});
