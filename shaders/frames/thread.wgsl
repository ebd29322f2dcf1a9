// One thread a row, its classes in registers: for at most SLICE classes.

override WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn score_rows(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(num_workgroups) groups: vec3u,
) {
  tally_begin(lane, WORKGROUP);
  var norm = 0.0;
  for (var row = id.x; row < params.rows; row += groups.x * WORKGROUP) {
    health = Health();
    is_doubtful = false;
    var values = fill(row, 0u, 1u);
    var accs = array<vec4f, SCORES>();
    if (DIRECT) {
      for (var i = 0u; i < SLICE; i++) { visit_all(&accs, alone(values[i], surprise(values[i]), row, i)); }
    } else {
      var top = values[0];
      for (var i = 1u; i < SLICE; i++) { top = max(top, values[i]); }
      var exps: array<f32, SLICE>;
      var sum = 0.0;
      for (var i = 0u; i < SLICE; i++) {
        values[i] = below_top(values[i], top * 0.5);
        exps[i] = select(0.0, exp(values[i]), i < params.classes);
        sum += exps[i];
      }
      let scale = 1.0 / sum;
      let log_sum = log(sum);
      for (var i = 0u; i < SLICE; i++) {
        let p = exps[i] * scale;
        visit_all(&accs, alone(p, p * (log_sum - values[i]), row, i));
      }
    }
    let valid = is_valid();
    norm = select(norm, max(norm, health.squares), valid && !is_doubtful);
    emit(row, valid, &accs);
  }
  atomicMax(&report.norm, bitcast<u32>(norm));
  tally_end(lane, WORKGROUP);
}
