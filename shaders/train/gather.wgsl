// The features of a part's rows, turned. A lane is four rows, a thread has DIMS of their values.

@group(0) @binding(2) var<storage, read> features: array<f32>;         // [labelled rows, inputs]
@group(0) @binding(3) var<storage, read_write> values: array<vec4f>;   // [inputs, lanes]

const DIMS = 16u;

@compute @workgroup_size(WORKGROUP)
fn gather_rows(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let start = group.y * DIMS;
  for (var lane = id.x; lane < params.lanes; lane += groups.x * WORKGROUP) {
    let places = places_of(lane);
    let is_row = places < vec4u(part.rows);
    let starts = rows_at(places) * params.inputs;
    for (var d = start; d < min(start + DIMS, params.inputs); d++) {
      let x = vec4f(features[starts.x + d], features[starts.y + d], features[starts.z + d], features[starts.w + d]);
      values[d * params.lanes + lane] = select(vec4f(), x, is_row);
    }
  }
}
