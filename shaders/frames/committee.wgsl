// Several passes, one thread a row, the sums of its classes in registers: for at most SLICE classes.

struct Pass {
  p: array<f32, SLICE>,
  log_p: array<f32, SLICE>,
  vote: u32,
}

fn read_pass(row: u32, pass_: u32) -> Pass {
  var result: Pass;
  var values: array<f32, SLICE>;
  var vote = first_vote();
  health.units = 0u;
  for (var i = 0u; i < SLICE; i++) {
    let inside = i < params.classes;
    let bits = bits_at(row, pass_, min(i, params.classes - 1u));
    if (inside) {
      inspect_prediction(bits);
      if (VOTES) { consider(&vote, bits, i); }
    }
    let value = bitcast<f32>(bits);
    if (DIRECT) {
      values[i] = select(0.0, value, inside);
    } else if (PROBABILITIES) {
      values[i] = select(LOWEST, log_probability(bits), inside);
    } else {
      values[i] = select(LOWEST, value, inside);
    }
  }
  close_vote(&vote);
  result.vote = vote.class_;
  if (DIRECT) {
    for (var i = 0u; i < SLICE; i++) {
      result.p[i] = values[i];
      result.log_p[i] = log(max(values[i], 0x1p-126f));
    }
    return result;
  }
  var top = values[0];
  for (var i = 1u; i < SLICE; i++) { top = max(top, values[i]); }
  var sum = 0.0;
  for (var i = 0u; i < SLICE; i++) {
    values[i] = below_top(values[i], top * 0.5);
    result.p[i] = select(0.0, exp(values[i]), i < params.classes);
    sum += result.p[i];
  }
  let scale = 1.0 / sum;
  let log_sum = log(sum);
  for (var i = 0u; i < SLICE; i++) {
    result.p[i] *= scale;
    result.log_p[i] = values[i] - log_sum;
  }
  return result;
}

@compute @workgroup_size(WORKGROUP)
fn score_rows(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(num_workgroups) groups: vec3u,
) {
  tally_begin(lane, WORKGROUP);
  var norm = 0.0;
  for (var row = id.x; row < params.rows; row += groups.x * WORKGROUP) {
    var valid = resume_row(row);
    var means = array<vec4f, SLICE>();
    if (params.seen + params.round > 0u) {
      for (var i = 0u; i < SLICE; i++) { means[i] = sums[min(i, params.classes - 1u) * params.rows + row]; }
    }
    if (params.round == 0u) {
      var found = array<vec4f, SLICE>();
      for (var pass_ = 0u; pass_ < params.passes; pass_++) {
        let one = read_pass(row, pass_);
        valid = valid && is_valid();
        let share = 1.0 / f32(pass_ + 1u);
        for (var i = 0u; i < SLICE; i++) {
          let h = select(0.0, -one.p[i] * one.log_p[i], one.p[i] > 0.0);
          found[i] = add_pass(found[i], one.p[i], h, one.vote == i, share);
        }
      }
      for (var i = 0u; i < SLICE; i++) {
        means[i] = join_sums(means[i], f32(params.seen), found[i], f32(params.passes));
      }
    } else {
      var log_means = array<f32, SLICE>();
      for (var i = 0u; i < SLICE; i++) { log_means[i] = log(max(means[i].x, 0x1p-126f)); }
      for (var pass_ = 0u; pass_ < params.passes; pass_++) {
        let one = read_pass(row, pass_);
        var strayed = 0.0;
        for (var i = 0u; i < SLICE; i++) { strayed += relative_surprise(one.p[i], one.log_p[i], log_means[i]); }
        divergence = max(divergence, strayed);
      }
    }
    if (params.is_last == 0u) {
      suspend_row(row, valid);
      for (var i = 0u; i < SLICE; i++) {
        if (i < params.classes) { sums[i * params.rows + row] = means[i]; }
      }
      continue;
    }
    var accs = array<vec4f, SCORES>();
    for (var i = 0u; i < SLICE; i++) {
      if (i < params.classes) { visit_all(&accs, belief_of(means[i])); }
    }
    norm = select(norm, max(norm, health.squares), valid);
    emit(row, valid, &accs);
  }
  atomicMax(&report.norm, bitcast<u32>(norm));
  tally_end(lane, WORKGROUP);
}
