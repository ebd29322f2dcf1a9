/**
 * What a model says of four rows, a lane a row: softmax statistics of a pass.
 *
 * With d = (z − top) / τ, Z = Σ e^d and S = Σ e^d d the entropy is ln Z − S / Z, whose two parts are both positive, so that
 * nothing cancels. Powers are of two: y = d / ln 2, and S is in units of ln 2. What is added up is added in stretches first.
 */
import { Job } from "./job";
import { exp2, leastNormal, leastPower, ln2, log, logOfProbability, madd, magnitude, one, splat, surprise } from "./lanes";
import { DIRECT, LOGITS, PROBABILITIES, Room, STRETCH } from "./room";


/** Probabilities are added up in whole units of 2⁻³⁰, as reference.ts does, and no further than this. */
const UNITS: f32 = 1073741824;
const TOLERANCE: i32 = 1073741;
const MOST_UNITS: i32 = 0x7fffffff;

export abstract class Rows {
  /** Masks: what is no valid input, and what float64 has to judge. */
  static invalid: v128 = i32x4.splat(0);
  static doubtful: v128 = i32x4.splat(0);
  /** ‖(x, 1)‖² of features; 0 of predictions. */
  static squares: v128 = f32x4.splat(0);
  /** Votes that rounding may have turned. */
  static doubts: v128 = f32x4.splat(0);
  /** The largest mean probability, the next, and the entropy of all. */
  static best: v128 = f32x4.splat(0);
  static second: v128 = f32x4.splat(0);
  static entropy: v128 = f32x4.splat(0);
  /** Mean entropy of the passes, and the largest divergence of one. */
  static within: v128 = f32x4.splat(0);
  static divergence: v128 = f32x4.splat(0);
  /** Entropy of the votes, the most of them, and the mean deviation: shares of 1. */
  static voteEntropy: v128 = f32x4.splat(0);
  static mostVotes: v128 = f32x4.splat(0);
  static deviation: v128 = f32x4.splat(0);
  /** Σ p_y ‖∇ℓ(x, y)‖. */
  static gradient: v128 = f32x4.splat(0);
}

/** One pass over the four rows at hand. */
export abstract class Pass {
  /** The largest value, the next, and which class it is. */
  static top: v128 = f32x4.splat(0);
  static next: v128 = f32x4.splat(0);
  static likeliest: v128 = i32x4.splat(0);
  /** Z and S. */
  static total: v128 = f32x4.splat(0);
  static moment: v128 = f32x4.splat(0);
}

/** Marks rows whose values, `step` bytes apart, are no valid input. */
export function inspect(job: Job, at: usize, step: u32): void {
  const k = Room.constants;
  let largest = i32x4.splat(0);
  const end = at + job.classes * step;
  if (job.kind == LOGITS) {
    for (let from = at; from < end; from += step) largest = i32x4.max_u(largest, magnitude(v128.load(from), k));
    Rows.invalid = v128.or(Rows.invalid, i32x4.ge_u(largest, i32x4.splat(job.limit)));
    return;
  }
  let pattern = i32x4.splat(0);
  let units = i32x4.splat(0);
  const most = i32x4.splat(MOST_UNITS);
  for (let from = at; from < end; from += step) {
    const p = v128.load(from);
    largest = i32x4.max_u(largest, magnitude(p, k));
    pattern = i32x4.max_u(pattern, p);
    const own = i32x4.trunc_sat_f32x4_s(f32x4.mul(f32x4.pmin(splat(1.5), p), splat(UNITS)));
    units = i32x4.min_u(i32x4.add(units, own), most);
  }
  const missing = i32x4.abs(i32x4.sub(units, i32x4.splat(1 << 30)));
  let bad = i32x4.ge_u(largest, i32x4.splat(job.limit));
  bad = v128.or(bad, i32x4.gt_u(pattern, i32x4.splat(0x80000000)));
  bad = v128.or(bad, i32x4.gt_s(missing, i32x4.splat(TOLERANCE)));
  Rows.invalid = v128.or(Rows.invalid, bad);
}

/** The largest value and the next. */
export function findTop(at: usize, classes: u32, step: u32): void {
  let largest = splat(-f32(Infinity));
  let other = largest;
  for (let from = at, end = at + classes * step; from < end; from += step) {
    const value = v128.load(from);
    other = f32x4.pmax(other, f32x4.pmin(largest, value));
    largest = f32x4.pmax(largest, value);
  }
  Pass.top = largest;
  Pass.next = other;
}

