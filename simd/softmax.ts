/**
 * Softmax of one pass, without more of a row than its scores need. Eight rows are added up at a time, two vectors side by
 * side, so that neither waits for the other; what becomes of the sums is worked out for many rows at once. See beliefs.ts
 * for what is added up.
 */
import { Job } from "./job";
import { exp2, leastPower, ln2, log, madd, one, splat } from "./lanes";
import { GROUP, Room, STRETCH } from "./room";

/** The largest logit and the next, of the first four of eight rows and of the others. */
export abstract class Tops {
  static top0: v128 = f32x4.splat(0);
  static top1: v128 = f32x4.splat(0);
  static next0: v128 = f32x4.splat(0);
  static next1: v128 = f32x4.splat(0);
}

/** Adds up eight rows whose tops are known: Z, S and y of the next class go to place `group` of the block and the one after. */
export function addUpPair(job: Job, at: usize, step: u32, group: u32): void {
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
  const place = group * GROUP;
  v128.store(Room.totals + place, z0);
  v128.store(Room.totals + place, z1, 16);
  v128.store(Room.moments + place, s0);
  v128.store(Room.moments + place, s1, 16);
  v128.store(Room.nexts + place, f32x4.mul(f32x4.sub(Tops.next0, top0), inverse));
  v128.store(Room.nexts + place, f32x4.mul(f32x4.sub(Tops.next1, top1), inverse), 16);
}

/** What four rows of the block are believed, at a place of its lines. */
@inline
export function bestOf(place: u32, k: usize): v128 {
  return f32x4.div(one(k), v128.load(Room.totals + place));
}

@inline
export function secondOf(place: u32, k: usize): v128 {
  const power = exp2(f32x4.pmax(leastPower(k), v128.load(Room.nexts + place)), k);
  return f32x4.div(power, v128.load(Room.totals + place));
}

@inline
export function entropyOf(place: u32, k: usize): v128 {
  const total = v128.load(Room.totals + place);
  return f32x4.sub(log(total, k), f32x4.div(f32x4.mul(v128.load(Room.moments + place), ln2(k)), total));
}
