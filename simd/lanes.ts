/**
 * float32 in four lanes: what WebAssembly has no instruction for, and how far each is off, in units of u = 2⁻²⁴. What is
 * inlined here is compiled into the modules that import it.
 */

@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** a · b + c, rounded once where the engine has relaxed SIMD and the processor fuses, else twice. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Numbers from 2^23 on have no fraction: adding this rounds to the nearest whole number, and subtracting it gives that. */
const ROUNDER: f32 = 12582912;
/** Below it eˣ is no normal float32, and counts as 0. */
const LOWEST_EXPONENT: f32 = -87.33;

/**
 * eˣ within 6u of itself, for x from −104 to 0 (what is below −87.33 gives 0): eˣ = 2ⁿ eʳ with |r| ≤ ln 2 / 2, of which a
 * polynomial of degree 5 (minimax by relative error) is off by 1.8u. ln 2 is subtracted in two parts, the first of which
 * has so few digits that its product with n is exact.
 */
@inline
export function exp(x: v128): v128 {
  const shifted = madd(x, splat(1.44269504), splat(ROUNDER));
  const n = f32x4.sub(shifted, splat(ROUNDER));
  const r = madd(n, splat(2.12194440e-4), madd(n, splat(-0.693359375), x));
  let sum = madd(splat(0.0083125), r, splat(0.04189033));
  sum = madd(sum, r, splat(0.16667115));
  sum = madd(sum, r, splat(0.4999923));
  sum = madd(sum, r, splat(1));
  sum = madd(sum, r, splat(1));
  const scaled = i32x4.add(sum, i32x4.shl(shifted, 23));
  return v128.and(scaled, f32x4.gt(x, splat(LOWEST_EXPONENT)));
}

/**
 * ln q of a normal positive q, within 5u (1 + |ln q|): ln q = e ln 2 + ln m with m from √½ to √2, and ln m =
 * 2 (s + s³/3 + s⁵/5 + s⁷/7) with s = (m − 1) / (m + 1). What is cut off is below u/2, for |s| < 0.1716.
 */
@inline
export function log(q: v128): v128 {
  const exponent = i32x4.shr_s(i32x4.sub(q, splat(0.70710678)), 23);
  const m = i32x4.sub(q, i32x4.shl(exponent, 23));
  const s = f32x4.div(f32x4.sub(m, splat(1)), f32x4.add(m, splat(1)));
  const z = f32x4.mul(s, s);
  let series = madd(z, splat(2.0 / 7.0), splat(2.0 / 5.0));
  series = madd(z, series, splat(2.0 / 3.0));
  series = madd(z, series, splat(2));
  return madd(f32x4.convert_i32x4_s(exponent), splat(0.69314718), f32x4.mul(s, series));
}

/** 2⁻¹²⁶: below it a number has no leading one. */
const LEAST_NORMAL: f32 = 1.17549435e-38;

/** −p ln p of a probability, and 0 at 0. */
@inline
export function surprise(p: v128): v128 {
  return f32x4.neg(f32x4.mul(p, log(f32x4.pmax(splat(LEAST_NORMAL), p))));
}

/** ln p of any probability, also one below 2⁻¹²⁶; of 0, −∞. */
@inline
export function logOfProbability(p: v128): v128 {
  const isSmall = f32x4.lt(p, splat(LEAST_NORMAL));
  // 2²⁴ p is normal, and its logarithm is larger by 24 ln 2.
  const normal = v128.bitselect(f32x4.mul(p, splat(16777216)), p, isSmall);
  const found = f32x4.sub(log(normal), v128.and(isSmall, splat(16.635532)));
  return v128.bitselect(splat(-f32(Infinity)), found, f32x4.eq(p, splat(0)));
}

/** Bits without the sign: the larger the magnitude, and past all of them infinity and NaN. */
@inline
export function magnitude(x: v128): v128 {
  return v128.and(x, i32x4.splat(0x7fffffff));
}

/** The mixer of random.ts. */
@inline
export function mix(value: v128): v128 {
  let h = i32x4.mul(v128.xor(value, i32x4.shr_u(value, 16)), i32x4.splat(0x85ebca6b));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(h, i32x4.shr_u(h, 16));
}
