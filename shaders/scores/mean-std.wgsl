// Deviations, averaged over the classes.
fn mean_std_visit(acc: vec4f, b: Belief) -> vec4f { return vec4f(acc.x + b.spread, 0.0, 0.0, 0.0); }
fn mean_std_merge(a: vec4f, b: vec4f) -> vec4f { return a + b; }
fn mean_std_finish(acc: vec4f, row: u32) -> f32 { return acc.x / f32(params.classes); }
