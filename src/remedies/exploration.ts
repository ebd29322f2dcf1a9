/**
 * ε-greedy: each pick is, with probability ε, a uniform draw among the rows left, so that no region of the pool is never
 * asked about, and every pick knows how likely it was.
 */
import type { Pick } from "../batches/batch.ts";
import { randomBits, streams } from "../random.ts";

/** A pick, and how it came about. */
export interface ExploredPick extends Pick {
  /** Whether it was drawn among all rows left. */
  readonly explored: boolean;
  /**
   * How likely this row was at this step, given the picks before it: ε / rows left if it was not the rule's own choice,
   * and 1 − ε more if it was. What the rule itself draws by lot is taken as given.
   */
  readonly probability: number;
}

/**
 * The rule's own picks, each given way to a draw with probability `epsilon`. The rule is not asked again: its next choice
 * is the next of `picks` that has not been drawn.
 *
 * `taken` has a bit a row, 32 a word, for rows that may not be picked; of a pool of `rows`.
 */
export function explore(
  picks: readonly Pick[],
  { epsilon, seed, taken, rows }: { epsilon: number; seed: number; taken: Uint32Array; rows: number },
): ExploredPick[] {
  const bits = taken.slice();
  let left = rows - countOf(bits);
  const isTaken = (row: number): boolean => ((bits[row >>> 5] >>> (row & 31)) & 1) === 1;
  const found: ExploredPick[] = [];
  for (let step = 0, next = 0; step < picks.length; step++, left--) {
    while (isTaken(picks[next].row)) next++;
    const own = picks[next];
    const explored = randomBits(seed, streams.explore, step, 0) < epsilon * 2 ** 32;
    const drawn = explored
      ? freeRow(bits, Math.floor((randomBits(seed, streams.explore, step, 1) / 2 ** 32) * left))
      : own.row;
    const probability = epsilon / left + (drawn === own.row ? 1 - epsilon : 0);
    found.push({ ...(drawn === own.row ? own : { row: drawn, score: NaN }), explored, probability });
    bits[drawn >>> 5] |= 1 << (drawn & 31);
  }
  return found;
}

/** The free row that has so many free ones before it. */
function freeRow(bits: Uint32Array, before: number): number {
  let word = 0;
  for (let free = 32 - ones(bits[0]); free <= before; free = 32 - ones(bits[++word])) before -= free;
  for (let bit = 0; ; bit++) if (((bits[word] >>> bit) & 1) === 0 && before-- === 0) return 32 * word + bit;
}

const countOf = (bits: Uint32Array): number => bits.reduce((sum, word) => sum + ones(word), 0);

function ones(word: number): number {
  let left = word - ((word >>> 1) & 0x55555555);
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
  return Math.imul((left + (left >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
