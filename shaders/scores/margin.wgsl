// 1 − (the largest probability − the next): acc.x and acc.y are the two largest so far.
fn margin_visit(acc: vec4f, b: Belief) -> vec4f { return margin_merge(acc, vec4f(b.p, 0.0, 0.0, 0.0)); }
fn margin_merge(a: vec4f, b: vec4f) -> vec4f {
  return vec4f(max(a.x, b.x), max(min(a.x, b.x), max(a.y, b.y)), 0.0, 0.0);
}
fn margin_finish(acc: vec4f, row: u32) -> f32 { return 1.0 - (acc.x - acc.y); }
