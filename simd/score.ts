/**
 * Scores of rows in float32, four rows to a vector, each prediction read once. AssemblyScript, compiled by `npm run simd`.
 */
import { believe, findTop, inspect, Rows, soften } from "./beliefs";
import { addPass, clearPasses, closePasses, openPasses } from "./committee";
import { expectGradients } from "./gradients";
import { forward, readFeatures, samplePasses, writeLogits } from "./head";
import { Job, Slot } from "./job";
import { mix, one, splat, writeConstants } from "./lanes";
import { UNIT } from "./product";
import { BLOCK, FEATURES, GRADIENTS, GROUP, groupBytes, LOGITS, Room } from "./room";
import { addUpPair, bestOf, entropyOf, secondOf, Tops } from "./softmax";
import { Seen, storeLanes, turn } from "./turn";

export { sift } from "./sift";

// Codes of scores; 3 is none of these, but random.
const LEAST_CONFIDENCE: u32 = 0;
const MARGIN: u32 = 1;
const ENTROPY: u32 = 2;
const DISAGREEMENT: u32 = 4;
const VOTE_ENTROPY: u32 = 5;
const VARIATION_RATIO: u32 = 6;
const MEAN_STD: u32 = 7;
const MAX_KL: u32 = 8;
const EGL: u32 = 9;

const NOT_A_SCORE: u32 = 0x7fc00000;
const INFINITE: u32 = 0x7f800000;
/** Votes that rounding may have turned: one in so many widens the error, more leave the row to float64. */
const VOTES_A_DOUBT: f32 = 64;
/** Of random.ts. */
const SCORE_STREAM: u32 = 1;

/** Bytes that a call needs on the way. */
export function scratchBytes(job: Job): u32 {
  return Room.open(job, 0);
}

/** Scores the rows of a slot. Threads are numbered from 0. */
export function score(job: Job, slot: Slot, thread: u32): void {
  slot.invalid = 0;
  slot.firstInvalid = 0;
  slot.doubtful = 0;
  slot.norm = 0;
  slot.doubts = 0;
  Room.open(job, <usize>job.scratch + thread * job.scratchBytes);
  writeConstants(Room.constants);
  Rows.squares = Rows.doubts = splat(0);
  Rows.doubtful = i32x4.splat(0);
  if (job.kind == FEATURES) headRows(job, slot);
  else if (job.wants != 0) committeeRows(job, slot);
  else if (job.kind == LOGITS) logitRows(job, slot);
  else probabilityRows(job, slot);
}

/** Logits, eight rows at a time, of which a block is finished together. */
function logitRows(job: Job, slot: Slot): void {
  const line = job.classes << 2;
  const limit = i32x4.splat(job.limit);
  for (let row: u32 = 0; row < slot.rows; row += BLOCK) {
    const rows = min<u32>(BLOCK, slot.rows - row);
    for (let first: u32 = 0; first < rows; first += 8) {
      const at = <usize>slot.input + (row + first) * line;
      const left = rows - first;
      turn(at, min<u32>(4, left), line, job.classes, Room.values, 2 * GROUP, true, Room.constants);
      Tops.top0 = Seen.top;
      Tops.next0 = Seen.next;
      v128.store(Room.bad + (first << 2), i32x4.ge_u(Seen.largest, limit));
      if (left > 4) {
        const others = min<u32>(4, left - 4);
        turn(at + 4 * line, others, line, job.classes, Room.values + GROUP, 2 * GROUP, true, Room.constants);
      }
      Tops.top1 = Seen.top;
      Tops.next1 = Seen.next;
      v128.store(Room.bad + (first << 2), i32x4.ge_u(Seen.largest, limit), 16);
      addUpPair(job, Room.values, 2 * GROUP, first >> 2);
    }
    emitBlock(job, slot, row, rows);
  }
}

