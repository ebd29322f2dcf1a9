// Adds up the parts of each cluster. A thread takes four dims of a cluster.

struct TotalParams {
  width: u32,  // vec4f a point
  first: u32,  // cluster of this dispatch
  end: u32,
}

@group(0) @binding(0) var<uniform> params: TotalParams;
@group(0) @binding(1) var<storage, read> subtotals: array<Wide>;   // [parts, width]
@group(0) @binding(2) var<storage, read> begins: array<u32>;       // [k + 1]: the first part of each cluster
@group(0) @binding(3) var<storage, read_write> sums: array<Wide>;  // [k, width]

@compute @workgroup_size(64)
fn total_parts(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let end = params.end * params.width;
  for (var i = params.first * params.width + id.x; i < end; i += 64u * groups.x) {
    let cluster = i / params.width;
    var sum = Wide(vec4u(), vec4i());
    for (var part = begins[cluster]; part < begins[cluster + 1u]; part++) {
      sum = add_wide(sum, subtotals[part * params.width + i % params.width]);
    }
    sums[i] = sum;
  }
}
