// Probabilities out of logits, and for each label y what the last layer adds to ‖∇‖²: ‖p − e_y‖² (‖h‖² + 1). A lane is
// four rows.

@group(0) @binding(1) var<storage, read> logits: array<vec4f>;                 // [outputs, row_lanes]
@group(0) @binding(2) var<storage, read> activations: array<vec4f>;            // [units, row_lanes]
@group(0) @binding(3) var<storage, read_write> probabilities: array<vec4f>;    // [outputs, row_lanes]
@group(0) @binding(4) var<storage, read_write> gradients: array<vec4f>;        // [outputs, row_lanes], squares

fn below(z: vec4f, half_top: vec4f) -> vec4f {
  return max(z * 0.5 - half_top, vec4f(params.half_floor)) * params.double_scale;
}

@compute @workgroup_size(WORKGROUP)
fn spread_labels(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var lane = id.x; lane < params.row_lanes; lane += groups.x * WORKGROUP) {
    let line = params.row_lanes;
    let length = squared_length(lane);
    var top = logits[lane];
    var best = vec4u();
    for (var y = 1u; y < params.outputs; y++) {
      let z = logits[y * line + lane];
      best = select(best, vec4u(y), z > top);
      top = max(top, z);
    }
    // The likeliest label is left out of these sums: 1 − p would lose what they hold.
    var others = vec4f();
    var squares = vec4f();
    for (var y = 0u; y < params.outputs; y++) {
      let e = select(exp(below(logits[y * line + lane], top * 0.5)), vec4f(), best == vec4u(y));
      others += e;
      squares = fma(e, e, squares);
    }
    let scale = 1.0 / (1.0 + others);
    others *= scale;
    squares *= scale * scale;
    for (var y = 0u; y < params.outputs; y++) {
      let is_best = best == vec4u(y);
      let p = select(exp(below(logits[y * line + lane], top * 0.5)) * scale, scale, is_best);
      let missing = 1.0 - p;
      let rest = squares + (scale - p) * (scale + p) + missing * missing;
      probabilities[y * line + lane] = p;
      gradients[y * line + lane] = select(rest, squares + others * others, is_best) * length;
    }
  }
}
