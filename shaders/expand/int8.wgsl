// Two's complement in a byte.

fn bits_of(i: u32) -> u32 {
  return bitcast<u32>(f32(extractBits(bitcast<i32>(packed[i / 4u]), 8u * (i % 4u), 8u)));
}
