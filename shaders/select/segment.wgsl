// The scores that fit one binding, and those of them that one dispatch looks at.
struct Segment {
  first_row: u32,  // in the pool
  begin: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> segment: Segment;
