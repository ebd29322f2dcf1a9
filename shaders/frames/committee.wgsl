// Several passes, one thread a row, any number of classes. A block of passes at a time: a first sweep finds the maximum
// and Z of each, a second one, over lines that are still in cache, visits the classes, each with all passes of the block.
// What earlier blocks found waits in `sums`. Means are of means: the error of a long chain of additions would show.

override WORKGROUP: u32 = 64u;
// Whether a score needs votes.
override VOTES: bool = false;

// [classes + 1, rows of the chunk]: (mean p, mean of −p ln p, votes, Σ (p − mean p)²) of each class over the passes
// seen so far; in the last line (divergence, whether the row is valid, whether it is in doubt, its doubtful votes).
@group(0) @binding(7) var<storage, read_write> sums: array<vec4f>;

const BLOCK_PASSES = 32u;

// Votes that rounding may have turned. One in so many widens the error of the scores; more leave the row to float64.
const VOTES_A_DOUBT = 64u;
var<private> doubts: u32;

// Joins the sums over `b_passes` to those over `a_passes` (Chan, Golub & LeVeque 1979).
fn join_sums(a: vec4f, a_passes: f32, b: vec4f, b_passes: f32) -> vec4f {
  let share = b_passes / (a_passes + b_passes);
  let d = b.xy - a.xy;
  return vec4f(a.xy + d * share, a.z + b.z, a.w + b.w + d.x * d.x * a_passes * share);
}

// One more pass, whose share of all so far is `share` (Welford 1962).
fn add_pass(sum: vec4f, p: f32, h: f32, vote: bool, share: f32) -> vec4f {
  let before = p - sum.x;
  let mean = sum.x + before * share;
  return vec4f(mean, sum.y + (h - sum.y) * share, sum.z + select(0.0, 1.0, vote), sum.w + before * (p - mean));
}

fn belief_of(sum: vec4f) -> Belief {
  let passes = f32(params.all_passes);
  return Belief(sum.x, surprise(sum.x), sum.y, sum.z / passes, sqrt(max(sum.w, 0.0) / passes), 0.0);
}

// What is known of a row before this block.
fn resume_row(row: u32) -> bool {
  health = Health();
  is_doubtful = false;
  divergence = 0.0;
  doubts = 0u;
  begin_row(row);
  if (params.seen + params.round == 0u) { return true; }
  let state = sums[params.classes * params.rows + row];
  divergence = state.x;
  is_doubtful = is_doubtful || state.z != 0.0;
  doubts = u32(state.w);
  return state.y != 0.0;
}

// Leaves the row for the next block or round.
fn suspend_row(row: u32, valid: bool) {
  let state = vec4f(divergence, select(0.0, 1.0, valid), select(0.0, 1.0, is_doubtful), f32(doubts));
  sums[params.classes * params.rows + row] = state;
}

// The likeliest class of a pass as its values come by, ties to the lowest. A comparison that may take subnormal numbers
// for 0 is in doubt where they decide it.
struct Vote {
  top: f32,
  next: f32,
  class_: u32,
  has_subnormal: bool,
}

fn first_vote() -> Vote { return Vote(LOWEST, LOWEST, 0u, false); }

fn consider(vote: ptr<function, Vote>, bits: u32, class_: u32) {
  let value = bitcast<f32>(bits);
  (*vote).has_subnormal = (*vote).has_subnormal || ((bits & 0x7fffffffu) - 1u) < 0x007fffffu;
  if (value > (*vote).top) {
    (*vote).next = (*vote).top;
    (*vote).top = value;
    (*vote).class_ = class_;
  } else {
    (*vote).next = max((*vote).next, value);
  }
}

fn close_vote(vote: ptr<function, Vote>) {
  if (!VOTES) { return; }
  // Halves, so that the difference of two of the largest numbers is finite.
  let is_close = (*vote).top * 0.5 - (*vote).next * 0.5 < 0.5 * params.gap * sqrt(health.squares);
  let is_tiny = (*vote).has_subnormal && abs((*vote).top) < 0x1p-120f;
  doubts += select(0u, 1u, is_close || is_tiny);
}

// p ln (p / q), 0 at p = 0, of ln p and ln q.
fn relative_surprise(p: f32, log_p: f32, log_q: f32) -> f32 {
  return select(0.0, p * (log_p - log_q), p > 0.0);
}

struct Totals {
  half_top: array<f32, BLOCK_PASSES>,
  scale: array<f32, BLOCK_PASSES>,    // 1 / Z
  log_sum: array<f32, BLOCK_PASSES>,  // ln Z
  vote: array<u32, BLOCK_PASSES>,
}

fn logit_of(bits: u32) -> f32 {
  if (PROBABILITIES) { return log_probability(bits); }
  return bitcast<f32>(bits);
}

