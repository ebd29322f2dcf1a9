/**
 * ‖∇ℓ(x, y)‖² of a head for all labels y of sixteen rows, in closed form: a layer adds ‖δ‖² (‖h‖² + 1), with δ = p − e_y at
 * the last and φ′(a) ⊙ Wᵀδ one down. Wᵀp is the same for all labels.
 */
import { Job, Layer } from "./job";
import { madd, splat } from "./lanes";
import { product, UNIT } from "./product";
import { layerAt, linesOf, Room } from "./room";

/** Squares whose bits are beyond these may have left float32 on the way. */
const LARGEST: u32 = 0x7e000000;

/** start + ‖h‖² of sixteen rows of values [units, 16], into [16]. No chain of sums waits for another. */
function addSquares(at: usize, units: u32, start: f32, into: usize): void {
  let s0 = splat(start), s1 = s0, s2 = s0, s3 = s0; // prettier-ignore
  for (let end = at + units * UNIT; at < end; at += UNIT) {
    const h0 = v128.load(at);
    const h1 = v128.load(at, 16);
    const h2 = v128.load(at, 32);
    const h3 = v128.load(at, 48);
    s0 = madd(h0, h0, s0);
    s1 = madd(h1, h1, s1);
    s2 = madd(h2, h2, s2);
    s3 = madd(h3, h3, s3);
  }
  v128.store(into, s0);
  v128.store(into, s1, 16);
  v128.store(into, s2, 32);
  v128.store(into, s3, 48);
}

/** ‖(h, 1)‖² of what a layer reads: of features it is known. */
function lengthsOf(inputs: usize, units: u32): usize {
  if (inputs == Room.features) return Room.squares;
  addSquares(inputs, units, 1, Room.lengths);
  return Room.lengths;
}

/** From probabilities, [classes, 16], to norms [classes, 16] of the last layer alone. */
function lastLayer(job: Job, inputs: usize, units: u32): void {
  const end = job.classes * UNIT;
  const lengths = lengthsOf(inputs, units);
  for (let group: u32 = 0; group < UNIT; group += 16) {
    const length = v128.load(lengths + group);
    // Where p_y is past ½, what is left of 1 − p_y and of Σ p² − p_y² cancels: the others are added up by themselves.
    let all = splat(0);
    let rest = splat(0);
    let restSquares = splat(0);
    for (let c: u32 = 0; c < end; c += UNIT) {
      const p = v128.load(Room.logits + c + group);
      const isMinor = f32x4.le(p, splat(0.5));
      const minor = v128.and(p, isMinor);
      all = madd(p, p, all);
      rest = f32x4.add(rest, minor);
      restSquares = madd(minor, minor, restSquares);
    }
    for (let c: u32 = 0; c < end; c += UNIT) {
      const p = v128.load(Room.logits + c + group);
      const isMinor = f32x4.le(p, splat(0.5));
      const others = v128.bitselect(f32x4.sub(all, f32x4.mul(p, p)), restSquares, isMinor);
      const missing = v128.bitselect(f32x4.sub(splat(1), p), rest, isMinor);
      const own = madd(missing, missing, f32x4.pmax(splat(0), others));
      v128.store(Room.norms + c + group, f32x4.mul(own, length));
    }
  }
}

/**
 * What the layer below the last adds, of two labels at a time: nothing of theirs is kept. Of four at a time the sums would
 * not stay in registers, which took Node 20 four times as long.
 */
function belowLast(job: Job, layer: Layer, slopes: usize, inputs: usize, units: u32): void {
  const bytes = layer.inputs << 4;
  const lengths = lengthsOf(inputs, units);
  for (let half: u32 = 0; half < UNIT; half += 32) {
    const length0 = v128.load(lengths + half);
    const length1 = v128.load(lengths + half, 16);
    for (let label: u32 = 0; label < job.classes; label += 2) {
      let w = <usize>layer.weights + (label >> 2) * bytes + ((label & 2) << 2);
      const end = w + bytes;
      const zero = splat(0);
      let a00 = zero, a01 = zero, a10 = zero, a11 = zero; // prettier-ignore
      for (let u = half; w < end; w += 16, u += UNIT) {
        const u0 = v128.load(Room.pulled + u);
        const u1 = v128.load(Room.pulled + u, 16);
        const slope0 = v128.load(slopes + u);
        const slope1 = v128.load(slopes + u, 16);
        const w0 = v128.load32_splat(w);
        const d00 = f32x4.mul(slope0, f32x4.sub(u0, w0));
        const d01 = f32x4.mul(slope1, f32x4.sub(u1, w0));
        a00 = madd(d00, d00, a00);
        a01 = madd(d01, d01, a01);
        const w1 = v128.load32_splat(w, 4);
        const d10 = f32x4.mul(slope0, f32x4.sub(u0, w1));
        const d11 = f32x4.mul(slope1, f32x4.sub(u1, w1));
        a10 = madd(d10, d10, a10);
        a11 = madd(d11, d11, a11);
      }
      // Past the last label there is room, and nothing that is read.
      const at = Room.norms + label * UNIT + half;
      add(at, f32x4.mul(a00, length0), f32x4.mul(a01, length1));
      add(at + UNIT, f32x4.mul(a10, length0), f32x4.mul(a11, length1));
    }
  }
}

