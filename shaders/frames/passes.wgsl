// What frames that read several passes share. They take a block of passes at a time; what earlier blocks found waits in
// `sums`. Means are of means: the error of a long chain of additions would show.

override WORKGROUP: u32 = 64u;
// Whether a score needs votes, or the largest divergence.
override VOTES: bool = false;

// [classes + 1, rows of the chunk]: (mean p, mean of −p ln p, votes, Σ (p − mean p)²) of each class over the passes
// seen so far; in the last line (divergence, whether the row is valid, whether it is in doubt, ‖(x, 1)‖²).
@group(0) @binding(7) var<storage, read_write> sums: array<vec4f>;

const MOST_PASSES = 32u;  // of a block

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
  return Belief(sum.x, surprise(sum.x), sum.y, sum.z / passes, sqrt(sum.w / passes), 0.0);
}

// What is known of a row before this block.
fn resume_row(row: u32) -> bool {
  health = Health();
  is_doubtful = false;
  divergence = 0.0;
  begin_row(row);
  if (params.seen + params.round == 0u) { return true; }
  let state = sums[params.classes * params.rows + row];
  divergence = state.x;
  is_doubtful = is_doubtful || state.z != 0.0;
  return state.y != 0.0;
}

// Leaves the row for the next block or round.
fn suspend_row(row: u32, valid: bool) {
  let state = vec4f(divergence, select(0.0, 1.0, valid), select(0.0, 1.0, is_doubtful), health.squares);
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
  is_doubtful = is_doubtful || is_close || ((*vote).has_subnormal && abs((*vote).top) < 0x1p-120f);
}

// p ln (p / q), 0 at p = 0, of ln p and ln q.
fn relative_surprise(p: f32, log_p: f32, log_q: f32) -> f32 {
  return select(0.0, p * (log_p - log_q), p > 0.0);
}
