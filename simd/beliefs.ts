/**
 * What a model says of four rows, a lane a row: softmax statistics of a pass, and what several passes add up to.
 *
 * With d = (z − top) / τ, Z = Σ e^d and S = Σ e^d d the entropy is ln Z − S / Z, whose two parts are both positive, so that
 * nothing cancels. Powers are of two: y = d / ln 2, and S is in units of ln 2. What is added up is added in stretches first.
 */
import { Job } from "./job";
import { exp2, leastNormal, leastPower, ln2, log, logOfProbability, madd, magnitude, one, splat, surprise } from "./lanes";
import { DIRECT, DIVERGENCE, GROUP, LOGITS, PROBABILITIES, Room, SPREAD, STRETCH, VOTES } from "./room";


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

/** Of one pass: its largest value, the next, and which class it is. */
let top: v128 = f32x4.splat(0);
let next: v128 = f32x4.splat(0);
let likeliest: v128 = i32x4.splat(0);
/** Z and S. */
let total: v128 = f32x4.splat(0);
let moment: v128 = f32x4.splat(0);

/** Where the rows at hand keep what they know of each class over the passes, [classes] each; and [passes, classes]. */
let means: usize = 0;
let votes: usize = 0;
let deviations: usize = 0;
let logMeans: usize = 0;
let every: usize = 0;

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
  top = largest;
  next = other;
}

/** The same, and which class it is, ties to the lowest. */
function findVote(at: usize, classes: u32, step: u32): void {
  let largest = v128.load(at);
  let other = splat(-f32(Infinity));
  let own = i32x4.splat(0);
  for (let c: u32 = 1; c < classes; c++) {
    const value = v128.load(at + c * step);
    own = v128.bitselect(i32x4.splat(c), own, f32x4.gt(value, largest));
    other = f32x4.pmax(other, f32x4.pmin(largest, value));
    largest = f32x4.pmax(largest, value);
  }
  top = largest;
  next = other;
  likeliest = own;
}

/** Probabilities become their logarithms, the largest two of them as well. */
function toLogarithms(at: usize, classes: u32, step: u32): void {
  const k = Room.constants;
  for (let from = at, end = at + classes * step; from < end; from += step)
    v128.store(from, logOfProbability(v128.load(from), k));
  top = logOfProbability(top, k);
  next = logOfProbability(next, k);
}

/** y of a value, not below what its power has a float32 for. */
@inline
function below(value: v128, largest: v128, inverse: v128, k: usize): v128 {
  return f32x4.pmax(leastPower(k), f32x4.mul(f32x4.sub(value, largest), inverse));
}

/** Z and S of a pass. With `keeps` each value becomes its e^d. `inverse` is 1 / (τ ln 2). */
@inline
function addUp(at: usize, classes: u32, step: u32, inverse: v128, keeps: bool): void {
  const k = Room.constants;
  const largest = top;
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
  total = z;
  moment = f32x4.mul(s, ln2(k));
}

/** Σ −p ln p. */
function surprises(at: usize, classes: u32, step: u32): v128 {
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
    Rows.best = top;
    Rows.second = f32x4.pmax(splat(0), next);
    Rows.entropy = surprises(at, job.classes, step);
    return;
  }
  if (job.kind == PROBABILITIES) toLogarithms(at, job.classes, step);
  const k = Room.constants;
  const inverse = splat(job.inverse);
  addUp(at, job.classes, step, inverse, false);
  const scale = f32x4.div(one(k), total);
  Rows.best = scale;
  Rows.second = f32x4.mul(scale, exp2(below(next, top, inverse, k), k));
  Rows.entropy = f32x4.sub(log(total, k), f32x4.mul(moment, scale));
}

/** Probabilities in the place of logits. */
export function soften(job: Job, at: usize, step: u32): void {
  findTop(at, job.classes, step);
  addUp(at, job.classes, step, splat(job.inverse), true);
  const scale = f32x4.div(splat(1), total);
  for (let from = at, end = at + job.classes * step; from < end; from += step)
    v128.store(from, f32x4.mul(scale, v128.load(from)));
}

/** What comes next is of the rows that keep what they know here. */
export function openPasses(job: Job, at: usize): void {
  const line = job.classes * GROUP;
  means = at;
  votes = means + line;
  deviations = votes + line;
  logMeans = deviations + line;
  every = logMeans + line;
}

/** Forgets what other rows knew. */
export function clearPasses(job: Job): void {
  memory.fill(means, 0, job.classes * GROUP * 3);
  Rows.within = Rows.divergence = Rows.doubts = splat(0);
}

