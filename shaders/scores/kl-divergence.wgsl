// Σ over classes of mean p ln p − p̄ ln p̄: the mean divergence, its sums exchanged.
fn kl_divergence_visit(acc: vec4f, b: Belief) -> vec4f { return vec4f(acc.x + (b.h - b.within), 0.0, 0.0, 0.0); }
fn kl_divergence_merge(a: vec4f, b: vec4f) -> vec4f { return a + b; }
fn kl_divergence_finish(acc: vec4f, row: u32) -> f32 { return max(acc.x, 0.0); }
