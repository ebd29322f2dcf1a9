/**
 * What rows may add at most to a batch of which labels are given, ever closer to the truth and ever dearer.
 *
 * Without a look at a row's passes there is its BALD score b = H(p̄) − mean H(p_t), which says enough while all combinations
 * of labels together weigh the passes alike. Sampled ones weigh them by w, which is off by d = w − 1/T. Entropy is
 * concave, so the mean entropy over combinations is no more than H(Σ w p_t), and for that there are two bounds (Gibbs):
 *
 * - Σ w KL(p_t ‖ Σ w p_t) ≤ Σ w KL(p_t ‖ p̄) ≤ b · max w T, and the rest is Σ d H(p_t) ≤ ln C · Σ max(0, d).
 * - It is at most −Σ w Σ p_t ln p̄ = H(p̄) + Σ d h_t with h_t = −Σ p_t ln p̄, and Σ d h_t ≤ ‖d‖ · ‖h − mean h‖. That needs
 *   one number of each row, which is there once it has been read.
 *
 * With a look at them, there is their mean entropy over bundles of combinations, and over all of them.
 */
import { entropyError, SimdEntropy } from "../backends/cpu/simdEntropy.ts";
import { log, square } from "../elementary.ts";
import { pLogP } from "../passes.ts";
import { bundled, driftOf, type Drift, type Mixtures } from "./mixtures.ts";
import type { RowPasses } from "./rowPasses.ts";

/** Widens what float64 rounds: a bound must stay one. */
export const ROUNDING = 1e-9;
/** More combinations than this are bundled first. */
const MANY = 512;

export class GainBounds {
  /** [rows]: BALD scores at most. */
  private readonly alone: Float64Array;
  /** [rows]: ‖h − mean h‖, NaN of one that was never read. */
  private readonly unevenness: Float32Array;
  private readonly all: SimdEntropy;
  private readonly bundles: SimdEntropy;
  private drift: Drift = { most: 1, excess: 0, distance: 0 };
  private areMany = false;

  private constructor(alone: Float64Array, all: SimdEntropy, bundles: SimdEntropy) {
    this.alone = alone;
    this.unevenness = new Float32Array(alone.length).fill(NaN);
    this.all = all;
    this.bundles = bundles;
  }

  static async open(alone: Float64Array): Promise<GainBounds> {
    return new GainBounds(alone, await SimdEntropy.open(), await SimdEntropy.open());
  }

  /** Is told of each row that is read. */
  see = (row: number, { passes, classes, each }: RowPasses): void => {
    const logMean = new Float64Array(classes);
    for (let i = 0; i < each.length; i++) logMean[i % classes] += each[i] / passes;
    for (let c = 0; c < classes; c++) logMean[c] = log(logMean[c]);
    const h = new Float64Array(passes);
    for (let t = 0, i = 0; t < passes; t++) for (let c = 0; c < classes; c++, i++) h[t] -= pLogP(each[i], logMean[c]);
    const mean = h.reduce((a, b) => a + b, 0) / passes;
    const squares = h.reduce((sum, own) => sum + square(own - mean), 0);
    this.unevenness[row] = Math.sqrt(squares) * (1 + 2 ** -20);
  };

  /** Moves on to these combinations of labels. */
  mix(mixtures: Mixtures): void {
    const { passes, weights, masses } = mixtures;
    this.drift = driftOf(mixtures);
    this.all.mix(passes, weights, masses);
    this.areMany = masses.length > MANY;
    if (!this.areMany) return;
    const few = bundled(mixtures);
    this.bundles.mix(passes, few.weights, few.masses);
  }

  /** How many looks there are. */
  get looks(): number {
    return this.areMany ? 2 : 1;
  }

  /** Of a row whose passes are not looked at. */
  blind(row: number, classes: number): number {
    const { most, excess, distance } = this.drift;
    const unread = this.alone[row] * most + excess * log(classes);
    const read = this.alone[row] + distance * this.unevenness[row];
    return (read < unread ? read : unread) + ROUNDING;
  }

  /** Of rows at this look; the last, at `looks`, is to within rounding of float32. */
  at(look: number, rows: readonly RowPasses[]): Float64Array {
    const entropies = (look < this.looks ? this.bundles : this.all).of(rows);
    return entropies.map((entropy, i) => {
      const { passes, classes, within } = rows[i];
      return Math.max(0, entropy - within + entropyError(passes, classes)) + ROUNDING;
    });
  }
}
