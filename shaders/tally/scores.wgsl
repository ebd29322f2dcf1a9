// Scores are wanted as they came out, in doubt or not.
fn in_doubt(bits: u32, is_doubtful: bool) -> u32 { return bits; }
