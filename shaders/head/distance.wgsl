// What the layer below the last adds to ‖∇‖²: for each label y, Σ (φ′(a) (u − w_y))² (‖h‖² + 1), where u = Wᵀp. Products
// of the squares would be as many and would cancel. A lane is four rows, a thread has TILE labels in registers.

@group(0) @binding(1) var<storage, read> weights: array<vec4f>;          // [inputs, 4 weight_line]: of the last layer
@group(0) @binding(2) var<storage, read> shared_pull: array<vec4f>;      // u, [inputs, row_lanes]
@group(0) @binding(3) var<storage, read> slopes: array<vec4f>;           // [inputs, row_lanes]
@group(0) @binding(4) var<storage, read> activations: array<vec4f>;      // h, [units, row_lanes]
@group(0) @binding(5) var<storage, read_write> gradients: array<vec4f>;  // [outputs, row_lanes], squares

const QUADS = TILE / 4u;

@compute @workgroup_size(WORKGROUP)
fn add_distances(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let column = group.y * QUADS;
  for (var lane = id.x; lane < params.row_lanes; lane += groups.x * WORKGROUP) {
    let length = squared_length(lane);
    var sums = array<vec4f, TILE>();
    for (var k = 0u; k < params.inputs; k++) {
      let u = shared_pull[k * params.row_lanes + lane];
      let slope = slopes[k * params.row_lanes + lane];
      for (var q = 0u; q < QUADS; q++) {
        let w = weights[k * params.weight_line + column + q];
        let a = slope * (u - w.x);
        let b = slope * (u - w.y);
        let c = slope * (u - w.z);
        let d = slope * (u - w.w);
        sums[4u * q] = fma(a, a, sums[4u * q]);
        sums[4u * q + 1u] = fma(b, b, sums[4u * q + 1u]);
        sums[4u * q + 2u] = fma(c, c, sums[4u * q + 2u]);
        sums[4u * q + 3u] = fma(d, d, sums[4u * q + 3u]);
      }
    }
    for (var o = 0u; o < TILE; o++) {
      let y = 4u * column + o;
      if (y < params.outputs) {
        let at = y * params.row_lanes + lane;
        gradients[at] = fma(sums[o], length, gradients[at]);
      }
    }
  }
}
