// The last step of a counting sort: rows that change sides, once for the cluster that they join and once for the one that
// they leave. Their order within a cluster is any.

struct ScatterParams {
  first: u32,  // of this dispatch
  end: u32,
}

@group(0) @binding(0) var<uniform> params: ScatterParams;
@group(0) @binding(1) var<storage, read> moves: array<vec2u>;             // place, and the cluster that its row was in
@group(0) @binding(2) var<storage, read> known: array<u32>;               // [3, places]: the cluster of each row first
@group(0) @binding(3) var<storage, read_write> next: array<atomic<u32>>;  // [k]: where the next of a cluster goes
@group(0) @binding(4) var<storage, read_write> sorted: array<u32>;        // 2 place, and 1 more where its row leaves

const NONE = 0xffffffffu;

@compute @workgroup_size(64)
fn scatter_moves(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = params.first + id.x; i < params.end; i += 64u * groups.x) {
    let moved = moves[i];
    sorted[atomicAdd(&next[known[moved.x]], 1u)] = 2u * moved.x;
    if (moved.y != NONE) { sorted[atomicAdd(&next[moved.y], 1u)] = 2u * moved.x + 1u; }
  }
}
