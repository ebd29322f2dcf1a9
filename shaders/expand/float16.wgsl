// IEEE's binary16, by whole numbers alone: a device may take a subnormal one for 0.

fn bits_of(i: u32) -> u32 {
  let half = extractBits(packed[i / 2u], 16u * (i % 2u), 16u);
  let sign = (half & 0x8000u) << 16u;
  let size = half & 0x7fffu;
  if (size >= 0x7c00u) { return sign | 0x7f800000u | ((size & 0x3ffu) << 13u); }  // infinity and NaN
  if (size >= 0x0400u) { return sign | ((size << 13u) + (112u << 23u)); }         // 2^(127 − 15)
  if (size == 0u) { return sign; }
  // size · 2^-24: its highest bit is the one that float32 leaves out.
  let highest = firstLeadingBit(size);
  return sign | (((highest + 102u) << 23u) + (size << (23u - highest)));
}
