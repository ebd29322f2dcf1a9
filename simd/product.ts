/** Dense layers over a tile of sixteen rows: vectors of four rows, [units, 4]. */
import { exp, madd, magnitude, one, splat } from "./lanes";

/** Bytes of a unit: sixteen rows. */
export const UNIT: u32 = 64;
/** Products that are added up by themselves before they are added to the others: a shorter chain of roundings. */
const STRETCH: u32 = 32;

/** ACTIVATION of a job. */
export const RELU: u32 = 1;
export const GELU: u32 = 2;
export const TANH: u32 = 3;

/** Of the standard normal distribution, to 3e-7 (Abramowitz & Stegun 1964, 7.1.26). Below 0 it is the tail itself. */
@inline
function normalCdf(a: v128, k: usize): v128 {
  const y = f32x4.mul(f32x4.abs(a), splat(0.70710678));
  const t = f32x4.div(splat(1), madd(y, splat(0.3275911), splat(1)));
  let tail = madd(splat(1.061405429), t, splat(-1.453152027));
  tail = madd(tail, t, splat(1.421413741));
  tail = madd(tail, t, splat(-0.284496736));
  tail = madd(tail, t, splat(0.254829592));
  const decay = exp(f32x4.neg(f32x4.mul(y, y)), k);
  const half = f32x4.mul(f32x4.mul(splat(0.5), f32x4.mul(tail, t)), decay);
  return v128.bitselect(half, f32x4.sub(splat(1), half), f32x4.lt(a, splat(0)));
}

@inline
function tanh(a: v128, k: usize): v128 {
  const e = exp(f32x4.mul(splat(-2), f32x4.abs(a)), k);
  const size = f32x4.div(f32x4.sub(splat(1), e), f32x4.add(splat(1), e));
  return v128.or(size, v128.and(a, i32x4.splat(0x80000000)));
}

function activate(a: v128, activation: u32, k: usize): v128 {
  if (activation == RELU) return f32x4.pmax(splat(0), a);
  if (activation == GELU) return f32x4.mul(a, normalCdf(a, k));
  if (activation == TANH) return tanh(a, k);
  return a;
}

function slopeOf(a: v128, activation: u32, k: usize): v128 {
  if (activation == GELU) {
    const decay = exp(f32x4.mul(f32x4.mul(splat(-0.5), a), a), k);
    return madd(f32x4.mul(a, splat(0.39894228)), decay, normalCdf(a, k));
  }
  if (activation == TANH) {
    const h = tanh(a, k);
    return f32x4.sub(splat(1), f32x4.mul(h, h));
  }
  return splat(1);
}

/**
 * into [outputs, 16], rounded up to fours = W x + b, with W in tiles of four outputs, [tiles, inputs, 4], b [tiles, 4] or
 * none, x [inputs, 16].
 */
export function product(weights: usize, bias: usize, inputs: u32, outputs: u32, x: usize, into: usize): void {
  const zero = splat(0);
  for (let tile: u32 = 0; tile < outputs; tile += 4) {
    if (outputs - tile <= 2) {
      lastTwo(weights + tile * (inputs << 2), bias ? bias + (tile << 2) : 0, inputs, x, into + tile * UNIT);
      return;
    }
    for (let half: u32 = 0; half < UNIT; half += 32) {
      let w = weights + tile * (inputs << 2);
      let from = x + half;
      let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero; // prettier-ignore
      if (bias) {
        s00 = s01 = v128.load32_splat(bias + (tile << 2));
        s10 = s11 = v128.load32_splat(bias + (tile << 2), 4);
        s20 = s21 = v128.load32_splat(bias + (tile << 2), 8);
        s30 = s31 = v128.load32_splat(bias + (tile << 2), 12);
      }
      for (let left = inputs; left > 0; ) {
        const count = min(left, STRETCH);
        left -= count;
        const end = w + (count << 4);
        let a00 = zero, a01 = zero, a10 = zero, a11 = zero, a20 = zero, a21 = zero, a30 = zero, a31 = zero; // prettier-ignore
        for (; w < end; w += 16) {
          const x0 = v128.load(from);
          const x1 = v128.load(from, 16);
          from += UNIT;
          const w0 = v128.load32_splat(w);
          a00 = madd(w0, x0, a00);
          a01 = madd(w0, x1, a01);
          const w1 = v128.load32_splat(w, 4);
          a10 = madd(w1, x0, a10);
          a11 = madd(w1, x1, a11);
          const w2 = v128.load32_splat(w, 8);
          a20 = madd(w2, x0, a20);
          a21 = madd(w2, x1, a21);
          const w3 = v128.load32_splat(w, 12);
          a30 = madd(w3, x0, a30);
          a31 = madd(w3, x1, a31);
        }
        s00 = f32x4.add(s00, a00);
        s01 = f32x4.add(s01, a01);
        s10 = f32x4.add(s10, a10);
        s11 = f32x4.add(s11, a11);
        s20 = f32x4.add(s20, a20);
        s21 = f32x4.add(s21, a21);
        s30 = f32x4.add(s30, a30);
        s31 = f32x4.add(s31, a31);
      }
      const to = into + tile * UNIT + half;
      v128.store(to, s00);
      v128.store(to, s01, 16);
      v128.store(to + UNIT, s10);
      v128.store(to + UNIT, s11, 16);
      v128.store(to + 2 * UNIT, s20);
      v128.store(to + 2 * UNIT, s21, 16);
      v128.store(to + 3 * UNIT, s30);
      v128.store(to + 3 * UNIT, s31, 16);
    }
  }
}

