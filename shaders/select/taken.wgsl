// Rows that are not to be picked again, a bit each, and the key they get.

@group(0) @binding(5) var<storage, read> taken: array<u32>;

fn key_of(bits: u32, segment_row: u32) -> u32 {
  let is_taken = (taken[segment_row >> 5u] & (1u << (segment_row & 31u))) != 0u;
  if (is_taken || bits == 0x7fc00000u) { return 0u; }
  return ordered_key(bits);
}
