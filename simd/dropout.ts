/** Masks of MC dropout over a tile of sixteen rows, bit for bit keepsUnit of random.ts: two units share a draw. */
import { lowerHalf, mix } from "./lanes";
import { UNIT } from "./product";

@inline
function mixOne(value: u32): u32 {
  let h = (value ^ (value >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  return h ^ (h >> 16);
}

/** What draws have in common before the pass is mixed in: [pairs of units, 16], of rows from `first` on. */
export function seedDraws(seed: u32, stream: u32, first: u32, units: u32, into: usize, k: usize): void {
  const base = mixOne(mixOne(seed + 0x9e3779b9) ^ stream);
  for (let group: u32 = 0; group < 4; group++) {
    const rows = i32x4.add(i32x4.splat(first + 4 * group), i32x4(0, 1, 2, 3));
    const hash = mix(v128.xor(i32x4.splat(base), rows), k);
    for (let pair: u32 = 0; pair < (units + 1) >> 1; pair++)
      v128.store(into + pair * UNIT + 16 * group, mix(v128.xor(hash, i32x4.splat(pair)), k));
  }
}

/** values [units, 16] where a pass keeps them, 0 elsewhere. */
export function drop(
  values: usize,
  units: u32,
  draws: usize,
  pass: u32,
  threshold: u32,
  into: usize,
  k: usize,
): void {
  const passes = i32x4.splat(pass);
  const least = i32x4.splat(threshold - 1);
  for (let unit: u32 = 0; unit < units; unit += 2) {
    const at = unit * UNIT;
    const pair = draws + (at >> 1);
    for (let group: u32 = 0; group < UNIT; group += 16) {
      const bits = mix(v128.xor(v128.load(pair + group), passes), k);
      const even = i32x4.gt_s(lowerHalf(bits, k), least);
      v128.store(into + at + group, v128.and(v128.load(values + at + group), even));
      if (unit + 1 == units) continue;
      const odd = i32x4.gt_s(i32x4.shr_u(bits, 16), least);
      v128.store(into + at + UNIT + group, v128.and(v128.load(values + at + UNIT + group), odd));
    }
  }
}
