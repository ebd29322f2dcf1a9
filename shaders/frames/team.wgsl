// TEAM lanes a row, SLICE classes in the registers of each: for at most TEAM · SLICE classes. Neighbouring lanes read
// neighbouring classes, so loads coalesce.

var<workgroup> shared_floats: array<f32, WORKGROUP>;

fn team_max(value: f32, lane: u32, member: u32) -> f32 {
  shared_floats[lane] = value;
  workgroupBarrier();
  for (var half = params.half_team; half > 0u; half /= 2u) {
    if (member < half) { shared_floats[lane] = max(shared_floats[lane], shared_floats[lane + half]); }
    workgroupBarrier();
  }
  let result = shared_floats[lane - member];
  workgroupBarrier();
  return result;
}

fn team_sum(value: f32, lane: u32, member: u32) -> f32 {
  shared_floats[lane] = value;
  workgroupBarrier();
  for (var half = params.half_team; half > 0u; half /= 2u) {
    if (member < half) { shared_floats[lane] += shared_floats[lane + half]; }
    workgroupBarrier();
  }
  let result = shared_floats[lane - member];
  workgroupBarrier();
  return result;
}

@compute @workgroup_size(WORKGROUP)
fn score_rows(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(num_workgroups) groups: vec3u,
) {
  tally_begin(lane, WORKGROUP);
  let teams = WORKGROUP / TEAM;
  let member = lane % TEAM;
  var norm = 0.0;
  // Every lane of the workgroup takes every turn, so that barriers are met by all; rows past the end repeat the last.
  for (var first = group.x * teams; first < params.rows; first += groups.x * teams) {
    let own_row = first + lane / TEAM;
    let row = min(own_row, params.rows - 1u);
    health = Health();
    is_doubtful = false;
    var values = fill(row, member, TEAM);
    var accs = array<vec4f, SCORES>();
    if (DIRECT) {
      for (var i = 0u; i < SLICE; i++) { visit_all(&accs, alone(values[i], surprise(values[i]), row, member + i * TEAM)); }
    } else {
      var top = values[0];
      for (var i = 1u; i < SLICE; i++) { top = max(top, values[i]); }
      top = team_max(top, lane, member);
      var exps: array<f32, SLICE>;
      var sum = 0.0;
      for (var i = 0u; i < SLICE; i++) {
        values[i] = below_top(values[i], top * 0.5);
        exps[i] = select(0.0, exp(values[i]), member + i * TEAM < params.classes);
        sum += exps[i];
      }
      sum = team_sum(sum, lane, member);
      let scale = 1.0 / sum;
      let log_sum = log(sum);
      for (var i = 0u; i < SLICE; i++) {
        let p = exps[i] * scale;
        visit_all(&accs, alone(p, p * (log_sum - values[i]), row, member + i * TEAM));
      }
    }
    share_health(lane, member);
    merge_team(&accs, lane, member);
    if (member == 0u && own_row < params.rows) {
      let valid = is_valid();
      norm = select(norm, max(norm, health.squares), valid && !is_doubtful);
      emit(row, valid, &accs);
    }
  }
  atomicMax(&report.norm, bitcast<u32>(norm));
  tally_end(lane, WORKGROUP);
}
