/** Sixteen rows through the layers of a head: from features to logits, in one pass or in all of MC dropout. */
import { Rows } from "./beliefs";
import { addPass, clearPasses, openPasses } from "./committee";
import { drop, seedDraws } from "./dropout";
import { Job, Layer, Slot } from "./job";
import { madd, magnitude, splat } from "./lanes";
import { activateAll, closest, product, slopesOfAll, UNIT } from "./product";
import { GRADIENTS, GROUP, groupBytes, layerAt, linesOf, Room } from "./room";
import { turn, turnBack } from "./turn";

/** Of random.ts: one a layer, from here on. */
const DROPOUT_STREAM: u32 = 256;

/** Turns sixteen rows of features; of fewer, the last again and again. */
export function readFeatures(job: Job, slot: Slot, row: u32, count: u32): void {
  const line = job.dims << 2;
  for (let group: u32 = 0; group < 4; group++) {
    const first = min<u32>(4 * group, count - 1);
    const rows = min<u32>(4, count - first);
    const at = Room.features + group * GROUP;
    turn(<usize>slot.input + (row + first) * line, rows, line, job.dims, at, UNIT, false, Room.constants);
    const k = Room.constants;
    let size0 = i32x4.splat(0), size1 = i32x4.splat(0), square0 = splat(1), square1 = splat(0); // prettier-ignore
    const end = at + job.dims * UNIT;
    let from = at;
    for (; from + UNIT < end; from += 2 * UNIT) {
      const x0 = v128.load(from);
      const x1 = v128.load(from + UNIT);
      size0 = i32x4.max_u(size0, magnitude(x0, k));
      size1 = i32x4.max_u(size1, magnitude(x1, k));
      square0 = madd(x0, x0, square0);
      square1 = madd(x1, x1, square1);
    }
    if (from < end) {
      const x = v128.load(from);
      size0 = i32x4.max_u(size0, magnitude(x, k));
      square0 = madd(x, x, square0);
    }
    const size = i32x4.max_u(size0, size1);
    const square = f32x4.add(square0, square1);
    v128.store(Room.squares + group * GROUP, square);
    v128.store(Room.invalid + group * GROUP, i32x4.ge_u(size, i32x4.splat(job.limit)));
    v128.store(Room.doubtful + group * GROUP, f32x4.gt(square, splat(job.safeSquare)));
  }
}

/** Logits, without dropout; where gradients are wanted, with the slopes of activations. */
export function forward(job: Job): void {
  let from = Room.features;
  let into = Room.hidden;
  let slopes = Room.slopes;
  for (let l: u32 = 0; ; l++) {
    const layer = layerAt(job, l);
    if (l + 1 == job.layerCount) {
      product(layer.weights, layer.bias, layer.inputs, layer.outputs, from, Room.logits);
      return;
    }
    const bytes = linesOf(layer.outputs) * UNIT;
    product(layer.weights, layer.bias, layer.inputs, layer.outputs, from, into);
    if (job.wants & GRADIENTS && l >= job.firstLayer) {
      doubtKinks(layer, into);
      slopesOfAll(into, layer.outputs, job.activation, slopes, Room.constants);
    }
    activateAll(into, layer.outputs, job.activation, 1, Room.constants);
    from = into;
    into += bytes;
    slopes += bytes;
  }
}

/** A relu so close to its kink that rounding may have crossed it leaves the row in doubt. */
function doubtKinks(layer: Layer, sums: usize): void {
  if (layer.kink < 0) return;
  closest(sums, layer.outputs, Room.near, Room.constants);
  for (let group: u32 = 0; group < UNIT; group += GROUP) {
    const reach = f32x4.mul(splat(layer.kink), f32x4.sqrt(v128.load(Room.squares + group)));
    const crosses = f32x4.le(v128.load(Room.near + group), reach);
    v128.store(Room.doubtful + group, v128.or(v128.load(Room.doubtful + group), crosses));
  }
}

/** All passes of MC dropout over rows that begin with `first` of the pool, of two layers at least. The first is the same in each. */
export function samplePasses(job: Job, first: u32): void {
  const bytes = groupBytes(job);
  const last = job.layerCount - 1;
  const opening = layerAt(job, 0);
  product(opening.weights, opening.bias, opening.inputs, opening.outputs, Room.features, Room.hidden);
  activateAll(Room.hidden, opening.outputs, job.activation, job.keepScale, Room.constants);
  let draws = Room.draws;
  for (let l: u32 = 0; l < last; l++) {
    seedDraws(job.seed, DROPOUT_STREAM + l, first, layerAt(job, l).outputs, draws, Room.constants);
    draws += linesOf(layerAt(job, l).outputs) * (UNIT >> 1);
  }
  for (let group: u32 = 0; group < 4; group++) {
    openPasses(job, Room.groups + group * bytes);
    clearPasses(job);
    v128.store(Room.within + group * GROUP, splat(0));
    v128.store(Room.doubts + group * GROUP, splat(0));
  }
  for (let pass: u32 = 0; pass < job.passes; pass++) {
    let from = Room.hidden;
    draws = Room.draws;
    for (let l: u32 = 1; l <= last; l++) {
      const layer = layerAt(job, l);
      drop(from, layer.inputs, draws, pass, job.threshold, Room.kept, Room.constants);
      draws += linesOf(layer.inputs) * (UNIT >> 1);
      from = Room.next;
      product(layer.weights, layer.bias, layer.inputs, layer.outputs, Room.kept, l == last ? Room.logits : from);
      if (l < last) activateAll(from, layer.outputs, job.activation, job.keepScale, Room.constants);
    }
    for (let group: u32 = 0; group < 4; group++) {
      const at = group * GROUP;
      openPasses(job, Room.groups + group * bytes);
      Rows.squares = v128.load(Room.squares + at);
      Rows.within = v128.load(Room.within + at);
      Rows.doubts = v128.load(Room.doubts + at);
      addPass(job, Room.logits + at, UNIT, pass);
      v128.store(Room.within + at, Rows.within);
      v128.store(Room.doubts + at, Rows.doubts);
    }
  }
}

/** The logits themselves, [rows, classes]: the product alone, as bench/product.ts times it. */
export function writeLogits(job: Job, slot: Slot, row: u32, count: u32): void {
  const line = job.classes << 2;
  for (let first: u32 = 0; first < count; first += 4) {
    const into = <usize>slot.scores + (row + first) * line;
    turnBack(Room.logits + (first << 2), UNIT, job.classes, into, min<u32>(4, count - first), line);
  }
}
