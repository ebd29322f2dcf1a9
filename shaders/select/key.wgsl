// Scores as unsigned keys in the same order, cut into three digits for the radix select.
//
// Key 0 is for rows that are not ranked: taken already, not valid, or in doubt.

const DIGIT_BINS = 2048u;
const DIGITS = 3u;

fn ordered_key(bits: u32) -> u32 {
  let positive = select(bits, 0u, bits == 0x80000000u);  // −0 ties with 0
  return positive ^ select(0x80000000u, 0xffffffffu, (positive >> 31u) == 1u);
}

// Digits of 11, 11 and 10 bits, the highest first.
fn digit_of(key: u32, digit: u32) -> u32 {
  if (digit == 0u) { return key >> 21u; }
  if (digit == 1u) { return (key >> 10u) & 0x7ffu; }
  return key & 0x3ffu;
}

// The bits of a key above a digit.
fn prefix_of(key: u32, digit: u32) -> u32 {
  if (digit == 0u) { return 0u; }
  if (digit == 1u) { return key >> 21u; }
  return key >> 10u;
}
