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

/**
 * Constants of the functions below, as vectors in memory: their argument `k` says where. Engines build a constant in the
 * code anew at each use, and reading one is quicker: 0.87 against 1.03 ns an exponential on Node 20, 0.77 against 1.61 on
 * Node 24.
 */
export const CONSTANT_BYTES: u32 = 16 * 20;

export function writeConstants(k: usize): void {
  // Numbers from 2²³ on have no fraction: adding this one rounds, and subtracting it gives what was rounded to.
  v128.store(k, splat(12582912), 0);
  // 2^f for |f| ≤ ½: minimax by relative error.
  v128.store(k, splat(0.00132646586), 16);
  v128.store(k, splat(0.00967156608), 32);
  v128.store(k, splat(0.0555073433), 48);
  v128.store(k, splat(0.240222409), 64);
  v128.store(k, splat(0.693147004), 80);
  v128.store(k, splat(1), 96);
  // ln m by s = (m − 1) / (m + 1): 2s + 2s³/3 + 2s⁵/5 + 2s⁷/7.
  v128.store(k, splat(2.0 / 7.0), 112);
  v128.store(k, splat(2.0 / 5.0), 128);
  v128.store(k, splat(2.0 / 3.0), 144);
  v128.store(k, splat(2), 160);
  v128.store(k, splat(0.69314718), 176); // ln 2
  v128.store(k, splat(0.70710678), 192); // √½
  v128.store(k, splat(1.17549435e-38), 208); // 2⁻¹²⁶, the least normal number
  v128.store(k, splat(-126), 224);
  v128.store(k, i32x4.splat(0x7fffffff), 240);
  v128.store(k, i32x4.splat(0x85ebca6b), 256);
  v128.store(k, i32x4.splat(0xc2b2ae35), 272);
  v128.store(k, i32x4.splat(0xffff), 288);
  v128.store(k, splat(1.44269504), 304); // 1 / ln 2
}

@inline
export function one(k: usize): v128 {
  return v128.load(k, 96);
}

@inline
export function ln2(k: usize): v128 {
  return v128.load(k, 176);
}

@inline
export function leastNormal(k: usize): v128 {
  return v128.load(k, 208);
}

/** Below this power of two there is no normal number. */
@inline
export function leastPower(k: usize): v128 {
  return v128.load(k, 224);
}

/**
 * 2^y within 4u of itself, for y from −126 to 0: 2ⁿ · 2^f with |f| ≤ ½, of which a polynomial of degree 5 is off by 1.9u. It is
 * evaluated by pairs (Estrin 1960): what follows each other is what takes time.
 */
@inline
export function exp2(y: v128, k: usize): v128 {
  const rounder = v128.load(k);
  const shifted = f32x4.add(y, rounder);
  const f = f32x4.sub(y, f32x4.sub(shifted, rounder));
  const f2 = f32x4.mul(f, f);
  const high = madd(f, v128.load(k, 16), v128.load(k, 32));
  const middle = madd(f, v128.load(k, 48), v128.load(k, 64));
  const low = madd(f, v128.load(k, 80), one(k));
  const sum = madd(madd(high, f2, middle), f2, low);
  return i32x4.add(sum, i32x4.shl(shifted, 23));
}

/** eˣ within (4 + 2|x|) u of itself, for x ≤ 0; below 2⁻¹²⁶ it stays there. */
@inline
export function exp(x: v128, k: usize): v128 {
  return exp2(f32x4.pmax(v128.load(k, 224), f32x4.mul(x, v128.load(k, 304))), k);
}

/**
 * ln q of a normal positive q, within 5u (1 + |ln q|): ln q = e ln 2 + ln m with m from √½ to √2, and a series in
 * s = (m − 1) / (m + 1). What is cut off is below u/2, for |s| < 0.1716. Roundings: one in ln 2, one in its product, one
 * in the sum, and eight in ln m, which is below 0.35.
 */
@inline
export function log(q: v128, k: usize): v128 {
  const exponent = i32x4.shr_s(i32x4.sub(q, v128.load(k, 192)), 23);
  const m = i32x4.sub(q, i32x4.shl(exponent, 23));
  const s = f32x4.div(f32x4.sub(m, one(k)), f32x4.add(m, one(k)));
  const z = f32x4.mul(s, s);
  let series = madd(z, v128.load(k, 112), v128.load(k, 128));
  series = madd(z, series, v128.load(k, 144));
  series = madd(z, series, v128.load(k, 160));
  return madd(f32x4.convert_i32x4_s(exponent), ln2(k), f32x4.mul(s, series));
}

/** −p ln p of a probability, and 0 at 0. */
@inline
export function surprise(p: v128, k: usize): v128 {
  return f32x4.neg(f32x4.mul(p, log(f32x4.pmax(leastNormal(k), p), k)));
}

/** ln p of any probability, also one below 2⁻¹²⁶; −∞ of 0, and of what is below it. */
@inline
export function logOfProbability(p: v128, k: usize): v128 {
  const isSmall = f32x4.lt(p, leastNormal(k));
  // 2²⁴ p is normal, and its logarithm is larger by 24 ln 2.
  const normal = v128.bitselect(f32x4.mul(p, splat(16777216)), p, isSmall);
  const found = f32x4.sub(log(normal, k), v128.and(isSmall, splat(16.635532)));
  return v128.bitselect(splat(-f32(Infinity)), found, f32x4.le(p, splat(0)));
}

/** Bits without the sign: the larger the magnitude, and past all of them infinity and NaN. */
@inline
export function magnitude(x: v128, k: usize): v128 {
  return v128.and(x, v128.load(k, 240));
}

/** The mixer of random.ts. */
@inline
export function mix(value: v128, k: usize): v128 {
  let h = i32x4.mul(v128.xor(value, i32x4.shr_u(value, 16)), v128.load(k, 256));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), v128.load(k, 272));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/** The lower half of every lane. */
@inline
export function lowerHalf(bits: v128, k: usize): v128 {
  return v128.and(bits, v128.load(k, 288));
}
