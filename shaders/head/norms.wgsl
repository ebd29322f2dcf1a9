// What a lower layer adds to ‖∇‖² of four labels: ‖δ‖² (‖h‖² + 1). A lane is a row.

@group(0) @binding(1) var<storage, read> deltas: array<vec4f>;         // [inputs, rows]
@group(0) @binding(2) var<storage, read> activations: array<f32>;      // h, [units, 4 row_lanes]
@group(0) @binding(3) var<storage, read_write> gradients: array<f32>;  // [outputs, 4 row_lanes], squares

@compute @workgroup_size(WORKGROUP)
fn add_norms(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let line = 4u * params.row_lanes;
  for (var row = id.x; row < params.rows; row += groups.x * WORKGROUP) {
    var length = 1.0;
    for (var unit = 0u; unit < params.units; unit++) {
      let h = activations[unit * line + row];
      length = fma(h, h, length);
    }
    var squares = vec4f();
    for (var k = 0u; k < params.inputs; k++) {
      let delta = deltas[k * params.rows + row];
      squares = fma(delta, delta, squares);
    }
    for (var i = 0u; i < min(4u, params.outputs - params.label); i++) {
      let at = (params.label + i) * line + row;
      gradients[at] = fma(squares[i], length, gradients[at]);
    }
  }
}
