// Gradients of a layer's weights: Σ δ x over the rows of a slice. A thread has LINES inputs by 4 outputs in registers;
// all threads of a workgroup read the same δ at the same time.

@group(0) @binding(1) var<storage, read> deltas: array<vec4f>;          // δ, [outputs rounded up to tiles, lanes]
@group(0) @binding(2) var<storage, read> values: array<vec4f>;          // x, [input_lines, lanes]
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;  // [slices, input_lines, weight_line]

const LINES = 4u;

@compute @workgroup_size(WORKGROUP)
fn sum_gradients(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let slice = group.y % params.slices;
  let column = group.y / params.slices;
  let first = slice * params.lanes / params.slices;
  let end = (slice + 1u) * params.lanes / params.slices;
  for (var line = id.x * LINES; line < params.input_lines; line += groups.x * WORKGROUP * LINES) {
    var sums = array<vec4f, LINES>();
    for (var lane = first; lane < end; lane++) {
      let at = 4u * column * params.lanes + lane;
      let a = deltas[at];
      let b = deltas[at + params.lanes];
      let c = deltas[at + 2u * params.lanes];
      let d = deltas[at + 3u * params.lanes];
      for (var i = 0u; i < LINES; i++) {
        let x = values[min(line + i, params.input_lines - 1u) * params.lanes + lane];
        sums[i] += vec4f(dot(a, x), dot(b, x), dot(c, x), dot(d, x));
      }
    }
    for (var i = 0u; i < min(LINES, params.input_lines - line); i++) {
      let at = (slice * params.input_lines + line + i) * params.weight_line + column;
      if (part.is_first == 1u) { gradient[at] = sums[i]; } else { gradient[at] += sums[i]; }
    }
  }
}
