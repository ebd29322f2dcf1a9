/** Draws of a seed, one after the other: whole numbers and their sums only, so that every browser draws the same bits. */

export interface Draws {
  /** At least 0 and below 1. */
  uniform(): number;
  /** Mean 0, standard deviation 1: the sum of twelve uniforms, which never strays farther than 6. */
  normal(): number;
}

/** SplitMix with 32 bits of state (Steele, Lea & Flood 2014). */
export function drawsOf(seed: number): Draws {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  const normal = (): number => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  };
  return { uniform, normal };
}
