/** Rows as they are stored, turned so that the four lanes of a vector are four rows. */

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

/**
 * `width` values of rows that begin at `at`, `line` bytes apart: of `rows` rows, from 1 to 4, the last of them again where
 * there are fewer. Vectors are `step` bytes apart.
 */
@inline
export function turn(at: usize, rows: u32, line: u32, width: u32, into: usize, step: u32): void {
  const a = at;
  const b = rows > 1 ? a + line : a;
  const c = rows > 2 ? b + line : b;
  const d = rows > 3 ? c + line : c;
  const end = width << 2;
  let k: u32 = 0;
  let to = into;
  for (; k + 16 <= end; k += 16) {
    turnFour(v128.load(a + k), v128.load(b + k), v128.load(c + k), v128.load(d + k), to, step);
    to += 4 * step;
  }
  for (; k < end; k += 4) {
    let values = v128.load32_zero(a + k);
    values = v128.load_lane<u32>(b + k, values, 1);
    values = v128.load_lane<u32>(c + k, values, 2);
    values = v128.load_lane<u32>(d + k, values, 3);
    v128.store(to, values);
    to += step;
  }
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
