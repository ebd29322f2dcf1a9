// 1 − the share of the most voted class.
fn variation_ratio_visit(acc: vec4f, b: Belief) -> vec4f { return vec4f(max(acc.x, b.votes), 0.0, 0.0, 0.0); }
fn variation_ratio_merge(a: vec4f, b: vec4f) -> vec4f { return max(a, b); }
fn variation_ratio_finish(acc: vec4f, row: u32) -> f32 { return 1.0 - acc.x; }
