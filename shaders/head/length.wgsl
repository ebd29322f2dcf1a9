// ‖h‖² + 1 of the four rows of a lane, where `activations` are h, [units, row_lanes].
fn squared_length(lane: u32) -> vec4f {
  var length = vec4f(1.0);
  for (var unit = 0u; unit < params.units; unit++) {
    let h = activations[unit * params.row_lanes + lane];
    length = fma(h, h, length);
  }
  return length;
}
