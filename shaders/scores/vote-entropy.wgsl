// The entropy of the shares of votes.
fn vote_entropy_visit(acc: vec4f, b: Belief) -> vec4f { return vec4f(acc.x + surprise(b.votes), 0.0, 0.0, 0.0); }
fn vote_entropy_merge(a: vec4f, b: vec4f) -> vec4f { return a + b; }
fn vote_entropy_finish(acc: vec4f, row: u32) -> f32 { return acc.x; }
