// Uniform, whatever the model says.
fn random_visit(acc: vec4f, b: Belief) -> vec4f { return acc; }
fn random_merge(a: vec4f, b: vec4f) -> vec4f { return a; }
fn random_finish(acc: vec4f, row: u32) -> f32 { return random_uniform(params.seed, STREAM_SCORES, row, 0u, 0u); }
