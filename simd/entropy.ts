/**
 * Entropies of mixed predictions on the CPU: float32, sixteen mixtures at a time. AssemblyScript, compiled by
 * `npm run simd`.
 *
 * A row has probabilities p_t(c), [passes, classes]; a mixture s has weights w_st that sum to 1 over the passes, and a mass
 * m_s. Wanted is Σ_s m_s H(q_s) with q_s(c) = Σ_t w_st p_t(c). In u = 2⁻²⁴, to first order:
 *
 * - q is a sum of positive products, so it is off by (passes + 2) u of itself: a rounding for each weight, probability and
 *   product, and passes − 1 additions.
 * - ln q is off by 5u (1 + |ln q|): see lanes.ts.
 * - So each −q ln q is off by (passes + 8) u · q (1 + |ln q|), and their sum over the classes by classes · u · H(q) more.
 * - Mass, its product and the sum of sixteen add 7u. Panels are added up in float64.
 *
 * As H ≤ ln classes and the masses sum to 1, all of it is below (passes + classes + 16) u (1 + ln classes). Probabilities
 * below 2⁻¹²⁶ get the logarithm of about that, which is nothing beside it.
 */

import { surprise, writeConstants } from "./lanes";

export { CONSTANT_BYTES } from "./lanes";

/** Bytes of sixteen mixtures in one pass. */
const PANEL: u32 = 64;

@inline
function mixed(sum: v128, weights: v128, p: v128): v128 {
  return f32x4.add(sum, f32x4.mul(weights, p));
}

/**
 * `into` [count], float64, becomes the mean entropy of each row of `rows` [count, passes, classes]. Mixtures come in panels
 * of sixteen: `weights` [panels, passes, 16] and `masses` [panels, 16], 0 where there is none. `k` is room for constants.
 */
export function entropies(
  rows: usize,
  count: u32,
  passes: u32,
  classes: u32,
  weights: usize,
  masses: usize,
  panels: u32,
  into: usize,
  k: usize,
): void {
  writeConstants(k);
  const line = classes << 2;
  const panelBytes = passes * PANEL;
  memory.fill(into, 0, count << 3);
  for (let panel: u32 = 0; panel < panels; panel++) {
    const first = weights + panel * panelBytes;
    const end = first + panelBytes;
    const mass = masses + panel * PANEL;
    for (let row: u32 = 0; row < count; row++) {
      const begin = rows + row * passes * line;
      let h0 = f32x4.splat(0);
      let h1 = f32x4.splat(0);
      let h2 = f32x4.splat(0);
      let h3 = f32x4.splat(0);
      let c: u32 = 0;
      for (; c + 8 <= line; c += 8) {
        let a0 = f32x4.splat(0);
        let a1 = f32x4.splat(0);
        let a2 = f32x4.splat(0);
        let a3 = f32x4.splat(0);
        let b0 = f32x4.splat(0);
        let b1 = f32x4.splat(0);
        let b2 = f32x4.splat(0);
        let b3 = f32x4.splat(0);
        let at = begin + c;
        for (let w = first; w < end; w += PANEL) {
          const p = v128.load32_splat(at);
          const other = v128.load32_splat(at, 4);
          at += line;
          const w0 = v128.load(w);
          a0 = mixed(a0, w0, p);
          b0 = mixed(b0, w0, other);
          const w1 = v128.load(w, 16);
          a1 = mixed(a1, w1, p);
          b1 = mixed(b1, w1, other);
          const w2 = v128.load(w, 32);
          a2 = mixed(a2, w2, p);
          b2 = mixed(b2, w2, other);
          const w3 = v128.load(w, 48);
          a3 = mixed(a3, w3, p);
          b3 = mixed(b3, w3, other);
        }
        h0 = f32x4.add(h0, f32x4.add(surprise(a0, k), surprise(b0, k)));
        h1 = f32x4.add(h1, f32x4.add(surprise(a1, k), surprise(b1, k)));
        h2 = f32x4.add(h2, f32x4.add(surprise(a2, k), surprise(b2, k)));
        h3 = f32x4.add(h3, f32x4.add(surprise(a3, k), surprise(b3, k)));
      }
      if (c < line) {
        let a0 = f32x4.splat(0);
        let a1 = f32x4.splat(0);
        let a2 = f32x4.splat(0);
        let a3 = f32x4.splat(0);
        let at = begin + c;
        for (let w = first; w < end; w += PANEL) {
          const p = v128.load32_splat(at);
          at += line;
          a0 = mixed(a0, v128.load(w), p);
          a1 = mixed(a1, v128.load(w, 16), p);
          a2 = mixed(a2, v128.load(w, 32), p);
          a3 = mixed(a3, v128.load(w, 48), p);
        }
        h0 = f32x4.add(h0, surprise(a0, k));
        h1 = f32x4.add(h1, surprise(a1, k));
        h2 = f32x4.add(h2, surprise(a2, k));
        h3 = f32x4.add(h3, surprise(a3, k));
      }
      const pairs = f32x4.add(
        f32x4.add(f32x4.mul(h0, v128.load(mass)), f32x4.mul(h1, v128.load(mass, 16))),
        f32x4.add(f32x4.mul(h2, v128.load(mass, 32)), f32x4.mul(h3, v128.load(mass, 48))),
      );
      const halves = f32x4.add(pairs, v128.shuffle<f32>(pairs, pairs, 2, 3, 0, 1));
      const sum = f32x4.extract_lane(halves, 0) + f32x4.extract_lane(halves, 1);
      const place = into + (row << 3);
      store<f64>(place, load<f64>(place) + <f64>sum);
    }
  }
}