/** Probabilities become their logarithms, the largest two of them as well. */
export function toLogarithms(at: usize, classes: u32, step: u32): void {
  const k = Room.constants;
  for (let from = at, end = at + classes * step; from < end; from += step)
    v128.store(from, logOfProbability(v128.load(from), k));
  Pass.top = logOfProbability(Pass.top, k);
  Pass.next = logOfProbability(Pass.next, k);
}

/** y of a value, not below what its power has a float32 for. */
@inline
function below(value: v128, largest: v128, inverse: v128, k: usize): v128 {
  return f32x4.pmax(leastPower(k), f32x4.mul(f32x4.sub(value, largest), inverse));
}

/** Z and S of a pass. With `keeps` each value becomes its e^d. `inverse` is 1 / (τ ln 2). */
@inline
export function addUp(at: usize, classes: u32, step: u32, inverse: v128, keeps: bool): void {
  const k = Room.constants;
  const largest = Pass.top;
  let z = splat(0);
  let s = splat(0);
  const end = at + classes * step;
  for (let from = at; from < end; ) {
    const stop = min(end, from + STRETCH * step);
    let z0 = splat(0), z1 = splat(0), s0 = splat(0), s1 = splat(0); // prettier-ignore
    for (; from + step < stop; from += 2 * step) {
      const d0 = below(v128.load(from), largest, inverse, k);
      const d1 = below(v128.load(from + step), largest, inverse, k);
      const e0 = exp2(d0, k);
      const e1 = exp2(d1, k);
      z0 = f32x4.add(z0, e0);
      z1 = f32x4.add(z1, e1);
      s0 = madd(e0, d0, s0);
      s1 = madd(e1, d1, s1);
      if (keeps) {
        v128.store(from, e0);
        v128.store(from + step, e1);
      }
    }
    if (from < stop) {
      const d0 = below(v128.load(from), largest, inverse, k);
      const e0 = exp2(d0, k);
      z0 = f32x4.add(z0, e0);
      s0 = madd(e0, d0, s0);
      if (keeps) v128.store(from, e0);
      from += step;
    }
    z = f32x4.add(z, f32x4.add(z0, z1));
    s = f32x4.add(s, f32x4.add(s0, s1));
  }
  Pass.total = z;
  Pass.moment = f32x4.mul(s, ln2(k));
}

/** Σ −p ln p. */
export function surprises(at: usize, classes: u32, step: u32): v128 {
  const k = Room.constants;
  let sum = splat(0);
  const end = at + classes * step;
  for (let from = at; from < end; ) {
    const stop = min(end, from + STRETCH * step);
    let own = splat(0);
    for (; from < stop; from += step) own = f32x4.add(own, surprise(v128.load(from), k));
    sum = f32x4.add(sum, own);
  }
  return sum;
}

/** One pass, no more, whose top is known. */
@inline
export function believe(job: Job, at: usize, step: u32): void {
  if (job.kind == DIRECT) {
    Rows.best = Pass.top;
    Rows.second = f32x4.pmax(splat(0), Pass.next);
    Rows.entropy = surprises(at, job.classes, step);
    return;
  }
  if (job.kind == PROBABILITIES) toLogarithms(at, job.classes, step);
  const k = Room.constants;
  const inverse = splat(job.inverse);
  addUp(at, job.classes, step, inverse, false);
  const scale = f32x4.div(one(k), Pass.total);
  Rows.best = scale;
  Rows.second = f32x4.mul(scale, exp2(below(Pass.next, Pass.top, inverse, k), k));
  Rows.entropy = f32x4.sub(log(Pass.total, k), f32x4.mul(Pass.moment, scale));
}

/** Probabilities in the place of logits. */
export function soften(job: Job, at: usize, step: u32): void {
  findTop(at, job.classes, step);
  addUp(at, job.classes, step, splat(job.inverse), true);
  const scale = f32x4.div(splat(1), Pass.total);
  for (let from = at, end = at + job.classes * step; from < end; from += step)
    v128.store(from, f32x4.mul(scale, v128.load(from)));
}
