// One workgroup: finds the bin in which the k-th largest key lies, and after the last digit the threshold.

const WORKGROUP = 256u;
override DIGIT: u32 = 0u;

struct Slack {
  fixed: f32,       // bound on |float32 score − float64 score|
  per_norm: f32,    // what is added to it for every unit of the largest ‖(x, 1)‖
  per_square: f32,  // and for every unit of its square
  per_doubt: f32,   // and for every vote that rounding may have turned
}

@group(0) @binding(0) var<uniform> slack: Slack;
@group(0) @binding(1) var<storage, read_write> selection: Selection;
@group(0) @binding(2) var<storage, read_write> report: Report;
@group(0) @binding(6) var<storage, read> histogram: array<u32>;

const BINS_A_LANE = DIGIT_BINS / WORKGROUP;

var<workgroup> sums: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn find_digit(@builtin(local_invocation_index) lane: u32) {
  // Lane 0 holds the largest bins, so that a running sum counts from the top.
  let first = DIGIT_BINS - (lane + 1u) * BINS_A_LANE;
  var own = 0u;
  for (var i = 0u; i < BINS_A_LANE; i++) { own += histogram[DIGIT * DIGIT_BINS + first + i]; }
  sums[lane] = own;
  workgroupBarrier();
  for (var reach = 1u; reach < WORKGROUP; reach *= 2u) {
    var before = 0u;
    if (lane >= reach) { before = sums[lane - reach]; }
    workgroupBarrier();
    sums[lane] += before;
    workgroupBarrier();
  }
  let above = sums[lane] - own;
  let remaining = selection.remaining;
  workgroupBarrier();
  if (above < remaining && remaining <= above + own) {
    var rank = remaining - above;
    var bin = first + BINS_A_LANE - 1u;
    var count = histogram[DIGIT * DIGIT_BINS + bin];
    while (rank > count) {
      rank -= count;
      bin -= 1u;
      count = histogram[DIGIT * DIGIT_BINS + bin];
    }
    selection.remaining = rank;
    selection.prefix = (selection.prefix << select(11u, 10u, DIGIT == 2u)) | bin;
    if (DIGIT == 2u) { selection.threshold = threshold_below(selection.prefix); }
  }
}

// The smallest key whose score may in truth be as large as that of `key`: two scores may each be off by the slack. The
// sum is widened by its own rounding.
fn threshold_below(key: u32) -> u32 {
  let bits = key ^ select(0xffffffffu, 0x80000000u, (key >> 31u) == 1u);
  let score = bitcast<f32>(bits);
  let square = bitcast<f32>(atomicLoad(&report.norm));
  let bound = slack.fixed + slack.per_norm * sqrt(square) + slack.per_square * square
    + slack.per_doubt * f32(atomicLoad(&report.doubts));
  if (key == 0u || bound == 0.0) { return max(key, 1u); }
  return max(ordered_key(bitcast<u32>(score - 2.0 * bound * 1.0001 - abs(score) * 0x1p-22f)), 1u);
}
