// The part of the scores that one dispatch looks at: as much as fits one binding.
struct Segment {
  rows: u32,
  first_row: u32,  // in the pool
}

@group(0) @binding(0) var<uniform> segment: Segment;
