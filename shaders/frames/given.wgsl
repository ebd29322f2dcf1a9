// Scores made elsewhere: checked, and taken as they are.

override WORKGROUP: u32 = 64u;

@group(0) @binding(3) var<storage, read> given: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn score_rows(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(num_workgroups) groups: vec3u,
) {
  tally_begin(lane, WORKGROUP);
  for (var row = id.x; row < params.rows; row += groups.x * WORKGROUP) {
    health = Health();
    inspect(given[row]);
    var score = array<vec4f, SCORES>(vec4f(bitcast<f32>(given[row]), 0.0, 0.0, 0.0));
    emit(row, is_valid(), &score);
  }
  tally_end(lane, WORKGROUP);
}
