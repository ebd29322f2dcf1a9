// A gradient pulled back through a layer: times the slope of the activation that the layer reads. A lane is four labels
// of a row.
@group(0) @binding(3) var<storage, read_write> outputs: array<vec4f>;  // [outputs, rows]
@group(0) @binding(4) var<storage, read> slopes: array<f32>;           // [outputs, 4 row_lanes]

fn finish_unit(unit: u32, lane: u32, sum: vec4f) {
  outputs[unit * params.lanes + lane] = sum * slopes[unit * 4u * params.row_lanes + lane];
}

fn finish_lane(lane: u32) {}
