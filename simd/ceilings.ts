/**
 * What one thread of WebAssembly does at its best: reading, multiply-adds in registers, exponentials. AssemblyScript,
 * the ceilings of src/bench: with relaxed SIMD where the engine has it and without elsewhere.
 */

/**
 * Constants, in memory: what is written into the code a newer V8 puts together anew at every use, which costs more than the
 * arithmetic. A factor and a summand, then what `exp` needs, in the order of its use.
 */
const FACTOR = memory.data<f32>([
  0.999, 0.001, 12582912, 1.44269504, -0.693145752, -1.42860677e-6,
  1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1,
], 16);
const SUMMAND = FACTOR + 4;
const EXP = FACTOR + 8;

/** Makes room for so many bytes and writes on all of them: pages never written on are all the same one, in the cache. */
export function fill(bytes: usize): void {
  const pages = (__heap_base + bytes + 0xffff) >>> 16;
  const there = <usize>memory.size();
  if (pages > there && memory.grow(<i32>(pages - there)) < 0) unreachable();
  memory.fill(__heap_base, 0x3f, bytes);
}

/** Sums `bytes`, a multiple of 128, so many times. Eight sums, for one would wait for itself. */
export function read(bytes: usize, times: u32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (let time: u32 = 0; time < times; time++) {
    for (let at = __heap_base; at < __heap_base + bytes; at += 128) {
      a = f32x4.add(a, v128.load(at));
      b = f32x4.add(b, v128.load(at, 16));
      c = f32x4.add(c, v128.load(at, 32));
      d = f32x4.add(d, v128.load(at, 48));
      e = f32x4.add(e, v128.load(at, 64));
      f = f32x4.add(f, v128.load(at, 80));
      g = f32x4.add(g, v128.load(at, 96));
      h = f32x4.add(h, v128.load(at, 112));
    }
  }
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  return lanes(f32x4.add(a, f32x4.add(f32x4.add(e, f), f32x4.add(g, h))));
}

/** 48 multiply-adds a step: twelve vectors, which with factor and summand are as many as registers hold. */
export function multiplyAdds(steps: u32): f32 {
  const x = v128.load32_splat(FACTOR);
  const y = v128.load32_splat(SUMMAND);
  let a = y;
  let b = f32x4.add(a, y);
  let c = f32x4.add(b, y);
  let d = f32x4.add(c, y);
  let e = f32x4.add(d, y);
  let f = f32x4.add(e, y);
  let g = f32x4.add(f, y);
  let h = f32x4.add(g, y);
  let i = f32x4.add(h, y);
  let j = f32x4.add(i, y);
  let k = f32x4.add(j, y);
  let l = f32x4.add(k, y);
  for (let step: u32 = 0; step < steps; step++) {
    a = multiplyAdd(a, x, y);
    b = multiplyAdd(b, x, y);
    c = multiplyAdd(c, x, y);
    d = multiplyAdd(d, x, y);
    e = multiplyAdd(e, x, y);
    f = multiplyAdd(f, x, y);
    g = multiplyAdd(g, x, y);
    h = multiplyAdd(h, x, y);
    i = multiplyAdd(i, x, y);
    j = multiplyAdd(j, x, y);
    k = multiplyAdd(k, x, y);
    l = multiplyAdd(l, x, y);
  }
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  e = f32x4.add(f32x4.add(e, f), f32x4.add(g, h));
  return lanes(f32x4.add(f32x4.add(a, e), f32x4.add(f32x4.add(i, j), f32x4.add(k, l))));
}

/** 32 exponentials a step, of arguments from −16 to 0 as a softmax has them, eight vectors that do not wait. */
export function exps(steps: u32): f32 {
  const stride = f32x4.splat(-1.0 / 64.0);
  let x = f32x4(0, -0.001, -0.002, -0.003);
  let a = f32x4.splat(0);
  let b = a;
  for (let step: u32 = 0; step < steps; step++) {
    a = f32x4.add(a, f32x4.add(exp(x), exp(f32x4.add(x, f32x4.splat(-2)))));
    b = f32x4.add(b, f32x4.add(exp(f32x4.add(x, f32x4.splat(-4))), exp(f32x4.add(x, f32x4.splat(-6)))));
    a = f32x4.add(a, f32x4.add(exp(f32x4.add(x, f32x4.splat(-8))), exp(f32x4.add(x, f32x4.splat(-10)))));
    b = f32x4.add(b, f32x4.add(exp(f32x4.add(x, f32x4.splat(-12))), exp(f32x4.add(x, f32x4.splat(-14)))));
    x = f32x4.add(x, stride);
    // Back to the start, every 128 steps.
    x = v128.andnot(x, f32x4.lt(x, f32x4.splat(-2)));
  }
  return lanes(f32x4.add(a, b));
}

/** For tests: e^x of one number, by the same polynomial. */
export function expOf(x: f32): f32 {
  return f32x4.extract_lane(exp(f32x4.splat(x)), 0);
}

/** e^x as 2ⁿ e^r with |r| ≤ ½ ln 2, where a Taylor polynomial of the sixth degree is off by about a rounding. */
@inline
function exp(x: v128): v128 {
  // Added and taken away again, it leaves a whole number, and its low bits are that number.
  const shift = v128.load32_splat(EXP);
  const shifted = multiplyAdd(x, v128.load32_splat(EXP, 4), shift);
  const n = f32x4.sub(shifted, shift);
  let r = multiplyAdd(n, v128.load32_splat(EXP, 8), x);
  r = multiplyAdd(n, v128.load32_splat(EXP, 12), r);
  let p = multiplyAdd(v128.load32_splat(EXP, 16), r, v128.load32_splat(EXP, 20));
  p = multiplyAdd(p, r, v128.load32_splat(EXP, 24));
  p = multiplyAdd(p, r, v128.load32_splat(EXP, 28));
  p = multiplyAdd(p, r, v128.load32_splat(EXP, 32));
  p = multiplyAdd(p, r, v128.load32_splat(EXP, 36));
  p = multiplyAdd(p, r, v128.load32_splat(EXP, 36));
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

@inline
function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

@inline
function lanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3)
  );
}
