// Nothing else is counted while scores are made.
fn tally_begin(lane: u32, lanes: u32) {}
// Scores are wanted as they came out, in doubt or not.
fn in_doubt(bits: u32, is_doubtful: bool) -> u32 { return bits; }
fn tally(slot: u32, segment_row: u32, bits: u32) {}
fn tally_end(lane: u32, lanes: u32) {}
