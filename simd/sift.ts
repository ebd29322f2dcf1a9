/** Which of many scores are worth a look. */

/**
 * Writes the places of scores that are not below a bar, and of those that are no finite number, to `into` [count], in their
 * order. Gives how many they are.
 */
export function sift(scores: usize, count: u32, bar: f32, into: usize): u32 {
  const least = f32x4.splat(bar);
  const finite = i32x4.splat(0x7f7fffff);
  const magnitude = i32x4.splat(0x7fffffff);
  let found: u32 = 0;
  let place: u32 = 0;
  for (; place + 4 <= count; place += 4) {
    const four = v128.load(scores + (place << 2));
    const matters = v128.or(f32x4.ge(four, least), i32x4.gt_s(v128.and(four, magnitude), finite));
    if (!v128.any_true(matters)) continue;
    for (let lanes = i32x4.bitmask(matters); lanes; lanes &= lanes - 1)
      store<u32>(into + (found++ << 2), place + ctz(lanes));
  }
  for (; place < count; place++) {
    const score = load<f32>(scores + (place << 2));
    if (score < bar && score >= -f32.MAX_VALUE) continue;
    store<u32>(into + (found++ << 2), place);
  }
  return found;
}