/** Writes every score of a block of logits, and reports of its rows. */
function emitBlock(job: Job, slot: Slot, row: u32, rows: u32): void {
  const k = Room.constants;
  const end = rows << 2;
  let at = <usize>slot.scores + (row << 2);
  for (let i: u32 = 0; i < job.outputs; i++, at += slot.rows << 2) {
    const code = load<u32>(<usize>job.codes + (i << 2));
    if (code == LEAST_CONFIDENCE)
      for (let place: u32 = 0; place < end; place += GROUP)
        put(at, place, rows, f32x4.sub(one(k), bestOf(place, k)));
    else if (code == MARGIN)
      for (let place: u32 = 0; place < end; place += GROUP)
        put(at, place, rows, f32x4.sub(one(k), f32x4.sub(bestOf(place, k), secondOf(place, k))));
    else if (code == ENTROPY)
      for (let place: u32 = 0; place < end; place += GROUP) put(at, place, rows, entropyOf(place, k));
    else
      for (let place: u32 = 0; place < end; place += GROUP)
        put(at, place, rows, uniform(job.seed, slot.first + row + (place >> 2)));
  }
  for (let place: u32 = 0; place < end; place += GROUP) {
    const bad = v128.load(Room.bad + place);
    if (v128.any_true(bad)) countInvalid(slot, row + (place >> 2), min<u32>(4, rows - (place >> 2)), bad);
  }
}

/** A score of up to four rows of a block, or that they have none. */
@inline
function put(at: usize, place: u32, rows: u32, found: v128): void {
  const value = v128.bitselect(i32x4.splat(NOT_A_SCORE), found, v128.load(Room.bad + place));
  const left = rows - (place >> 2);
  if (left >= 4) v128.store(at + place, value);
  else storeLanes(at + place, value, left);
}

function probabilityRows(job: Job, slot: Slot): void {
  const line = job.classes << 2;
  for (let row: u32 = 0; row < slot.rows; row += 4) {
    const rows = min<u32>(4, slot.rows - row);
    turn(<usize>slot.input + row * line, rows, line, job.classes, Room.values, GROUP, false, Room.constants);
    Rows.invalid = i32x4.splat(0);
    inspect(job, Room.values, GROUP);
    findTop(Room.values, job.classes, GROUP);
    believe(job, Room.values, GROUP);
    emit(job, slot, row, rows);
  }
}

function committeeRows(job: Job, slot: Slot): void {
  const line = job.classes << 2;
  openPasses(job, Room.groups);
  for (let row: u32 = 0; row < slot.rows; row += 4) {
    const rows = min<u32>(4, slot.rows - row);
    Rows.invalid = i32x4.splat(0);
    clearPasses(job);
    for (let pass: u32 = 0; pass < job.passes; pass++) {
      turn(<usize>slot.input + (pass * slot.rows + row) * line, rows, line, job.classes, Room.values, GROUP, false, Room.constants);
      inspect(job, Room.values, GROUP);
      addPass(job, Room.values, GROUP, pass);
    }
    closePasses(job);
    emit(job, slot, row, rows);
  }
}

/** Sixteen rows at a time through the head. */
function headRows(job: Job, slot: Slot): void {
  const bytes = groupBytes(job);
  for (let row: u32 = 0; row < slot.rows; row += 16) {
    const count = min<u32>(16, slot.rows - row);
    readFeatures(job, slot, row, count);
    if (job.passes > 1) samplePasses(job, slot.first + row);
    else forward(job);
    if (job.wants & GRADIENTS) {
      for (let group: u32 = 0; group < UNIT; group += GROUP) soften(job, Room.logits + group, UNIT);
      expectGradients(job);
    }
    if (job.outputs == 0) {
      writeLogits(job, slot, row, count);
      continue;
    }
    for (let group: u32 = 0; group << 2 < count; group++) {
      const at = group * GROUP;
      Rows.squares = v128.load(Room.squares + at);
      Rows.invalid = v128.load(Room.invalid + at);
      Rows.doubtful = v128.load(Room.doubtful + at);
      if (job.wants & GRADIENTS) Rows.gradient = v128.load(Room.gradient + at);
      else if (job.wants == 0) {
        findTop(Room.logits + at, job.classes, UNIT);
        believe(job, Room.logits + at, UNIT);
      } else {
        openPasses(job, Room.groups + group * bytes);
        if (job.passes == 1) {
          clearPasses(job);
          addPass(job, Room.logits + at, UNIT, 0);
        } else {
          Rows.within = v128.load(Room.within + at);
          Rows.doubts = v128.load(Room.doubts + at);
        }
        closePasses(job);
        const many = f32x4.gt(f32x4.mul(Rows.doubts, splat(VOTES_A_DOUBT)), splat(<f32>job.passes));
        Rows.doubtful = v128.or(Rows.doubtful, many);
      }
      emit(job, slot, row + 4 * group, min<u32>(4, count - 4 * group));
    }
  }
}

