/** Pools that are hard in one way each, and an oracle that knows nothing of the code under test. */
import { randomUniform } from "../../src/random.ts";

export interface TestPool {
  readonly name: string;
  readonly rows: number;
  readonly classes: number;
  /** Logits, [rows, classes]. */
  readonly data: Float32Array;
}

export function makePool(
  name: string,
  rows: number,
  classes: number,
  logit: (row: number, c: number) => number,
): TestPool {
  const data = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) for (let c = 0; c < classes; c++) data[row * classes + c] = logit(row, c);
  return { name, rows, classes, data };
}

/** Sums of uniforms: bell-shaped, with standard deviation near `spread`. */
export function bell(seed: number, spread: number): (row: number, c: number) => number {
  return (row, c) => {
    let sum = -2;
    for (let i = 0; i < 4; i++) sum += randomUniform(seed, 900 + i, row, c);
    return sum * Math.sqrt(3) * spread;
  };
}

/** p and ln p of each class of a row in float64, by the definition: shifted by the maximum, summed in order. */
export function beliefsOf(logits: ArrayLike<number>, temperature = 1): { p: number[]; logP: number[] } {
  const z = Array.from(logits, (value) => value / temperature);
  const top = Math.max(...z);
  const logZ = Math.log(z.reduce((sum, value) => sum + Math.exp(value - top), 0));
  const logP = z.map((value) => value - top - logZ);
  return { p: logP.map(Math.exp), logP };
}

/** The definitions of formulas in any textbook, from p and ln p. */
export const definitions: Record<string, (p: number[], logP: number[]) => number> = {
  "least-confidence": (p) => 1 - Math.max(...p),
  margin: (p) => {
    const [top, next = 0] = [...p].sort((a, b) => b - a);
    return 1 - (top - next);
  },
  entropy: (p, logP) => -p.reduce((sum, pc, c) => sum + (pc === 0 ? 0 : pc * logP[c]), 0),
};

export function scoresOf(pool: TestPool, strategy: string, temperature = 1): Float64Array {
  return Float64Array.from({ length: pool.rows }, (_, row) => {
    const { p, logP } = beliefsOf(pool.data.subarray(row * pool.classes, (row + 1) * pool.classes), temperature);
    return definitions[strategy](p, logP);
  });
}

/** The k best rows by sorting all of them: ties to the lowest row. */
export function bestRows(scores: ArrayLike<number>, k: number, left: (row: number) => boolean = () => true): number[] {
  const rows = Array.from({ length: scores.length }, (_, row) => row).filter(left);
  return rows.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k);
}