/** The first two outputs of a tile, of all sixteen rows at once. */
function lastTwo(weights: usize, bias: usize, inputs: u32, x: usize, into: usize): void {
  const zero = splat(0);
  let w = weights;
  let from = x;
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero, s10 = zero, s11 = zero, s12 = zero, s13 = zero; // prettier-ignore
  if (bias) {
    s00 = s01 = s02 = s03 = v128.load32_splat(bias);
    s10 = s11 = s12 = s13 = v128.load32_splat(bias, 4);
  }
  for (let left = inputs; left > 0; ) {
    const count = min(left, STRETCH);
    left -= count;
    const end = w + (count << 4);
    let a00 = zero, a01 = zero, a02 = zero, a03 = zero, a10 = zero, a11 = zero, a12 = zero, a13 = zero; // prettier-ignore
    for (; w < end; w += 16) {
      const w0 = v128.load32_splat(w);
      const w1 = v128.load32_splat(w, 4);
      const x0 = v128.load(from);
      a00 = madd(w0, x0, a00);
      a10 = madd(w1, x0, a10);
      const x1 = v128.load(from, 16);
      a01 = madd(w0, x1, a01);
      a11 = madd(w1, x1, a11);
      const x2 = v128.load(from, 32);
      a02 = madd(w0, x2, a02);
      a12 = madd(w1, x2, a12);
      const x3 = v128.load(from, 48);
      a03 = madd(w0, x3, a03);
      a13 = madd(w1, x3, a13);
      from += UNIT;
    }
    s00 = f32x4.add(s00, a00);
    s01 = f32x4.add(s01, a01);
    s02 = f32x4.add(s02, a02);
    s03 = f32x4.add(s03, a03);
    s10 = f32x4.add(s10, a10);
    s11 = f32x4.add(s11, a11);
    s12 = f32x4.add(s12, a12);
    s13 = f32x4.add(s13, a13);
  }
  v128.store(into, s00);
  v128.store(into, s01, 16);
  v128.store(into, s02, 32);
  v128.store(into, s03, 48);
  v128.store(into + UNIT, s10);
  v128.store(into + UNIT, s11, 16);
  v128.store(into + UNIT, s12, 32);
  v128.store(into + UNIT, s13, 48);
}

/** Sums [units, 16] through the activation, times `scale`, in their place. */
export function activateAll(at: usize, units: u32, activation: u32, scale: f32, k: usize): void {
  const grown = splat(scale);
  const end = at + units * UNIT;
  if (activation == RELU) {
    for (let unit = at; unit < end; unit += 16)
      v128.store(unit, f32x4.mul(grown, f32x4.pmax(splat(0), v128.load(unit))));
    return;
  }
  for (let unit = at; unit < end; unit += 16)
    v128.store(unit, f32x4.mul(grown, activate(v128.load(unit), activation, k)));
}

/** The least |a| of the sums of sixteen rows, [units, 16], into [16]. No chain waits for another. */
export function closest(at: usize, units: u32, into: usize, k: usize): void {
  let least0 = splat(f32.MAX_VALUE), least1 = least0, least2 = least0, least3 = least0; // prettier-ignore
  for (let end = at + units * UNIT; at < end; at += UNIT) {
    least0 = f32x4.pmin(least0, magnitude(v128.load(at), k));
    least1 = f32x4.pmin(least1, magnitude(v128.load(at, 16), k));
    least2 = f32x4.pmin(least2, magnitude(v128.load(at, 32), k));
    least3 = f32x4.pmin(least3, magnitude(v128.load(at, 48), k));
  }
  v128.store(into, least0);
  v128.store(into, least1, 16);
  v128.store(into, least2, 32);
  v128.store(into, least3, 48);
}

/** Slopes of the activations of sums [units, 16]. */
export function slopesOfAll(at: usize, units: u32, activation: u32, into: usize, k: usize): void {
  if (activation == RELU) {
    for (let unit: u32 = 0; unit < units * UNIT; unit += 16)
      v128.store(into + unit, v128.and(f32x4.gt(v128.load(at + unit), splat(0)), one(k)));
    return;
  }
  for (let unit: u32 = 0; unit < units * UNIT; unit += 16)
    v128.store(into + unit, slopeOf(v128.load(at + unit), activation, k));
}
