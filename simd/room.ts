/** Where a call keeps what is on the way: places in its thread's scratch memory. */
import { Job, Layer } from "./job";
import { CONSTANT_BYTES } from "./lanes";
import { UNIT } from "./product";

/** Bytes of four rows in a line of their own. */
export const GROUP: u32 = 16;

/** Rows whose sums wait for each other. */
export const BLOCK: u32 = 64;

/** Classes that are added up by themselves: a shorter chain of roundings. */
export const STRETCH: u32 = 32;

// WANTS of a job: what has to be known for its scores beyond the mean probabilities. 1 is what several passes have anyway.
export const VOTES: u32 = 2;
export const SPREAD: u32 = 4;
export const DIVERGENCE: u32 = 8;
export const GRADIENTS: u32 = 16;

/** KIND of a job: what the input holds. Direct are probabilities as they stand, the others are under a temperature. */
export const LOGITS: u32 = 0;
export const PROBABILITIES: u32 = 1;
export const DIRECT: u32 = 2;
export const FEATURES: u32 = 3;

export abstract class Room {
  private static free: usize = 0;
  /** Of lanes.ts. */
  static constants: usize = 0;
  /** Of softmax.ts: Z, S and y of the next class of a block of rows, and which are no valid input, [BLOCK / 4] each. */
  static totals: usize = 0;
  static moments: usize = 0;
  static nexts: usize = 0;
  static bad: usize = 0;
  /** Predictions of four rows, [classes], or of eight. */
  static values: usize = 0;
  /** Of each four of sixteen rows, what they keep of all passes: `groupBytes` each. */
  static groups: usize = 0;
  /** Features of sixteen rows, [dims, 16], and what is known of each row, [16] of each. */
  static features: usize = 0;
  static squares: usize = 0;
  static invalid: usize = 0;
  static doubtful: usize = 0;
  static within: usize = 0;
  static doubts: usize = 0;
  static gradient: usize = 0;
  /** Values of the hidden layers one after the other, and the slopes of their activations, [units, 16] each. */
  static hidden: usize = 0;
  static slopes: usize = 0;
  /** What draws of the hidden layers have in common, [pairs of units, 16] each, and the values that a pass keeps. */
  static draws: usize = 0;
  static kept: usize = 0;
  static next: usize = 0;
  /** Logits, [classes, 16]. */
  static logits: usize = 0;
  /** The least |a| before an activation, ‖(h, 1)‖² of what a layer reads, and ‖δ‖² of a gradient, [16] each. */
  static near: usize = 0;
  static lengths: usize = 0;
  static pulls: usize = 0;
  /** ‖∇‖² of each label, [classes, 16], and of the widest layer two gradients, [units, 16]. */
  static norms: usize = 0;
  static pulled: usize = 0;
  static delta: usize = 0;
  static other: usize = 0;

  private static take(bytes: u32): usize {
    const at = Room.free;
    Room.free += bytes;
    return at;
  }

  /** Gives the bytes that it takes. */
  static open(job: Job, at: usize): u32 {
    Room.free = at;
    Room.constants = Room.take(CONSTANT_BYTES);
    Room.totals = Room.take(BLOCK << 2);
    Room.moments = Room.take(BLOCK << 2);
    Room.nexts = Room.take(BLOCK << 2);
    Room.bad = Room.take(BLOCK << 2);
    if (job.kind == FEATURES) Room.openHead(job);
    else {
      Room.values = Room.take(2 * job.classes * GROUP);
      Room.groups = Room.take(groupBytes(job));
    }
    return <u32>(Room.free - at);
  }

  private static openHead(job: Job): void {
    Room.squares = Room.take(UNIT);
    Room.invalid = Room.take(UNIT);
    Room.doubtful = Room.take(UNIT);
    Room.features = Room.take(job.dims * UNIT);
    Room.logits = Room.take(linesOf(job.classes) * UNIT);
    Room.within = Room.take(UNIT);
    Room.doubts = Room.take(UNIT);
    Room.gradient = Room.take(UNIT);
    let widest: u32 = 0;
    Room.hidden = Room.take(0);
    for (let l: u32 = 0; l + 1 < job.layerCount; l++) {
      const lines = linesOf(layerAt(job, l).outputs);
      Room.take(lines * UNIT);
      widest = max(widest, lines);
    }
    if (job.wants & GRADIENTS) {
      Room.slopes = Room.take(<u32>(Room.free - Room.hidden));
      Room.norms = Room.take(linesOf(job.classes) * UNIT);
      Room.near = Room.take(UNIT);
      Room.lengths = Room.take(UNIT);
      Room.pulls = Room.take(UNIT);
      Room.pulled = Room.take(widest * UNIT);
      Room.delta = Room.take(widest * UNIT);
      Room.other = Room.take(widest * UNIT);
      return;
    }
    Room.groups = Room.take(4 * groupBytes(job));
    if (job.passes == 1) return;
    Room.draws = Room.take(0);
    for (let l: u32 = 0; l + 1 < job.layerCount; l++) Room.take(linesOf(layerAt(job, l).outputs) * (UNIT >> 1));
    Room.kept = Room.take(widest * UNIT);
    Room.next = Room.take(widest * UNIT);
  }
}

/** Products give outputs by fours. */
@inline
export function linesOf(outputs: u32): u32 {
  return (outputs + 3) & ~3;
}

@inline
export function layerAt(job: Job, l: u32): Layer {
  return changetype<Layer>(<usize>job.layers + l * offsetof<Layer>());
}

/** Bytes of what four rows keep of all passes: mean, votes, deviation and logarithm of each class, and every pass. */
export function groupBytes(job: Job): u32 {
  if (job.wants == 0) return 0;
  return job.classes * GROUP * (4 + (job.wants & DIVERGENCE ? job.passes : 0));
}
