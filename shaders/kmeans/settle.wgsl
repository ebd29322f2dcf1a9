// Takes down what the host has decided of rows that were in doubt.

struct SettleParams {
  first: u32,   // answer of this dispatch
  end: u32,
  places: u32,  // of all rows that take part
}

@group(0) @binding(0) var<uniform> params: SettleParams;
@group(0) @binding(1) var<storage, read> answers: array<vec4u>;    // place, cluster, upper (f32), lower (f32)
@group(0) @binding(2) var<storage, read_write> known: array<u32>;  // [3, places]: cluster, upper, lower

@compute @workgroup_size(64)
fn settle_rows(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = params.first + id.x; i < params.end; i += 64u * groups.x) {
    let answer = answers[i];
    known[answer.x] = answer.y;
    known[params.places + answer.x] = answer.z;
    known[2u * params.places + answer.x] = answer.w;
  }
}
