/**
 * Seeded draws by arithmetic that IEEE 754 fixes to the last bit (no sine, no logarithm), so that every browser, and Node,
 * make the same pool of a seed.
 */

export interface Draws {
  /** From 0 up to, not including, 1. */
  uniform(): number;
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number;
  /** Nearly normal: mean 0, variance 1, never beyond 3.5. */
  bell(): number;
}

/** Mulberry32 (Ettinger): 2³² draws until it comes round. */
export function drawsOf(seed: number): Draws {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    uniform,
    below: (end) => Math.floor(end * uniform()),
    // A uniform draw has variance 1/12: the sum of four has a third.
    bell: () => Math.sqrt(3) * (uniform() + uniform() + uniform() + uniform() - 2),
  };
}
