// Counts one digit of the keys that share the prefix found so far. `histogram` holds DIGITS · DIGIT_BINS counts.

override WORKGROUP: u32 = 256u;
override DIGIT: u32 = 1u;

@group(0) @binding(1) var<storage, read> scores: array<u32>;
@group(0) @binding(2) var<storage, read_write> selection: Selection;
@group(0) @binding(6) var<storage, read_write> histogram: array<atomic<u32>>;

var<workgroup> bins: array<atomic<u32>, DIGIT_BINS>;

@compute @workgroup_size(WORKGROUP)
fn count_digit(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var bin = lane; bin < DIGIT_BINS; bin += WORKGROUP) { atomicStore(&bins[bin], 0u); }
  workgroupBarrier();
  for (var row = segment.begin + id.x; row < segment.end; row += groups.x * WORKGROUP) {
    let key = key_of(scores[row], row);
    if (prefix_of(key, DIGIT) == selection.prefix) { atomicAdd(&bins[digit_of(key, DIGIT)], 1u); }
  }
  workgroupBarrier();
  for (var bin = lane; bin < DIGIT_BINS; bin += WORKGROUP) {
    let count = atomicLoad(&bins[bin]);
    if (count > 0u) { atomicAdd(&histogram[DIGIT * DIGIT_BINS + bin], count); }
  }
}
