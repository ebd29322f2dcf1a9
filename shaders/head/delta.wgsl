// The gradients of four labels by the sums of the layer below the last: φ′(a) (u − w_y). A lane is a row.

@group(0) @binding(1) var<storage, read> weights: array<vec4f>;       // [inputs, 4 weight_line]: of the last layer
@group(0) @binding(2) var<storage, read> shared_pull: array<f32>;     // u, [inputs, 4 row_lanes]
@group(0) @binding(3) var<storage, read> slopes: array<f32>;          // [inputs, 4 row_lanes]
@group(0) @binding(4) var<storage, read_write> deltas: array<vec4f>;  // [inputs, rows]

@compute @workgroup_size(WORKGROUP)
fn start_deltas(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var row = id.x; row < params.rows; row += groups.x * WORKGROUP) {
    for (var k = 0u; k < params.inputs; k++) {
      let at = k * 4u * params.row_lanes + row;
      let w = weights[k * params.weight_line + params.label / 4u];
      deltas[k * params.rows + row] = slopes[at] * (shared_pull[at] - w);
    }
  }
}
