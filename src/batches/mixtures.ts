/** Mixtures of passes: what the passes of a model weigh, given labels that rows may turn out to have. */
import { square } from "../elementary.ts";

export interface Mixtures {
  readonly passes: number;
  /** [count, passes]; those of one mixture sum to 1, or are all 0. */
  readonly weights: Float64Array;
  /** [count]: how much each counts, 1 in all. */
  readonly masses: Float64Array;
}

/** Bundles are split until there are so many, or each is of mixtures that are the same. */
const BUNDLES = 384;

/**
 * Far fewer mixtures in the place of these: bundles of those that weigh passes alike, each at its mean. Entropy is concave,
 * so the mean entropy of a row does not get smaller.
 */
export function bundled(mixtures: Mixtures): Mixtures {
  const { passes, weights, masses } = mixtures;
  const possible = Uint32Array.from(masses.keys()).filter((s) => masses[s] > 0);
  const bundles = [bundleOf(mixtures, possible)];
  while (bundles.length < BUNDLES) {
    let loosest = 0;
    for (let i = 1; i < bundles.length; i++) if (bundles[i].looseness > bundles[loosest].looseness) loosest = i;
    const { members, mean, widest } = bundles[loosest];
    // Those that weigh that pass less than the mean come to the front.
    let middle = 0;
    for (let i = 0; i < members.length; i++) {
      const s = members[i];
      if (weights[s * passes + widest] >= mean[widest]) continue;
      members[i] = members[middle];
      members[middle++] = s;
    }
    if (middle === 0 || middle === members.length) break;
    bundles[loosest] = bundleOf(mixtures, members.subarray(0, middle));
    bundles.push(bundleOf(mixtures, members.subarray(middle)));
  }
  return {
    passes,
    weights: Float64Array.from(bundles.flatMap(({ mean }) => Array.from(mean))),
    masses: Float64Array.from(bundles, ({ mass }) => mass),
  };
}

interface Bundle {
  /** Numbers of mixtures, in no order. */
  readonly members: Uint32Array;
  readonly mass: number;
  /** Weights, [passes]. */
  readonly mean: Float64Array;
  /** Mass times the mean squared distance from the mean. */
  readonly looseness: number;
  /** The pass whose weights vary most. */
  readonly widest: number;
}

function bundleOf({ passes, weights, masses }: Mixtures, members: Uint32Array): Bundle {
  const mean = new Float64Array(passes);
  const squares = new Float64Array(passes);
  let mass = 0;
  for (const s of members) {
    const own = masses[s];
    mass += own;
    for (let t = 0, at = s * passes; t < passes; t++, at++) {
      const share = own * weights[at];
      mean[t] += share;
      squares[t] += share * weights[at];
    }
  }
  let looseness = 0;
  let widest = 0;
  let width = -Infinity;
  for (let t = 0; t < passes; t++) {
    mean[t] /= mass;
    const spread = squares[t] - mass * square(mean[t]);
    looseness += spread;
    if (spread <= width) continue;
    width = spread;
    widest = t;
  }
  return { members, mass, mean, looseness, widest };
}

/** How far all mixtures together are from weighing passes alike. */
export interface Drift {
  /** The largest weight of a pass, where 1 is its due. */
  readonly most: number;
  /** What passes weigh that have more than their due: the total variation. */
  readonly excess: number;
  /** Euclidean distance of the weights from 1 / passes. */
  readonly distance: number;
}

export function driftOf({ passes, weights, masses }: Mixtures): Drift {
  const together = new Float64Array(passes);
  for (let s = 0; s < masses.length; s++)
    for (let t = 0; t < passes; t++) together[t] += masses[s] * weights[s * passes + t];
  let most = 0;
  let excess = 0;
  let squares = 0;
  for (const weight of together) {
    most = Math.max(most, weight * passes);
    excess += Math.max(0, weight - 1 / passes);
    squares += square(weight - 1 / passes);
  }
  return { most, excess, distance: Math.sqrt(squares) };
}
