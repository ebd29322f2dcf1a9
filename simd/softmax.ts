/**
 * Softmax of one pass over eight rows, two vectors of four side by side: neither waits for the other. See beliefs.ts for
 * what is added up.
 */
import { Rows } from "./beliefs";
import { Job } from "./job";
import { exp2, leastPower, ln2, log, madd, one, splat } from "./lanes";
import { Room, STRETCH } from "./room";

/** Of the first four rows and of the others: the largest logit and the next. */
export abstract class Tops {
  static top0: v128 = f32x4.splat(0);
  static top1: v128 = f32x4.splat(0);
  static next0: v128 = f32x4.splat(0);
  static next1: v128 = f32x4.splat(0);
}

/** What the others believe, until their turn. */
let best: v128 = f32x4.splat(0);
let second: v128 = f32x4.splat(0);
let entropy: v128 = f32x4.splat(0);

/** Finds the tops of logits that are `step` bytes apart, those of the other four rows 16 bytes on. */
export function findTops(at: usize, classes: u32, step: u32): void {
  let top0 = splat(-f32(Infinity));
  let top1 = top0;
  let next0 = top0;
  let next1 = top0;
  for (let end = at + classes * step; at < end; at += step) {
    const value0 = v128.load(at);
    const value1 = v128.load(at, 16);
    next0 = f32x4.pmax(next0, f32x4.pmin(top0, value0));
    next1 = f32x4.pmax(next1, f32x4.pmin(top1, value1));
    top0 = f32x4.pmax(top0, value0);
    top1 = f32x4.pmax(top1, value1);
  }
  Tops.top0 = top0;
  Tops.top1 = top1;
  Tops.next0 = next0;
  Tops.next1 = next1;
}

/** Of logits whose tops are known. The first four rows are believed at once, the others by `believeOthers`. */
export function believePair(job: Job, at: usize, step: u32): void {
  const k = Room.constants;
  const inverse = splat(job.inverse);
  const top0 = Tops.top0;
  const top1 = Tops.top1;
  let z0 = splat(0), z1 = splat(0), s0 = splat(0), s1 = splat(0); // prettier-ignore
  const end = at + job.classes * step;
  while (at < end) {
    const stop = min(end, at + STRETCH * step);
    let ownZ0 = splat(0), ownZ1 = splat(0), ownS0 = splat(0), ownS1 = splat(0); // prettier-ignore
    for (; at < stop; at += step) {
      const y0 = f32x4.pmax(leastPower(k), f32x4.mul(f32x4.sub(v128.load(at), top0), inverse));
      const y1 = f32x4.pmax(leastPower(k), f32x4.mul(f32x4.sub(v128.load(at, 16), top1), inverse));
      const e0 = exp2(y0, k);
      const e1 = exp2(y1, k);
      ownZ0 = f32x4.add(ownZ0, e0);
      ownZ1 = f32x4.add(ownZ1, e1);
      ownS0 = madd(e0, y0, ownS0);
      ownS1 = madd(e1, y1, ownS1);
    }
    z0 = f32x4.add(z0, ownZ0);
    z1 = f32x4.add(z1, ownZ1);
    s0 = f32x4.add(s0, ownS0);
    s1 = f32x4.add(s1, ownS1);
  }
  const y0 = f32x4.pmax(leastPower(k), f32x4.mul(f32x4.sub(Tops.next0, top0), inverse));
  const y1 = f32x4.pmax(leastPower(k), f32x4.mul(f32x4.sub(Tops.next1, top1), inverse));
  const scale0 = f32x4.div(one(k), z0);
  const scale1 = f32x4.div(one(k), z1);
  Rows.best = scale0;
  best = scale1;
  Rows.second = f32x4.mul(scale0, exp2(y0, k));
  second = f32x4.mul(scale1, exp2(y1, k));
  Rows.entropy = f32x4.sub(log(z0, k), f32x4.mul(f32x4.mul(s0, ln2(k)), scale0));
  entropy = f32x4.sub(log(z1, k), f32x4.mul(f32x4.mul(s1, ln2(k)), scale1));
}

export function believeOthers(): void {
  Rows.best = best;
  Rows.second = second;
  Rows.entropy = entropy;
}
