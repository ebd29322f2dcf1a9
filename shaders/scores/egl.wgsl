// Gradient lengths, weighed by how likely their labels are.
fn egl_visit(acc: vec4f, b: Belief) -> vec4f { return vec4f(acc.x + b.p * b.gradient, 0.0, 0.0, 0.0); }
fn egl_merge(a: vec4f, b: vec4f) -> vec4f { return a + b; }
fn egl_finish(acc: vec4f, row: u32) -> f32 { return acc.x; }
