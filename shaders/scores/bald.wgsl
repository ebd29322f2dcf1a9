// The entropy of the mean less the mean entropy, class by class.
fn bald_visit(acc: vec4f, b: Belief) -> vec4f { return vec4f(acc.x + (b.h - b.within), 0.0, 0.0, 0.0); }
fn bald_merge(a: vec4f, b: vec4f) -> vec4f { return a + b; }
fn bald_finish(acc: vec4f, row: u32) -> f32 { return max(acc.x, 0.0); }