// The first sweep. Fills the totals of a block, and says whether all its passes are valid.
fn find_totals(row: u32, totals: ptr<function, Totals>) -> bool {
  var valid = true;
  for (var pass_ = 0u; pass_ < params.passes; pass_++) {
    var vote = first_vote();
    var top = LOWEST;
    var sum = 0.0;
    health.units = 0u;
    for (var start = 0u; start < params.classes; start += SLICE) {
      var values: array<f32, SLICE>;
      for (var i = 0u; i < SLICE; i++) {
        let class_ = start + i;
        let bits = bits_at(row, pass_, min(class_, params.classes - 1u));
        if (class_ < params.classes) {
          inspect_prediction(bits);
          if (VOTES) { consider(&vote, bits, class_); }
        }
        values[i] = select(LOWEST, logit_of(bits), class_ < params.classes);
      }
      if (!DIRECT) {
        var part_top = values[0];
        for (var i = 1u; i < SLICE; i++) { part_top = max(part_top, values[i]); }
        let new_top = max(top, part_top);
        var part = 0.0;
        for (var i = 0u; i < SLICE; i++) {
          part += select(0.0, exp(below_top(values[i], new_top * 0.5)), start + i < params.classes);
        }
        sum = sum * exp(below_top(top, new_top * 0.5)) + part;
        top = new_top;
      }
    }
    valid = valid && is_valid();
    close_vote(&vote);
    (*totals).vote[pass_] = vote.class_;
    (*totals).half_top[pass_] = top * 0.5;
    (*totals).scale[pass_] = 1.0 / sum;
    (*totals).log_sum[pass_] = log(sum);
  }
  return valid;
}

// (p, ln p) of a class in a pass.
fn probability(row: u32, pass_: u32, class_: u32, totals: ptr<function, Totals>) -> vec2f {
  let bits = bits_at(row, pass_, class_);
  if (DIRECT) {
    let p = bitcast<f32>(bits);
    return vec2f(p, log(max(p, 0x1p-126f)));
  }
  let d = below_top(logit_of(bits), (*totals).half_top[pass_]);
  return vec2f(exp(d) * (*totals).scale[pass_], d - (*totals).log_sum[pass_]);
}

fn gather(row: u32, class_: u32, totals: ptr<function, Totals>) -> vec4f {
  var found = vec4f();
  for (var pass_ = 0u; pass_ < params.passes; pass_++) {
    let one = probability(row, pass_, class_, totals);
    let h = select(0.0, -one.x * one.y, one.x > 0.0);
    found = add_pass(found, one.x, h, (*totals).vote[pass_] == class_, 1.0 / f32(pass_ + 1u));
  }
  if (params.seen == 0u) { return found; }
  return join_sums(sums[class_ * params.rows + row], f32(params.seen), found, f32(params.passes));
}

@compute @workgroup_size(WORKGROUP)
fn score_rows(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(num_workgroups) groups: vec3u,
) {
  tally_begin(lane, WORKGROUP);
  var norm = 0.0;
  var most_doubts = 0u;
  for (var row = id.x; row < params.rows; row += groups.x * WORKGROUP) {
    var valid = resume_row(row);
    var totals = Totals();
    valid = find_totals(row, &totals) && valid;
    var strayed = array<f32, BLOCK_PASSES>();
    var accs = array<vec4f, SCORES>();
    for (var start = 0u; start < params.classes; start += SLICE) {
      // Sums of sums: the rounding error of SLICE + classes / SLICE additions instead of one a class.
      var part_accs = array<vec4f, SCORES>();
      var part_strayed = array<f32, BLOCK_PASSES>();
      for (var class_ = start; class_ < min(start + SLICE, params.classes); class_++) {
        var sum = vec4f();
        if (params.round == 0u) {
          sum = gather(row, class_, &totals);
        } else {
          sum = sums[class_ * params.rows + row];
          let log_mean = log(max(sum.x, 0x1p-126f));
          for (var pass_ = 0u; pass_ < params.passes; pass_++) {
            let one = probability(row, pass_, class_, &totals);
            part_strayed[pass_] += relative_surprise(one.x, one.y, log_mean);
          }
        }
        if (params.is_last != 0u) {
          visit_all(&part_accs, belief_of(sum));
        } else if (params.round == 0u) {
          sums[class_ * params.rows + row] = sum;
        }
      }
      if (params.is_last != 0u) { merge_all(&accs, &part_accs); }
      if (params.round == 1u) {
        for (var pass_ = 0u; pass_ < params.passes; pass_++) { strayed[pass_] += part_strayed[pass_]; }
      }
    }
    if (params.round == 1u) {
      for (var pass_ = 0u; pass_ < params.passes; pass_++) { divergence = max(divergence, strayed[pass_]); }
    }
    if (params.is_last == 0u) {
      suspend_row(row, valid);
      continue;
    }
    is_doubtful = is_doubtful || doubts > params.all_passes / VOTES_A_DOUBT;
    if (valid && !is_doubtful) {
      norm = max(norm, health.squares);
      most_doubts = max(most_doubts, doubts);
    }
    emit(row, valid, &accs);
  }
  atomicMax(&report.norm, bitcast<u32>(norm));
  atomicMax(&report.doubts, most_doubts);
  tally_end(lane, WORKGROUP);
}
