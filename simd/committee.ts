/** What several passes over four rows add up to: means, votes, deviations, and how far each is from their mean. */
import { addUp, findTop, Pass, Rows, surprises, toLogarithms } from "./beliefs";
import { Job } from "./job";
import { leastNormal, log, madd, splat } from "./lanes";
import { DIRECT, DIVERGENCE, GROUP, PROBABILITIES, Room, SPREAD, STRETCH, VOTES } from "./room";

/** Where the rows at hand keep what they know of each class over the passes, [classes] each; and [passes, classes]. */
let means: usize = 0;
let votes: usize = 0;
let deviations: usize = 0;
let logMeans: usize = 0;
let every: usize = 0;

/** The largest value, the next, and which class it is, ties to the lowest. */
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
  Pass.top = largest;
  Pass.next = other;
  Pass.likeliest = own;
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
    const isClose = f32x4.lt(f32x4.sub(Pass.top, Pass.next), f32x4.mul(splat(job.gap), f32x4.sqrt(Rows.squares)));
    Rows.doubts = f32x4.add(Rows.doubts, v128.and(isClose, splat(1)));
    for (let c: u32 = 0; c < classes; c++) {
      const mine = v128.and(i32x4.eq(Pass.likeliest, i32x4.splat(c)), splat(1));
      v128.store(votes + c * GROUP, f32x4.add(v128.load(votes + c * GROUP), mine));
    }
  } else findTop(at, classes, step);
  if (job.kind == PROBABILITIES) toLogarithms(at, classes, step);
  let scale = splat(1);
  let own: v128;
  if (isDirect) own = surprises(at, classes, step);
  else {
    addUp(at, classes, step, splat(job.inverse), true);
    scale = f32x4.div(splat(1), Pass.total);
    own = f32x4.sub(log(Pass.total, Room.constants), f32x4.mul(Pass.moment, scale));
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
  Rows.best = Pass.top;
  Rows.second = f32x4.pmax(splat(0), Pass.next);
  Rows.entropy = surprises(means, classes, GROUP);
  const share = splat(<f32>1 / <f32>job.passes);
  if (job.wants & VOTES) {
    // Divided, so that all of them are exactly 1.
    const passes = splat(<f32>job.passes);
    for (let c: u32 = 0; c < classes; c++)
      v128.store(votes + c * GROUP, f32x4.div(v128.load(votes + c * GROUP), passes));
    findTop(votes, classes, GROUP);
    Rows.mostVotes = Pass.top;
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
