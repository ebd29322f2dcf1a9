// Sums through the activation, if there is one.
@group(0) @binding(3) var<storage, read_write> outputs: array<vec4f>;  // [outputs, lanes]

fn finish_unit(unit: u32, lane: u32, sum: vec4f) {
  outputs[unit * params.lanes + lane] = activate(sum);
}

fn finish_lane(lane: u32) {}
