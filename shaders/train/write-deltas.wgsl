// A gradient pulled back through a layer: times the slope of what the layer reads, in whose place it comes.
@group(0) @binding(3) var<storage, read_write> deltas: array<vec4f>;  // [outputs, lanes]

fn finish_unit(unit: u32, lane: u32, sum: vec4f) {
  deltas[unit * params.lanes + lane] *= sum;
}

fn finish_lane(lane: u32) {}
