// The cross-entropy of each row, and its derivatives by the logits: p − e_y, times the share of a row. A lane is four
// rows.

@group(0) @binding(2) var<storage, read> labels: array<u32>;          // [labelled rows]
@group(0) @binding(3) var<storage, read_write> logits: array<vec4u>;  // [outputs, lanes], f32; derivatives take their place
@group(0) @binding(4) var<storage, read_write> losses: array<u32>;    // [order], f32; NaN where a logit is no number

const INFINITE = 0x7f800000u;
const NOT_A_NUMBER = 0x7fc00000u;

@compute @workgroup_size(WORKGROUP)
fn spread_loss(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var lane = id.x; lane < params.lanes; lane += groups.x * WORKGROUP) {
    let places = places_of(lane);
    let rows = rows_at(places);
    let own = vec4u(labels[rows.x], labels[rows.y], labels[rows.z], labels[rows.w]);
    var magnitude = vec4u();
    var top = bitcast<vec4f>(logits[lane]);
    var of_label = vec4f();
    for (var y = 0u; y < params.outputs; y++) {
      let bits = logits[y * params.lanes + lane];
      magnitude = max(magnitude, bits & vec4u(0x7fffffffu));
      top = max(top, bitcast<vec4f>(bits));
      of_label = select(of_label, bitcast<vec4f>(bits), own == vec4u(y));
    }
    // The label's own part is left out: p − 1 would lose what these hold.
    var others = vec4f();
    for (var y = 0u; y < params.outputs; y++) {
      let e = exp(max(bitcast<vec4f>(logits[y * params.lanes + lane]) - top, vec4f(-80.0)));
      others += select(e, vec4f(), own == vec4u(y));
    }
    let total = others + exp(max(of_label - top, vec4f(-80.0)));
    let scale = select(vec4f(), part.share / total, places < vec4u(part.rows));
    for (var y = 0u; y < params.outputs; y++) {
      let at = y * params.lanes + lane;
      let e = exp(max(bitcast<vec4f>(logits[at]) - top, vec4f(-80.0)));
      logits[at] = bitcast<vec4u>(scale * select(e, -others, own == vec4u(y)));
    }
    let loss = bitcast<vec4u>(top - of_label + log(total));
    let found = select(loss, vec4u(NOT_A_NUMBER), magnitude >= vec4u(INFINITE));
    for (var i = 0u; i < 4u; i++) {
      if (places[i] < part.rows) { losses[part.first + places[i]] = found[i]; }
    }
  }
}
