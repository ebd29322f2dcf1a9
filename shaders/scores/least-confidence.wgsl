// 1 − the largest probability.
fn least_confidence_visit(acc: vec4f, b: Belief) -> vec4f { return vec4f(max(acc.x, b.p), 0.0, 0.0, 0.0); }
fn least_confidence_merge(a: vec4f, b: vec4f) -> vec4f { return max(a, b); }
fn least_confidence_finish(acc: vec4f, row: u32) -> f32 { return 1.0 - acc.x; }
