// A score in doubt may be anything: it is marked with the bits of infinity.
fn in_doubt(bits: u32, is_doubtful: bool) -> u32 { return select(bits, 0x7f800000u, is_doubtful); }
