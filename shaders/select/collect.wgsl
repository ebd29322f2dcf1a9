// Appends every row whose key reaches the threshold, and every doubtful one, in any order. Past the end of `candidates` rows are only counted.

override WORKGROUP: u32 = 256u;

@group(0) @binding(1) var<storage, read> scores: array<u32>;
@group(0) @binding(2) var<storage, read_write> selection: Selection;
@group(0) @binding(3) var<storage, read_write> candidates: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn collect_candidates(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var row = segment.begin + id.x; row < segment.end; row += groups.x * WORKGROUP) {
    let bits = scores[row];
    if (key_of(bits, row) >= selection.threshold || (bits == DOUBTFUL && !is_taken(row))) {
      let place = atomicAdd(&selection.candidates, 1u);
      if (place < arrayLength(&candidates)) { candidates[place] = segment.first_row + row; }
    }
  }
}
