// TEAM lanes a row, any number of classes, SLICE at a time: a first sweep finds the maximum and Z together, a second
// one, over lines that are still in cache, visits the probabilities. With one lane there is no barrier: what a software
// adapter wants. With a whole workgroup a row it takes vocabularies that no register file holds.

// (top, Σ exp((z − top) / τ)) of a part of a row; two parts join.
var<workgroup> shared_parts: array<vec2f, WORKGROUP>;

fn join_parts(a: vec2f, b: vec2f) -> vec2f {
  let top = max(a.x, b.x);
  return vec2f(top, a.y * exp(below_top(a.x, top * 0.5)) + b.y * exp(below_top(b.x, top * 0.5)));
}

@compute @workgroup_size(WORKGROUP)
fn score_rows(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(num_workgroups) groups: vec3u,
) {
  tally_begin(lane, WORKGROUP);
  let rows_at_once = WORKGROUP / TEAM;
  let member = lane % TEAM;
  let step = SLICE * TEAM;
  var norm = 0.0;
  for (var first = group.x * rows_at_once; first < params.rows; first += groups.x * rows_at_once) {
    let own_row = first + lane / TEAM;
    let row = min(own_row, params.rows - 1u);
    health = Health();
    is_doubtful = false;
    var accs = array<vec4f, SCORES>();

    var part = vec2f(LOWEST, 0.0);
    for (var start = 0u; start < params.classes; start += step) {
      let values = fill(row, start + member, TEAM);
      if (!DIRECT) {
        var top = values[0];
        for (var i = 1u; i < SLICE; i++) { top = max(top, values[i]); }
        var sum = 0.0;
        for (var i = 0u; i < SLICE; i++) {
          let e = exp(below_top(values[i], top * 0.5));
          sum += select(0.0, e, start + member + i * TEAM < params.classes);
        }
        part = join_parts(part, vec2f(top, sum));
      } else {
        var part_accs = array<vec4f, SCORES>();
        for (var i = 0u; i < SLICE; i++) { visit_all(&part_accs, alone(values[i], surprise(values[i]), row, start + member + i * TEAM)); }
        merge_all(&accs, &part_accs);
      }
    }
    if (TEAM > 1u) {
      share_health(lane, member);
      shared_parts[lane] = part;
      workgroupBarrier();
      for (var half = params.half_team; half > 0u; half /= 2u) {
        if (member < half) { shared_parts[lane] = join_parts(shared_parts[lane], shared_parts[lane + half]); }
        workgroupBarrier();
      }
      part = shared_parts[lane - member];
      workgroupBarrier();
    }
    let valid = is_valid();
    let squares = health.squares;

    if (!DIRECT) {
      let scale = 1.0 / part.y;
      let log_sum = log(part.y);
      for (var start = 0u; start < params.classes; start += step) {
        let values = fill(row, start + member, TEAM);
        // Sums of sums: the rounding error of SLICE + classes / SLICE additions instead of one a class.
        var part_accs = array<vec4f, SCORES>();
        for (var i = 0u; i < SLICE; i++) {
          let d = below_top(values[i], part.x * 0.5);
          let p = select(0.0, exp(d) * scale, start + member + i * TEAM < params.classes);
          visit_all(&part_accs, alone(p, p * (log_sum - d), row, start + member + i * TEAM));
        }
        merge_all(&accs, &part_accs);
      }
    }
    if (TEAM > 1u) { merge_team(&accs, lane, member); }
    if (member == 0u && own_row < params.rows) {
      norm = select(norm, max(norm, squares), valid && !is_doubtful);
      emit(row, valid, &accs);
    }
  }
  atomicMax(&report.norm, bitcast<u32>(norm));
  tally_end(lane, WORKGROUP);
}
