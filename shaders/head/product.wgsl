// A dense layer: outputs = weightsᵀ · inputs + bias. A thread has four rows, or four passes of a row, and TILE outputs
// in registers; all threads of a workgroup read the same weights at the same time. What is read (as it lies, or with
// dropout) and what becomes of a finished sum are files of their own.

@group(0) @binding(1) var<storage, read> weights: array<vec4f>;  // [inputs rounded up to pairs + 1, 4 weight_line], bias last

const QUADS = TILE / 4u;
// Inputs are added up in stretches: the rounding error of 32 + inputs / 32 additions instead of one an input.
const STRETCH = 32u;

@compute @workgroup_size(WORKGROUP)
fn multiply(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let column = group.y * QUADS;
  let bias = (params.inputs + (params.inputs & 1u)) * params.weight_line + column;
  for (var lane = id.x; lane < params.lanes; lane += groups.x * WORKGROUP) {
    open_lane(lane);
    var sums = array<vec4f, TILE>();
    for (var start = 0u; start < params.inputs; start += STRETCH) {
      var parts = array<vec4f, TILE>();
      for (var k = start; k < min(start + STRETCH, params.inputs); k += 2u) {
        let pair = read_pair(k, lane);
        for (var q = 0u; q < QUADS; q++) {
          let even = weights[k * params.weight_line + column + q];
          let odd = weights[(k + 1u) * params.weight_line + column + q];
          parts[4u * q] = fma(vec4f(odd.x), pair[1], fma(vec4f(even.x), pair[0], parts[4u * q]));
          parts[4u * q + 1u] = fma(vec4f(odd.y), pair[1], fma(vec4f(even.y), pair[0], parts[4u * q + 1u]));
          parts[4u * q + 2u] = fma(vec4f(odd.z), pair[1], fma(vec4f(even.z), pair[0], parts[4u * q + 2u]));
          parts[4u * q + 3u] = fma(vec4f(odd.w), pair[1], fma(vec4f(even.w), pair[0], parts[4u * q + 3u]));
        }
      }
      for (var o = 0u; o < TILE; o++) { sums[o] += parts[o]; }
    }
    for (var o = 0u; o < TILE; o++) {
      let unit = 4u * column + o;
      if (unit < params.outputs) { finish_unit(unit, lane, sums[o] + weights[bias + o / 4u][o % 4u]); }
    }
    finish_lane(lane);
  }
}
