// Makes float32 of packed values, a thread a value. What is stored are bits, so that no NaN changes on the way.

struct ExpandParams {
  values: u32,
}

@group(0) @binding(0) var<uniform> params: ExpandParams;
@group(0) @binding(1) var<storage, read> packed: array<u32>;          // the last word may have room for more values
@group(0) @binding(2) var<storage, read_write> expanded: array<u32>;  // [values], f32

override WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn expand_values(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < params.values; i += groups.x * WORKGROUP) { expanded[i] = bits_of(i); }
}
