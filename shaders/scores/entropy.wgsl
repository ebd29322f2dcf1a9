// The sum of −p ln p.
fn entropy_visit(acc: vec4f, b: Belief) -> vec4f { return vec4f(acc.x + b.h, 0.0, 0.0, 0.0); }
fn entropy_merge(a: vec4f, b: vec4f) -> vec4f { return a + b; }
fn entropy_finish(acc: vec4f, row: u32) -> f32 { return acc.x; }
