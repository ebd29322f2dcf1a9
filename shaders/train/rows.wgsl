// The four rows of a lane.

@group(0) @binding(1) var<storage, read> order: array<u32>;  // of an epoch, rows of the features

fn places_of(lane: u32) -> vec4u {
  return 4u * lane + vec4u(0u, 1u, 2u, 3u);
}

// A place past the end has the part's last row.
fn row_at(place: u32) -> u32 {
  return order[part.first + min(place, part.rows - 1u)];
}

fn rows_at(places: vec4u) -> vec4u {
  return vec4u(row_at(places.x), row_at(places.y), row_at(places.z), row_at(places.w));
}
