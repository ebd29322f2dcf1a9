// The first digit of the radix select, counted while the scores are still in registers.

@group(0) @binding(6) var<storage, read_write> histogram: array<atomic<u32>>;

var<workgroup> bins: array<atomic<u32>, DIGIT_BINS>;

// DIGIT_BINS, but not known when compiled: unrolled, these loops are what a pipeline takes longest to compile.
fn bin_count() -> u32 { return arrayLength(&histogram) / DIGITS; }

fn tally_begin(lane: u32, lanes: u32) {
  for (var bin = lane; bin < bin_count(); bin += lanes) { atomicStore(&bins[bin], 0u); }
  workgroupBarrier();
}

// A score in doubt is not counted: its row is a candidate whatever the others are.
fn in_doubt(bits: u32, is_doubtful: bool) -> u32 { return select(bits, DOUBTFUL, is_doubtful); }

fn tally(slot: u32, segment_row: u32, bits: u32) {
  if (slot == 0u) { atomicAdd(&bins[digit_of(key_of(bits, segment_row), 0u)], 1u); }
}

fn tally_end(lane: u32, lanes: u32) {
  workgroupBarrier();
  for (var bin = lane; bin < bin_count(); bin += lanes) {
    let count = atomicLoad(&bins[bin]);
    if (count > 0u) { atomicAdd(&histogram[bin], count); }
  }
}