/** Takes in a pass, whose values are lost on the way. */
export function addPass(job: Job, at: usize, step: u32, pass: u32): void {
  const classes = job.classes;
  const isDirect = job.kind == DIRECT;
  if (job.wants & VOTES) {
    findVote(at, classes, step);
    const isClose = f32x4.lt(f32x4.sub(top, next), f32x4.mul(splat(job.gap), f32x4.sqrt(Rows.squares)));
    Rows.doubts = f32x4.add(Rows.doubts, v128.and(isClose, splat(1)));
    for (let c: u32 = 0; c < classes; c++) {
      const mine = v128.and(i32x4.eq(likeliest, i32x4.splat(c)), splat(1));
      v128.store(votes + c * GROUP, f32x4.add(v128.load(votes + c * GROUP), mine));
    }
  } else findTop(at, classes, step);
  if (job.kind == PROBABILITIES) toLogarithms(at, classes, step);
  let scale = splat(1);
  let own: v128;
  if (isDirect) own = surprises(at, classes, step);
  else {
    addUp(at, classes, step, splat(job.inverse), true);
    scale = f32x4.div(splat(1), total);
    own = f32x4.sub(log(total, Room.constants), f32x4.mul(moment, scale));
  }
  const share = splat(<f32>1 / <f32>(pass + 1));
  Rows.within = madd(f32x4.sub(own, Rows.within), share, Rows.within);
  const keeps = (job.wants & DIVERGENCE) != 0;
  const spreads = (job.wants & SPREAD) != 0;
  const line = every + pass * classes * GROUP;
  for (let c: u32 = 0, from = at; c < classes; c++, from += step) {
    const place = means + c * GROUP;
    const p = f32x4.mul(scale, v128.load(from));
    const mean = v128.load(place);
    const before = f32x4.sub(p, mean);
    const after = madd(before, share, mean);
    v128.store(place, after);
    if (spreads) {
      const sum = deviations + c * GROUP;
      v128.store(sum, madd(before, f32x4.sub(p, after), v128.load(sum)));
    }
    if (keeps) v128.store(line + c * GROUP, p);
  }
}

/** What all passes say together. */
export function closePasses(job: Job): void {
  const classes = job.classes;
  findTop(means, classes, GROUP);
  Rows.best = top;
  Rows.second = f32x4.pmax(splat(0), next);
  Rows.entropy = surprises(means, classes, GROUP);
  const share = splat(<f32>1 / <f32>job.passes);
  if (job.wants & VOTES) {
    // Divided, so that all of them are exactly 1.
    const passes = splat(<f32>job.passes);
    for (let c: u32 = 0; c < classes; c++)
      v128.store(votes + c * GROUP, f32x4.div(v128.load(votes + c * GROUP), passes));
    findTop(votes, classes, GROUP);
    Rows.mostVotes = top;
    Rows.voteEntropy = surprises(votes, classes, GROUP);
  }
  if (job.wants & SPREAD) {
    let sum = splat(0);
    const end = deviations + classes * GROUP;
    for (let from = deviations; from < end; ) {
      const stop = min(end, from + STRETCH * GROUP);
      let own = splat(0);
      for (; from < stop; from += GROUP) {
        const squares = f32x4.pmax(splat(0), v128.load(from));
        own = f32x4.add(own, f32x4.sqrt(f32x4.mul(share, squares)));
      }
      sum = f32x4.add(sum, own);
    }
    Rows.deviation = f32x4.div(sum, splat(<f32>classes));
  }
  if (job.wants & DIVERGENCE) findDivergence(job);
}

/** max Σ p (ln p − ln p̄). */
function findDivergence(job: Job): void {
  const k = Room.constants;
  const least = leastNormal(k);
  const line = job.classes * GROUP;
  for (let c: u32 = 0; c < line; c += GROUP) v128.store(logMeans + c, log(f32x4.pmax(least, v128.load(means + c)), k));
  let most = splat(0);
  for (let pass: u32 = 0, from = every; pass < job.passes; pass++) {
    let sum = splat(0);
    for (let c: u32 = 0; c < line; ) {
      const stop = min(line, c + STRETCH * GROUP);
      let own = splat(0);
      for (; c < stop; c += GROUP, from += GROUP) {
        const p = v128.load(from);
        own = madd(p, f32x4.sub(log(f32x4.pmax(least, p), k), v128.load(logMeans + c)), own);
      }
      sum = f32x4.add(sum, own);
    }
    most = f32x4.pmax(most, sum);
  }
  Rows.divergence = most;
}