@inline
function add(at: usize, first: v128, second: v128): void {
  v128.store(at, f32x4.add(v128.load(at), first));
  v128.store(at, f32x4.add(v128.load(at, 16), second), 16);
}

/** A label's gradient by the sums of the layer below the last, into `Room.delta`. */
function startDelta(layer: Layer, slopes: usize, label: u32): void {
  let w = <usize>layer.weights + (label >> 2) * (layer.inputs << 4) + ((label & 3) << 2);
  for (let u: u32 = 0, end = layer.inputs * UNIT; u < end; u += UNIT, w += 16) {
    const weight = v128.load32_splat(w);
    for (let group: u32 = u; group < u + UNIT; group += 16) {
      const own = f32x4.sub(v128.load(Room.pulled + group), weight);
      v128.store(Room.delta + group, f32x4.mul(v128.load(slopes + group), own));
    }
  }
}

/** Adds ‖δ‖² (‖h‖² + 1) of a label. */
function addNorm(label: u32, delta: usize, outputs: u32, inputs: usize, units: u32): void {
  addSquares(delta, outputs, 0, Room.pulls);
  const lengths = lengthsOf(inputs, units);
  for (let group: u32 = 0; group < UNIT; group += 16) {
    const at = Room.norms + label * UNIT + group;
    v128.store(at, madd(v128.load(Room.pulls + group), v128.load(lengths + group), v128.load(at)));
  }
}

/** Places of the values that layer l reads, and of the slopes of its activations. */
function inputsOf(job: Job, l: u32): usize {
  if (l == 0) return Room.features;
  let at = Room.hidden;
  for (let below: u32 = 0; below + 1 < l; below++) at += linesOf(layerAt(job, below).outputs) * UNIT;
  return at;
}

function slopesOf(job: Job, l: u32): usize {
  return Room.slopes + (inputsOf(job, l + 1) - Room.hidden);
}

/** From probabilities in the place of logits to Σ p_y ‖∇ℓ(x, y)‖ of each row. */
export function expectGradients(job: Job): void {
  const last = job.layerCount - 1;
  const top = layerAt(job, last);
  lastLayer(job, inputsOf(job, last), top.inputs);
  if (job.firstLayer < last) {
    product(top.turned, 0, top.outputs, top.inputs, Room.logits, Room.pulled);
    const below = last - 1;
    const slopes = slopesOf(job, below);
    belowLast(job, top, slopes, inputsOf(job, below), layerAt(job, below).inputs);
    if (below > job.firstLayer) for (let label: u32 = 0; label < job.classes; label++) deeper(job, top, slopes, label);
  }
  for (let group: u32 = 0; group < UNIT; group += 16) {
    let sum = splat(0);
    let isLarge = i32x4.splat(0);
    for (let c: u32 = 0, end = job.classes * UNIT; c < end; c += UNIT) {
      const square = v128.load(Room.norms + c + group);
      isLarge = v128.or(isLarge, i32x4.gt_u(square, i32x4.splat(LARGEST)));
      sum = madd(v128.load(Room.logits + c + group), f32x4.sqrt(square), sum);
    }
    v128.store(Room.gradient + group, sum);
    v128.store(Room.doubtful + group, v128.or(v128.load(Room.doubtful + group), isLarge));
  }
}

/** What the layers further down add, of one label. */
function deeper(job: Job, top: Layer, slopes: usize, label: u32): void {
  startDelta(top, slopes, label);
  let delta = Room.delta;
  let other = Room.other;
  for (let l = job.layerCount - 2; l > job.firstLayer; l--) {
    const layer = layerAt(job, l);
    product(layer.turned, 0, layer.outputs, layer.inputs, delta, other);
    const own = slopesOf(job, l - 1);
    for (let u: u32 = 0, end = layer.inputs * UNIT; u < end; u += 16)
      v128.store(other + u, f32x4.mul(v128.load(own + u), v128.load(other + u)));
    addNorm(label, other, layer.inputs, inputsOf(job, l - 1), layerAt(job, l - 1).inputs);
    const before = delta;
    delta = other;
    other = before;
  }
}
