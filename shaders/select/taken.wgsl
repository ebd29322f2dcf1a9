// Rows that are not to be picked again, a bit each, and the key they get.

@group(0) @binding(5) var<storage, read> taken: array<u32>;

// Patterns of scores that are not numbers: of rows that are not valid, and of rows that float64 must judge.
const INVALID = 0x7fc00000u;
const DOUBTFUL = 0x7fc00001u;

fn is_taken(segment_row: u32) -> bool {
  return (taken[segment_row >> 5u] & (1u << (segment_row & 31u))) != 0u;
}

fn key_of(bits: u32, segment_row: u32) -> u32 {
  if (bits == INVALID || bits == DOUBTFUL || is_taken(segment_row)) { return 0u; }
  return ordered_key(bits);
}