/** Writes every score of up to four rows, and reports of them. */
function emit(job: Job, slot: Slot, row: u32, rows: u32): void {
  const bad = Rows.invalid;
  const isDoubtful = Rows.doubtful;
  let at = <usize>slot.scores + (row << 2);
  for (let i: u32 = 0; i < job.outputs; i++) {
    let found = scoreOf(job, load<u32>(<usize>job.codes + (i << 2)), slot.first + row);
    found = v128.bitselect(i32x4.splat(INFINITE), found, isDoubtful);
    storeLanes(at, v128.bitselect(i32x4.splat(NOT_A_SCORE), found, bad), rows);
    at += slot.rows << 2;
  }
  if (v128.any_true(bad)) countInvalid(slot, row, rows, bad);
  if (job.kind != FEATURES) return;
  slot.doubtful += popcnt(i32x4.bitmask(v128.andnot(isDoubtful, bad)) & ((1 << rows) - 1));
  const counts = v128.not(v128.or(Rows.invalid, Rows.doubtful));
  slot.norm = max(slot.norm, largest(v128.and(counts, Rows.squares)));
  slot.doubts = max(slot.doubts, <u32>largest(v128.and(counts, Rows.doubts)));
}

function countInvalid(slot: Slot, row: u32, rows: u32, bad: v128): void {
  const own = i32x4.bitmask(bad) & ((1 << rows) - 1);
  if (own && slot.invalid == 0) slot.firstInvalid = row + ctz(own);
  slot.invalid += popcnt(own);
}

function largest(four: v128): f32 {
  const two = f32x4.pmax(four, v128.shuffle<f32>(four, four, 2, 3, 0, 1));
  return max(f32x4.extract_lane(two, 0), f32x4.extract_lane(two, 1));
}

function scoreOf(job: Job, code: u32, row: u32): v128 {
  const one = splat(1);
  if (code == LEAST_CONFIDENCE) return f32x4.sub(one, Rows.best);
  if (code == MARGIN) return f32x4.sub(one, f32x4.sub(Rows.best, Rows.second));
  if (code == ENTROPY) return Rows.entropy;
  if (code == DISAGREEMENT) return f32x4.pmax(splat(0), f32x4.sub(Rows.entropy, Rows.within));
  if (code == VOTE_ENTROPY) return Rows.voteEntropy;
  if (code == VARIATION_RATIO) return f32x4.sub(one, Rows.mostVotes);
  if (code == MEAN_STD) return Rows.deviation;
  if (code == MAX_KL) return Rows.divergence;
  if (code == EGL) return Rows.gradient;
  return uniform(job.seed, row);
}

/** randomUniform of random.ts, of four rows. */
function uniform(seed: u32, row: u32): v128 {
  const k = Room.constants;
  const opened = mix(i32x4.splat(seed + 0x9e3779b9), k);
  const hash = mix(v128.xor(opened, i32x4.splat(SCORE_STREAM)), k);
  const rows = i32x4.add(i32x4.splat(row), i32x4(0, 1, 2, 3));
  const bits = mix(mix(mix(v128.xor(hash, rows), k), k), k);
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 8)), splat(5.9604645e-8));
}
