/** Rows as they are stored, turned so that the four lanes of a vector are four rows. */

import { magnitude, splat } from "./lanes";

/** Four values of each of four rows become four vectors, `step` bytes apart. */
@inline
function turnFour(v0: v128, v1: v128, v2: v128, v3: v128, into: usize, step: u32): void {
  const low01 = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
  v128.store(into, v128.shuffle<f64>(low01, low23, 0, 2));
  v128.store(into + step, v128.shuffle<f64>(low01, low23, 1, 3));
  v128.store(into + 2 * step, v128.shuffle<f64>(high01, high23, 0, 2));
  v128.store(into + 3 * step, v128.shuffle<f64>(high01, high23, 1, 3));
}

/** Of values that came by while they were turned: the largest of each row, the next, and the largest magnitude's bits. */
export abstract class Seen {
  static top: v128 = f32x4.splat(0);
  static next: v128 = f32x4.splat(0);
  static largest: v128 = i32x4.splat(0);
}

/**
 * `width` values of rows that begin at `at`, `line` bytes apart: of `rows` rows, from 1 to 4, the last of them again where
 * there are fewer. Vectors are `step` bytes apart. With `watches` it says what it has seen.
 */
@inline
export function turn(at: usize, rows: u32, line: u32, width: u32, into: usize, step: u32, watches: bool, constants: usize): void {
  const a = at;
  const b = rows > 1 ? a + line : a;
  const c = rows > 2 ? b + line : b;
  const d = rows > 3 ? c + line : c;
  const end = width << 2;
  let top = splat(-f32(Infinity));
  let next = top;
  let largest = i32x4.splat(0);
  let k: u32 = 0;
  let to = into;
  for (; k + 16 <= end; k += 16) {
    turnFour(v128.load(a + k), v128.load(b + k), v128.load(c + k), v128.load(d + k), to, step);
    if (watches) {
      const v0 = v128.load(to);
      const v1 = v128.load(to + step);
      const v2 = v128.load(to + 2 * step);
      const v3 = v128.load(to + 3 * step);
      const high0 = f32x4.pmax(v0, v1);
      const high1 = f32x4.pmax(v2, v3);
      const high = f32x4.pmax(high0, high1);
      const low = f32x4.pmax(f32x4.pmin(high0, high1), f32x4.pmax(f32x4.pmin(v0, v1), f32x4.pmin(v2, v3)));
      next = f32x4.pmax(f32x4.pmax(next, low), f32x4.pmin(top, high));
      top = f32x4.pmax(top, high);
      const larger = i32x4.max_u(i32x4.max_u(magnitude(v0, constants), magnitude(v1, constants)), i32x4.max_u(magnitude(v2, constants), magnitude(v3, constants)));
      largest = i32x4.max_u(largest, larger);
    }
    to += 4 * step;
  }
  for (; k < end; k += 4) {
    let values = v128.load32_zero(a + k);
    values = v128.load_lane<u32>(b + k, values, 1);
    values = v128.load_lane<u32>(c + k, values, 2);
    values = v128.load_lane<u32>(d + k, values, 3);
    v128.store(to, values);
    if (watches) {
      next = f32x4.pmax(next, f32x4.pmin(top, values));
      top = f32x4.pmax(top, values);
      largest = i32x4.max_u(largest, magnitude(values, constants));
    }
    to += step;
  }
  if (watches) {
    Seen.top = top;
    Seen.next = next;
    Seen.largest = largest;
  }
}

/** The way back: vectors of four rows, `step` bytes apart, to `width` values of each row, `line` bytes apart. */
export function turnBack(at: usize, step: u32, width: u32, into: usize, rows: u32, line: u32): void {
  const end = width << 2;
  let k: u32 = 0;
  if (rows == 4)
    for (; k + 16 <= end; k += 16, at += 4 * step)
      turnFour(v128.load(at), v128.load(at + step), v128.load(at + 2 * step), v128.load(at + 3 * step), into + k, line);
  for (; k < end; k += 4, at += step)
    for (let row: u32 = 0; row < rows; row++) store<f32>(into + row * line + k, load<f32>(at + (row << 2)));
}

/** The first `rows` lanes to consecutive places. */
@inline
export function storeLanes(at: usize, values: v128, rows: u32): void {
  if (rows == 4) {
    v128.store(at, values);
    return;
  }
  v128.store_lane<u32>(at, values, 0);
  if (rows > 1) v128.store_lane<u32>(at, values, 1, 4);
  if (rows > 2) v128.store_lane<u32>(at, values, 2, 8);
}
