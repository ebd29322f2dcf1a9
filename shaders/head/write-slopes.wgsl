// Sums through the activation, and its slope beside. A relu so close to its kink that rounding may have crossed it leaves
// the row to float64.
@group(0) @binding(3) var<storage, read_write> outputs: array<vec4f>;  // [outputs, lanes]
@group(0) @binding(4) var<storage, read_write> slopes: array<vec4f>;   // [outputs, lanes]
@group(0) @binding(5) var<storage, read_write> row_states: array<RowState>;

var<private> closest = vec4f(0x1p127f);  // to the kink, of the lane's rows

fn finish_unit(unit: u32, lane: u32, sum: vec4f) {
  outputs[unit * params.lanes + lane] = activate(sum);
  slopes[unit * params.lanes + lane] = slope_of(sum);
  closest = min(closest, abs(sum));
}

fn finish_lane(lane: u32) {
  for (var i = 0u; i < 4u; i++) {
    let row = 4u * lane + i;
    if (row < params.rows && closest[i] <= params.kink * sqrt(row_states[row].squares)) {
      row_states[row].is_doubtful = 1u;
    }
  }
  closest = vec4f(0x1p127f);
}
